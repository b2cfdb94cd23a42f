import { expect, test } from 'vitest'
import type { Artifact, Job } from '#common/domain/artifact.ts'
import { summariesOf } from '#common/domain/sweep.ts'
import { ok } from '#common/result.ts'
import { front, linesBy, nameOfSetting } from '../../../../../src-renderer/features/sweep/figures.ts'
import { Sweeps } from '../../../../../src-renderer/features/sweep/sweeps.svelte.ts'
import type { Session } from '../../../../../src-renderer/lib/state/session.svelte.ts'

const params = { model: 'ae', ranges: { codeSize: [1, 2, 4] }, seeds: [7, 8] }
const draft = { id: 9, kind: 'sweep', status: 'running', params, seed: 7, meta: {}, inputs: {}, name: 'A range' } as unknown as Artifact
const job = { id: 3, operation: 'sweep', status: 'running', artifact: 9, progress: null } as unknown as Job
const points = (step: number, values: Record<string, number>) =>
  Object.entries(values).map(([name, value]) => ({ step, name: `run/${name}`, value }))
const recorded = [
  ...points(1, { setting: 0, seed: 7, rung: 0, model: 20, error: 0.5, seconds: 1 }),
  ...points(2, { setting: 1, seed: 7, rung: 0, model: 21, error: 0.2, seconds: 3 }),
  ...points(3, { setting: 2, seed: 7, rung: 0, model: 0 }),
]

async function watched() {
  const sweeps = new Sweeps(
    { artifacts: [draft], jobs: [job], registry: null, requests: new Map() } as unknown as Session,
    { metrics: async () => ok(recorded) },
    () => () => {},
  )
  sweeps.shown(sweeps.all[0])
  await Promise.resolve()
  await Promise.resolve()
  return sweeps
}

test('a sweep under way shows the runs that have come, failed ones among them', async () => {
  const sweeps = await watched()
  const shown = sweeps.shown(sweeps.all[0])!
  expect(shown).toMatchObject({ planned: 6, seeds: [7, 8], variants: [{ codeSize: 1 }, { codeSize: 2 }, { codeSize: 4 }], meta: null })
  expect(shown.runs.map(({ model, error }) => [model, error])).toEqual([
    [20, 0.5],
    [21, 0.2],
    [null, null],
  ])
  expect([...sweeps.models]).toEqual([20, 21])
  expect(summariesOf(shown).map(({ setting }) => setting)).toEqual([1, 0, 2])
})

test('it is the current one by its job before it has an artifact, and by its artifact afterwards', async () => {
  const sweeps = await watched()
  expect(sweeps.current).toBeNull()
  sweeps.chosen = -3
  expect(sweeps.current?.id).toBe(9)
  sweeps.chosen = 9
  expect(sweeps.current?.job?.id).toBe(3)
})

test('lines by the others, rings where those are many, and the front of time and error', async () => {
  const sweeps = await watched()
  const { parameters, ...shown } = sweeps.shown(sweeps.all[0])!
  const settings = summariesOf(shown)
  expect(linesBy(parameters[0], settings, parameters, [])).toEqual({ lines: [{ name: 'Error', x: [1, 2], y: [0.5, 0.2] }], joined: true })
  expect(front(settings).map((setting) => nameOfSetting(setting, parameters, []))).toEqual(['1', '2'])
})
