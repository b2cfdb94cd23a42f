/** What a plane takes, told before it is asked for. */
import { cleanup, render, screen } from '@testing-library/svelte'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import { fail, ok } from '#common/result.ts'
import { PlanePrice } from '../../../../../src-renderer/features/embedding/planePrice.svelte.ts'
import PlanePriceLine from '../../../../../src-renderer/features/embedding/PlanePriceLine.svelte'

type Call = Client<EngineCalls>['estimatePlane']
type Price = Extract<Awaited<ReturnType<Call>>, { ok: true }>['value']

const price: Price = { seconds: 66, basis: 'probe', memoryBytes: 310e6, learnedRows: 50_000, rows: 122_848 }
const request = { latents: 4, params: { method: 'umap' } }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

/** The line over an engine that answers like this. */
async function lineOf(call: Call): Promise<{ line: HTMLElement; price: PlanePrice }> {
  const price = new PlanePrice({ estimatePlane: call })
  render(PlanePriceLine, { price, rowsWord: 'pixels' })
  price.follow(request)
  await vi.advanceTimersByTimeAsync(1000)
  return { line: screen.getByRole('status', { name: 'What it takes' }), price }
}
const words = (line: HTMLElement): string => (line.textContent ?? '').replace(/\s+/g, ' ').trim()

test('time, memory and how many rows it is laid out of are told', async () => {
  const { line } = await lineOf(async () => ok(price))
  expect(words(line)).toMatch(/^About 1 min 06 s Memory 310 MB Laid out of 50 000 pixels; the others of 122 848 are placed among them\.$/)
  expect(line.querySelector('[title]')?.getAttribute('title')).toBe('From the speed of this computer')
})

test('a plane of all rows says nothing of a sample, and an earlier one says where its time is from', async () => {
  const { line } = await lineOf(async () => ok({ ...price, basis: 'earlier run', learnedRows: price.rows }))
  expect(words(line)).not.toContain('Laid out of')
  expect(line.querySelector('[title]')?.getAttribute('title')).toBe('From how long an earlier plane took')
})

test('beside other work there is no time yet, but memory', async () => {
  const { line } = await lineOf(async () => ok({ ...price, seconds: null, basis: null }))
  expect(words(line)).toMatch(/^Time: when the computer is free Memory 310 MB/)
})

test('while the speed is looked at it says so', async () => {
  const { line } = await lineOf(() => new Promise(() => {}))
  expect(words(line)).toBe('Time: the computer’s speed is looked at')
})

test('settings that do not fit, and a plane that is not offered, have no price', async () => {
  const { line, price: followed } = await lineOf(async () =>
    fail({ code: 'PARAMETER_INVALID', message: 'Too many neighbours.', hint: 'Fewer.', where: {} }),
  )
  expect(words(line)).toBe('')
  followed.follow(null)
  await vi.advanceTimersByTimeAsync(1000)
  expect(words(line)).toBe('')
})

test('settings are priced once they rest', async () => {
  const call = vi.fn<Call>(async () => ok(price))
  const followed = new PlanePrice({ estimatePlane: call })
  for (const neighbours of [5, 10, 15]) followed.follow({ ...request, params: { neighbours } })
  await vi.advanceTimersByTimeAsync(1000)
  expect(call.mock.calls.map(([asked]) => asked.params)).toEqual([{ neighbours: 15 }])
})
