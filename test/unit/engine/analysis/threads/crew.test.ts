import { expect, test } from 'vitest'
import { type KmeansTask, kmeansWork } from '#engine/analysis/clustering/kmeans/work.ts'
import { createCrew } from '#engine/analysis/threads/crew.ts'
import { aliveThreads } from '../../../../helpers/aliveThreads.ts'

const threads = aliveThreads()
const source = new URL('../../../../../src-main/engine/analysis/clustering/kmeans/', import.meta.url)
const crewOf = (count: number, worker = 'kmeans.worker.ts') =>
  createCrew<KmeansTask>({ worker: new URL(worker, source), threads: count, open: kmeansWork })
const much = { cost: 1e12 }

function labelling(n: number): KmeansTask & { kind: 'nearest' } {
  const points = new Float32Array(new SharedArrayBuffer(4 * n)).map((_, i) => i % 10)
  const shared = new Float32Array(new SharedArrayBuffer(4 * n))
  shared.set(points)
  return {
    kind: 'nearest',
    points: shared,
    n,
    d: 1,
    k: 2,
    centres: Float32Array.of(1, 8),
    labels: new Uint16Array(new SharedArrayBuffer(2 * n)),
    inertia: new Float64Array(new SharedArrayBuffer(8 * 10)),
  }
}

test('every part is done once, by whomever, and threads end with the crew', async () => {
  const crew = crewOf(3)
  const task = labelling(80_000)
  const shares: number[] = []
  await crew.run(task, 10, { ...much, report: (share) => shares.push(share) })
  expect(threads.alive).toBe(3)
  expect(shares.at(-1)).toBe(1)
  expect([...task.labels.subarray(0, 10)]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
  const alone = labelling(80_000)
  await crewOf(1).run(alone, 10, much)
  expect(task.labels).toEqual(alone.labels)
  expect(task.inertia).toEqual(alone.inertia)
  await crew.close()
  expect(threads.alive).toBe(0)
})

test('little work starts no thread', async () => {
  const before = threads.started
  const crew = crewOf(4)
  for (let i = 0; i < 20; i++) await crew.run(labelling(8000), 1, { cost: 8000 })
  expect(threads.started).toBe(before)
  await crew.close()
})

test('a cancel ends a run that threads are at', async () => {
  const crew = crewOf(2)
  const controller = new AbortController()
  const n = 80_000
  const run = crew.run(
    {
      kind: 'seed',
      points: labelling(n).points,
      n,
      d: 1,
      k: 4000,
      seed: 1,
      names: ['a', 'b'],
      centres: new Float64Array(new SharedArrayBuffer(64_000)),
    },
    2,
    { ...much, signal: controller.signal },
  )
  setTimeout(() => controller.abort(), 50)
  await expect(run).rejects.toMatchObject({ code: 'CANCELLED' })
  await crew.close()
  expect(threads.alive).toBe(0)
})

test('what goes wrong in a thread is told to the caller, then and later', async () => {
  const crew = crewOf(2)
  const task = { ...labelling(80_000), labels: null as unknown as Uint16Array }
  await expect(crew.run(task, 10, much)).rejects.toThrow(TypeError)
  await expect(crew.run(labelling(80_000), 10, much)).rejects.toThrow(TypeError)
  await crew.close()
  expect(threads.alive).toBe(0)
})

test('a worker that can not be loaded is an error', async () => {
  const crew = crewOf(2, 'none.worker.ts')
  await expect(crew.run(labelling(80_000), 10, much)).rejects.toThrow(/none\.worker/)
  await crew.close()
})
