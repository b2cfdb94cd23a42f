import { describe, expect, test } from 'vitest'
import { type KmeansTask, kmeansWork } from '#engine/analysis/clustering/kmeans/work.ts'
import { createCrew } from '#engine/analysis/threads/crew.ts'
import { aliveThreads } from '../../../../helpers/aliveThreads.ts'
import { type OddTask, oddWork } from './odd.worker.ts'

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

describe('a thread that is lost', () => {
  const oddCrew = () => createCrew<OddTask>({ worker: new URL('odd.worker.ts', import.meta.url), threads: 2, open: oddWork })

  test.each([
    ['throws', 'INTERNAL', /no such thing/],
    ['ends', 'INTERNAL', /ended from outside/],
    ['asks for too much memory', 'MEMORY_EXCEEDED', /memory/],
  ] as const)('because it %s is told to the caller, then and later', async (task, code, message) => {
    const crew = oddCrew()
    await expect(crew.run(task, 10, much)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    expect(threads.alive).toBe(0)
    await expect(crew.run('does nothing', 10, much)).rejects.toMatchObject({ code })
    await crew.close()
  })

  test('while another one is at work ends that one, too', async () => {
    const crew = oddCrew()
    await expect(crew.run('throws while others go on', 2, much)).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(threads.alive).toBe(0)
    await crew.close()
  })

  test('because it can not be loaded is an error', async () => {
    const crew = crewOf(2, 'none.worker.ts')
    await expect(crew.run(labelling(80_000), 10, much)).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringMatching(/none\.worker/),
    })
    await crew.close()
  })
})

test('a cancel ends threads that never would, and a run after it is not begun', async () => {
  const crew = createCrew<OddTask>({ worker: new URL('odd.worker.ts', import.meta.url), threads: 2, open: oddWork })
  const controller = new AbortController()
  const run = crew.run('never ends', 2, { ...much, signal: controller.signal })
  setTimeout(() => controller.abort(), 50)
  await expect(run).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(threads.alive).toBe(0)
  await expect(crew.run('does nothing', 2, { ...much, signal: controller.signal })).rejects.toMatchObject({ code: 'CANCELLED' })
  await crew.close()
})

test('a task that can not be sent is an error, and no thread stays', async () => {
  const crew = createCrew<unknown>({ worker: new URL('odd.worker.ts', import.meta.url), threads: 2, open: () => () => undefined })
  await expect(crew.run({ name: () => undefined }, 2, much)).rejects.toThrow(/could not be cloned/)
  expect(threads.alive).toBe(0)
})

test('a thousand runs leave nothing behind', async () => {
  const crew = crewOf(2)
  const task = labelling(8192)
  for (let i = 0; i < 1000; i++) await crew.run(task, 1 + (i % 2), { ...much, signal: new AbortController().signal })
  await crew.close()
  expect(threads.alive).toBe(0)
})
