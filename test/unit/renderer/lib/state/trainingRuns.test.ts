import { expect, test } from 'vitest'
import type { Job } from '#common/domain/artifact.ts'
import { ok } from '#common/result.ts'
import type { Session } from '../../../../../src-renderer/lib/state/session.svelte.ts'
import { TrainingRuns } from '../../../../../src-renderer/lib/state/trainingRuns.svelte.ts'

const job = (id: number, status: Job['status'], artifact: number | null): Job => ({
  id,
  operation: 'train',
  title: 'Train',
  status,
  progress: null,
  artifact,
  cached: false,
  canPause: true,
  startedAt: null,
  error: null,
})
/** Runs of a project whose artifacts are all gone, e.g. discarded. */
const runsOf = (...jobs: Job[]) =>
  new TrainingRuns({ artifacts: [], jobs } as unknown as Session, { metrics: async () => ok([]) }, () => () => {})

test('a run that stopped, was started again and then cancelled is listed once, and not as stopped', () => {
  // The artifact goes before its job is known to have ended.
  expect(runsOf(job(1, 'failed', 7), job(2, 'running', 7)).all.map(({ id, job }) => [id, job?.id])).toEqual([[7, 2]])
  expect(runsOf(job(1, 'failed', 7), job(2, 'cancelled', 7)).all).toEqual([])
})

test('what runs comes first, what waits next, then the newest', () => {
  const runs = runsOf(job(1, 'failed', 5), job(2, 'failed', 6), job(3, 'queued', null), job(4, 'running', 8))
  expect(runs.all.map(({ id }) => id)).toEqual([8, -3, 6, 5])
})

test('curves of one project are not those of another, whose artifacts have the same numbers', () => {
  const session = { artifacts: [], jobs: [], project: { path: 'a.stratum' } }
  const runs = new TrainingRuns(session as unknown as Session, { metrics: async () => ok([]) }, () => () => {})
  const run = { id: 3, artifact: null, job: null }
  runs.curves(run).add([{ step: 1, name: 'stage1/holdout', value: 0.5 }])
  expect(runs.curves(run).holdout).toBe(0.5)
  session.project = { path: 'b.stratum' }
  expect(runs.curves(run).holdout).toBe(null)
})
