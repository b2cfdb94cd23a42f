/** What stands in place of a result that failed: what it ended with, and the way on. */
import { fireEvent, render, screen } from '@testing-library/svelte'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { Job } from '#common/domain/artifact.ts'
import { ok } from '#common/result.ts'

vi.mock('../../../../../src-renderer/lib/bridge.ts', () => import('../../../../helpers/fakeEngine/bridge.ts'))

const { deletion, session } = await import('../../../../../src-renderer/lib/app.ts')
const { default: JobFailure } = await import('../../../../../src-renderer/features/jobs/JobFailure.svelte')
const { engine } = await import('../../../../helpers/fakeEngine/bridge.ts')

const running: Job = {
  id: 9001,
  operation: 'score',
  title: 'Score anomalies',
  status: 'running',
  progress: null,
  artifact: null,
  cached: false,
  canPause: false,
  startedAt: null,
  error: null,
}
const failed = (error: Job['error'], over: Partial<Job> = {}): Job => ({ ...running, status: 'failed', error, ...over })
const request = { operation: 'score', inputs: { latents: 4 }, params: { method: 'knn' }, seed: 11 }

beforeAll(async () => {
  await session.start()
})
afterEach(() => {
  vi.restoreAllMocks()
  deletion.keep()
})

/** A job that was asked for here, and ended like this. */
async function ends(error: Job['error']): Promise<void> {
  vi.spyOn(engine, 'run').mockResolvedValueOnce(ok(running))
  await session.run(request)
  vi.spyOn(engine, 'listJobs').mockResolvedValue(ok([failed(error)]))
  await session.recover()
}

test('work that an engine took along is offered again, with the same inputs, settings and seed', async () => {
  await ends({ code: 'ENGINE_LOST', message: 'The engine stopped while it computed.', hint: 'Start it again.', where: {} })
  render(JobFailure, { operations: ['score'], kept: 'Earlier scores are as they were.' })
  const panel = screen.getByRole('alert')
  expect(panel.textContent).toContain('Score anomalies stopped')
  expect(panel.textContent).toContain('Earlier scores are as they were.')
  expect(panel.textContent).toContain('steps that were finished are not computed again')

  vi.restoreAllMocks()
  const again = vi.spyOn(engine, 'run').mockResolvedValueOnce(ok({ ...running, id: 9002 }))
  await fireEvent.click(screen.getByRole('button', { name: 'Start again' }))
  expect(again.mock.calls.map(([asked]) => asked)).toEqual([request])
  // What is under way again has not failed.
  await vi.waitFor(() => expect(screen.queryByRole('alert')).toBeNull())
})

test('work that was asked for elsewhere is begun again from what it has left', async () => {
  const left = session.ofKind('scores')[0]
  if (!left) throw new Error('The made-up project has no scores.')
  const error = { code: 'ENGINE_LOST', message: 'The engine stopped.', hint: 'Start it again.', where: {} }
  vi.spyOn(engine, 'listJobs').mockResolvedValue(ok([failed(error, { id: 9100, artifact: left.id })]))
  await session.recover()
  render(JobFailure, { operations: ['score'] })
  const again = vi.spyOn(engine, 'run').mockResolvedValueOnce(ok({ ...running, id: 9101 }))
  await fireEvent.click(screen.getByRole('button', { name: 'Start again' }))
  const { operation, inputs, params, seed, name } = left
  expect(again.mock.calls.map(([asked]) => asked)).toEqual([{ operation, inputs, params, seed, name }])
})

test('nothing is begun again that would fail the same way', async () => {
  await ends({ code: 'PARAMETER_INVALID', message: 'k must be less than the rows.', hint: 'Choose fewer.', where: { parameter: 'k' } })
  render(JobFailure, { operations: ['score'] })
  expect(screen.getByRole('alert').textContent).toContain('Choose fewer.')
  expect(screen.queryByRole('button', { name: 'Start again' })).toBeNull()
})

test('a damaged input is computed again only after it was asked for', async () => {
  const codes = session.ofKind('latents')[0]
  if (!codes) throw new Error('The made-up project has no codes.')
  await ends({ code: 'PROJECT_CORRUPT', message: 'Chunk 0 is missing.', hint: 'Delete it.', where: { artifact: codes.id } })
  render(JobFailure, { operations: ['score'] })
  const removed = vi.spyOn(engine, 'deleteArtifact')
  await fireEvent.click(screen.getByRole('button', { name: 'Compute again…' }))
  expect(deletion.asked).toEqual({ artifact: session.byId.get(codes.id), again: true })
  expect(removed).not.toHaveBeenCalled()
})

test('a panel that was dismissed stays away until the next failure', async () => {
  await ends({ code: 'DISK_FULL', message: 'The disk is full.', hint: 'Make room.', where: {} })
  render(JobFailure, { operations: ['score'] })
  await fireEvent.click(screen.getByRole('button', { name: 'Dismiss' }))
  expect(screen.queryByRole('alert')).toBeNull()
})
