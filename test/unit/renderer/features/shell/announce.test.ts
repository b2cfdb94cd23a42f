import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Artifact, Job } from '../../../../../src-main/common/domain/artifact.ts'

vi.mock('../../../../../src-renderer/lib/bridge.ts', () => import('../../../../helpers/fakeEngine/bridge.ts'))

const { session, toasts } = await import('../../../../../src-renderer/lib/app.ts')
const { announceEndedJobs } = await import('../../../../../src-renderer/features/shell/announce.ts')

const artifact = (id: number, kind: string, operation: string, inputs: Record<string, number>, meta = {}): Artifact =>
  ({ id, kind, operation, inputs, meta, name: `${kind} ${id}`, status: 'done', annotations: {} }) as never
const scene = artifact(1, 'dataset', 'import', {}, { kind: 'raster' })
const table = artifact(2, 'dataset', 'import', {}, { kind: 'table' })
const sieved = artifact(3, 'clustering', 'sieve', { source: 1 })
const grouped = artifact(4, 'clustering', 'cluster', { source: 2 })

let stop = (): void => {}
beforeEach(() => {
  vi.useFakeTimers()
  for (const { id } of toasts.items) toasts.dismiss(id)
  session.artifacts = [scene, table, sieved, grouped]
  session.view = 'train'
  stop = announceEndedJobs()
})
afterEach(() => {
  stop()
  vi.useRealTimers()
})
async function ended(made: Artifact): Promise<readonly string[]> {
  session.onJobEnded?.({ id: 9, operation: made.operation, title: 'Job', status: 'done', artifact: made.id } as Job)
  await vi.waitFor(() => Promise.resolve())
  return toasts.items.map(({ text }) => text)
}

test('what was made out of sight is told, and no longer once a view that shows it is open', async () => {
  expect(await ended(sieved)).toEqual(['Job clustering 3 is done'])
  toasts.seen('anomalies')
  expect(toasts.items).toHaveLength(1)
  toasts.seen('map')
  expect(toasts.items).toHaveLength(0)
})

test('classes of a scene are in sight on the map, those of a table are not', async () => {
  session.view = 'map'
  expect(await ended(sieved)).toEqual([])
  expect(await ended(grouped)).toEqual(['Job clustering 4 is done'])
  session.view = 'latents'
  toasts.seen('latents')
  expect(await ended(grouped)).toEqual([])
})

test('it goes by itself, but not while it is looked at', async () => {
  await ended(sieved)
  const [{ id }] = toasts.items
  toasts.hold(id)
  vi.advanceTimersByTime(20_000)
  expect(toasts.items).toHaveLength(1)
  toasts.resume(id)
  vi.advanceTimersByTime(6000)
  expect(toasts.items).toHaveLength(0)
})
