import { expect, test } from 'vitest'
import type { Clustering } from '#engine/analysis/clustering/define.ts'
import { kmeans } from '#engine/analysis/clustering/kmeans/kmeans.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { type StreamedProgress, streamedLloyd } from '#engine/operations/cluster/streamedLloyd.ts'
import type { ArrayReader } from '#engine/project/project.ts'
import { aliveThreads } from '../../../../helpers/aliveThreads.ts'

const threads = aliveThreads()
const [n, d, k] = [700_000, 4, 5]

function rowsOf(groups: number): Float32Array {
  const random = randomStream(3, 'rows')
  const X = Float32Array.from({ length: n * d }, (_, at) => (Math.floor(at / d) % groups) * 1.5 + random.uniform() + random.uniform())
  // Every hundredth row is without data.
  for (let i = 0; i < n; i += 100) X.fill(Number.NaN, i * d, (i + 1) * d)
  return X
}

const readerOf = (X: Float32Array): ArrayReader => ({
  dtype: 'float32',
  shape: [n, d],
  chunkRows: 4096,
  read: (from, to) => X.slice(from * d, to * d),
  readInto: (from, to, into) => (into as Float32Array).set(X.subarray(from * d, to * d)),
})
const start = Float32Array.from({ length: k * d }, (_, at) => Math.floor(at / d) * 1.4 + 0.7)
const streamed = (
  X: Float32Array,
  count: number,
  signal = new AbortController().signal,
  report: (progress: StreamedProgress) => void = () => undefined,
) => streamedLloyd(readerOf(X), { k, centres: start } as Clustering, { maxIterations: 30, signal, report, threads: count })

test('ends where k-means of all rows ends', async () => {
  const X = rowsOf(k)
  const valid = X.filter((_, at) => Math.floor(at / d) % 100 !== 0)
  const whole = await kmeans(valid, valid.length / d, d, { k, nInit: 2, seed: 1 })
  expect((await streamed(X, 1)).inertia / whole.inertia).toBeCloseTo(1, 4)
})

test('the bits are the same on any number of threads', async () => {
  const X = rowsOf(1)
  const alone = await streamed(X, 1)
  expect(alone.passes).toBeGreaterThan(9)
  expect(await streamed(X, 3)).toEqual(alone)
  expect(threads).toEqual({ started: 3, alive: 0 })
})

test('rows are told within passes, and after each how far the centres moved', async () => {
  const told: StreamedProgress[] = []
  const { passes } = await streamed(rowsOf(1), 2, undefined, (progress) => told.push(progress))
  expect(told.map(({ rows }) => rows)).toEqual(told.map(({ rows }) => rows).toSorted((a, b) => a - b))
  // Blocks of 2¹⁸ rows: two ends of blocks within each pass, at least.
  for (let pass = 0; pass < passes; pass++) {
    const within = told.filter((one) => one.passes === pass && one.rows > pass * n && one.rows < (pass + 1) * n)
    expect(within.length).toBeGreaterThanOrEqual(2)
  }
  expect(told.at(-1)).toMatchObject({ passes, rows: passes * n })
  expect(told[0].moved).toBeNull()
  const { shift, limit } = told.at(-1)?.moved ?? {}
  expect(shift).toBeLessThanOrEqual(limit as number)
})

test('a cancel leaves no thread behind', async () => {
  const controller = new AbortController()
  await expect(streamed(rowsOf(1), 2, controller.signal, () => controller.abort())).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(threads.alive).toBe(0)
})
