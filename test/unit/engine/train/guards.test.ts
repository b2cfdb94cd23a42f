import { describe, expect, test } from 'vitest'
import { normalsOf, stepKey, uniformsOf } from '#engine/compute/random/counter.ts'
import { ColumnRange, LossGuard, notFinite } from '#engine/train/guards.ts'

const steps = 6000
const draw = normalsOf(stepKey(5, 0), 'losses')
const uniform = uniformsOf(stepKey(5, 1), 'losses')
const losses = (lossAt: (t: number) => number): number[] => Array.from({ length: steps }, (_, t) => lossAt(t))
const decayed = (t: number): number => 0.01 + Math.exp(-t / 300)

describe('no ordinary run looks exploded:', () => {
  test.each([
    ['a smooth one', (t: number) => decayed(t)],
    ['one with batches of a single row', (t: number) => decayed(t) * draw(t) ** 2],
    ['one where half of the rows are learned at once', (t: number) => (uniform(t) < 0.5 ? 1e-9 : 1)],
    ['one whose losses are spread over eight decades', (t: number) => decayed(t) * Math.exp(3 * draw(t))],
    ['one with spikes of single steps', (t: number) => (t % 200 === 7 ? 1e12 : decayed(t))],
    ['one with a spike of sixty steps', (t: number) => (t % 1000 < 60 && t > 900 ? 1e9 : decayed(t))],
    ['one that jumps up for good by a thousand', (t: number) => (t < 3000 ? 1e-3 : 1)],
    ['one that reached rounding and comes back to where it began', (t: number) => (t < 3000 ? 1e-14 + Math.exp(-t / 20) : 0.5)],
    ['one below zero', (t: number) => -5 + 4 * Math.exp(-t / 500) + 3 * draw(t)],
    ['one that goes through zero', (t: number) => 1 - t / 1000 + 0.1 * draw(t)],
    ['one that overfits badly and slowly', (t: number) => 0.1 + t / 100],
    ['one of zeros, and then of something', (t: number) => (t < 500 ? 0 : 1e-3)],
  ])('%s', (_, lossAt) => {
    expect(new LossGuard().add(losses(lossAt))).toBe(-1)
  })
})

describe('an exploded run', () => {
  const exploded = losses((t) => (t < 1000 ? decayed(t) : 1e6 * (1.5 + draw(t) / 10)))
  test('is found within four blocks of 32 steps', () => {
    const at = new LossGuard().add(exploded)
    expect(at).toBeGreaterThan(1000 + 94)
    expect(at).toBeLessThan(1000 + 128)
  })
  test('is found at the same step in whatever chunks, and after a resume', () => {
    let guard = new LossGuard()
    let found = -1
    for (let from = 0; from < steps && found < 0; from += 37) {
      guard = new LossGuard(JSON.parse(JSON.stringify(guard.state)) as typeof guard.state)
      const at = guard.add(exploded.slice(from, from + 37))
      if (at >= 0) found = from + at
    }
    expect(found).toBe(new LossGuard().add(exploded))
  })
  test('is found where it explodes in its first steps', () => {
    expect(new LossGuard().add(losses((t) => Math.min(1e12, 2 ** t)))).toBeLessThan(200)
  })
  test('is found where the loss is below zero before', () => {
    expect(new LossGuard().add(losses((t) => (t < 1000 ? -4 : 1e8)))).toBeGreaterThan(0)
  })
  test('is not found while the loss itself changes, and what was before does not count', () => {
    const warming = losses((t) => (t < 1000 ? 1e-3 : 1e3 * (1 + t)))
    expect(new LossGuard().add(warming, (t) => t === 0 || t > 1000)).toBe(-1)
    expect(new LossGuard().add(warming)).toBeGreaterThan(0)
  })
})

test('weights that are not finite are named in the model’s order', () => {
  const weight = (...values: number[]) => ({ shape: [values.length], values: Float32Array.from(values) })
  const weights = { 'encoder/0/kernel': weight(1, 2), 'encoder/1/kernel': weight(Number.NaN, 1), 'decoder/0/kernel': weight(1e39) }
  expect(notFinite(weights)).toEqual(['encoder/1/kernel', 'decoder/0/kernel'])
  expect(notFinite({ a: weight(3e38, -3e38) })).toEqual([])
})

test('columns that never change are found over blocks, up to rounding', () => {
  const range = new ColumnRange(4)
  range.add(Float32Array.from([1, 5, 1000, 0, 2, 5, 1000.0001, 0]), 2)
  range.add(Float32Array.from([1, 5, 1000, 1e-9]), 1)
  expect(range.constant).toEqual([1, 2])
})
