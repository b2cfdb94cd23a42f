import { expect, test } from 'vitest'
import { hardRows } from '../../../../../helpers/hardRows.ts'
import { aliveThreads } from '../../../../../helpers/aliveThreads.ts'
import { canonicalOrder } from '#engine/analysis/clustering/canonical.ts'
import { assign, kmeans, minibatchKmeans } from '#engine/analysis/clustering/kmeans/kmeans.ts'
import { randomStream } from '#engine/analysis/random.ts'
import reference from '../../../../../fixtures/analysis.json' with { type: 'json' }
import hard from '../../../../../fixtures/clustering/hardKmeans.json' with { type: 'json' }
import sets from '../../../../../fixtures/clustering/references.json' with { type: 'json' }

const { n, d, k, inertia, sizes, centres } = reference.kmeans
const points = Float32Array.from(reference.kmeans.points)

/** `count` rows around `k` random centres. */
function blobs(count: number, columns: number, k: number, seed: number): Float32Array {
  const random = randomStream(seed, 'blobs')
  const middle = Float64Array.from({ length: k * columns }, () => random.uniform() * 20)
  const X = new Float32Array(count * columns)
  for (let i = 0; i < count; i++) {
    const c = random.below(k)
    for (let j = 0; j < columns; j++) X[i * columns + j] = middle[c * columns + j] + random.uniform() + random.uniform() - 1
  }
  return X
}

/** The plain iteration, every distance every time. */
function plainAssign(X: Float32Array, rows: number, columns: number, centres: ArrayLike<number>, k: number): number[] {
  return Array.from({ length: rows }, (_, i) => {
    let best = Number.POSITIVE_INFINITY
    let label = 0
    for (let c = 0; c < k; c++) {
      let distance = 0
      for (let j = 0; j < columns; j++) distance += (X[i * columns + j] - centres[c * columns + j]) ** 2
      if (distance < best) [best, label] = [distance, c]
    }
    return label
  })
}

test('reaches the inertia, sizes and centres of scikit-learn', async () => {
  const found = await kmeans(points, n, d, { k, nInit: 20, tolerance: 0, seed: 3 })
  expect(found.inertia).toBeCloseTo(inertia, 3)
  expect([...found.sizes]).toEqual(sizes)
  for (const [i, value] of found.centres.entries()) expect(value).toBeCloseTo(centres[i], 4)
})

test('labels are those of the nearest returned centre, and no row prefers another', async () => {
  const X = blobs(3000, 5, 7, 1)
  const found = await kmeans(X, 3000, 5, { k: 9, nInit: 2, tolerance: 0, seed: 5 })
  expect([...found.labels]).toEqual(plainAssign(X, 3000, 5, found.centres, 9))
})

test('with the bounds it ends where the plain iteration ends', async () => {
  const X = blobs(2000, 4, 5, 2)
  const found = await kmeans(X, 2000, 4, { k: 8, nInit: 1, tolerance: 0, seed: 9 })
  // At the fixed point the centres are the means of their rows.
  for (let c = 0; c < 8; c++) {
    for (let j = 0; j < 4; j++) {
      let sum = 0
      for (let i = 0; i < 2000; i++) if (found.labels[i] === c) sum += X[i * 4 + j]
      expect(found.centres[c * 4 + j]).toBeCloseTo(sum / found.sizes[c], 4)
    }
  }
})

test('the same seed gives the same bits; classes are ordered by size, largest first', async () => {
  const X = blobs(5000, 3, 6, 3)
  const one = await kmeans(X, 5000, 3, { k: 6, seed: 11 })
  const other = await kmeans(X, 5000, 3, { k: 6, seed: 11 })
  expect(other).toEqual(one)
  expect([...one.sizes]).toEqual([...one.sizes].sort((a, b) => b - a))
})

const threads = aliveThreads()

test('one, two and three threads give the same bits', async () => {
  const random = randomStream(5, 'evenly')
  const X = Float32Array.from({ length: 30_001 * 15 }, () => random.uniform())
  const options = { k: 12, nInit: 16, maxIterations: 8, seed: 5 }
  const alone = await kmeans(X, 30_001, 15, options)
  expect(threads.started).toBe(0)
  for (const count of [2, 3]) {
    expect(await kmeans(X, 30_001, 15, { ...options, threads: count })).toEqual(alone)
    expect(threads).toEqual({ started: count, alive: 0 })
    threads.started = 0
  }
})

test('a cancel leaves no thread behind', async () => {
  const X = blobs(60_000, 8, 12, 4)
  const controller = new AbortController()
  const report = (share: number): void => (share > 0.05 ? controller.abort() : undefined)
  const run = kmeans(X, 60_000, 8, { k: 40, nInit: 10, seed: 1, threads: 2, signal: controller.signal, report })
  await expect(run).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(threads).toEqual({ started: 2, alive: 0 })
  threads.started = 0
})

test('fewer distinct rows than classes: the last classes are empty, and nothing is NaN', async () => {
  const X = Float32Array.from([0, 0, 0, 5, 5, 5, 5])
  const found = await kmeans(X, 7, 1, { k: 4, seed: 1 })
  expect(found.inertia).toBe(0)
  expect([...found.sizes]).toEqual([4, 3, 0, 0])
  expect([...found.labels]).toEqual([1, 1, 1, 0, 0, 0, 0])
  expect(found.centres.every((value) => !Number.isNaN(value))).toBe(true)
})

test('one class is the mean', async () => {
  const found = await kmeans(Float32Array.from([0, 1, 2, 5]), 2, 2, { k: 1, seed: 1 })
  expect([...found.centres]).toEqual([1, 3])
  expect(found.inertia).toBe(2 * (1 + 4))
})

test('k outside 1 … n is refused', async () => {
  await expect(kmeans(points, n, d, { k: n + 1, seed: 1 })).rejects.toThrow(RangeError)
  await expect(kmeans(points, n, d, { k: 0, seed: 1 })).rejects.toThrow(RangeError)
})

test('a cancelled run ends with CANCELLED', async () => {
  const X = blobs(60_000, 8, 12, 4)
  await expect(kmeans(X, 60_000, 8, { k: 40, nInit: 50, seed: 1, signal: AbortSignal.timeout(60) })).rejects.toMatchObject({
    code: 'CANCELLED',
  })
})

test('timers fire and progress rises to 1 while it computes', async () => {
  const X = blobs(80_000, 8, 12, 5)
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  const shares: number[] = []
  // Long enough that it has to rest on any computer.
  await kmeans(X, 80_000, 8, { k: 20, nInit: 12, seed: 1, report: (share) => shares.push(share) })
  clearInterval(timer)
  expect(ticks).toBeGreaterThan(0)
  expect(shares).toEqual([...shares].sort((a, b) => a - b))
  expect(shares.at(-1)).toBe(1)
})

test('mini-batch comes within 3 % of the full run', async () => {
  const X = blobs(30_000, 4, 6, 6)
  const full = await kmeans(X, 30_000, 4, { k: 6, seed: 2 })
  const small = await minibatchKmeans(X, 30_000, 4, { k: 6, seed: 2 })
  expect(small.inertia / full.inertia).toBeLessThan(1.03)
  expect(await minibatchKmeans(X, 30_000, 4, { k: 6, seed: 2 })).toEqual(small)
})

test('assign gives the smallest id among equally near centres, and 0 to a row with NaN', () => {
  const out = new Uint16Array(4)
  const inertia = assign(Float32Array.from([0, 4, Number.NaN, 9]), 4, 1, Float32Array.from([2, -2, 6]), 3, out)
  expect([...out]).toEqual([0, 0, 0, 2])
  expect(inertia).toBe(4 + 4 + 9)
})

test('canonical order is by size, then by centroid', () => {
  expect(canonicalOrder([5, 9, 5], [3, 0, 1, 1, 2, 7], 3, 2)).toEqual([1, 2, 0])
})

test.each(sets.sets)(
  'inertia is within a thousandth of the best of ten runs of scikit-learn: $name',
  async ({ n, d, points, inertias }) => {
    const X = Float32Array.from(points)
    for (const [k, least] of Object.entries(inertias)) {
      const { inertia } = await kmeans(X, n, d, { k: Number(k), seed: 1 })
      expect(inertia / least, `k = ${k}`).toBeLessThan(1.001)
    }
  },
)

const inFixtures = hard.sets.filter((set) => set.file !== 'SalinasA')

test.each(inFixtures)(
  'inertia is within a thousandth of the best of ten runs of scikit-learn where runs easily end high: $name',
  async (set) => {
    const X = hardRows(set)
    for (const { k, tenRuns } of set.cases) {
      const { inertia } = await kmeans(X, set.n, set.d, { k, seed: 1 })
      expect(inertia / tenRuns, `k = ${k}`).toBeLessThan(1.001)
    }
  },
)

test.each(inFixtures)('mini-batch ends no higher than that of scikit-learn, medians of three and of ten seeds: $name', async (set) => {
  const X = hardRows(set)
  const { k, miniBatch } = set.cases[set.cases.length - 1]
  const found: number[] = []
  for (const seed of [1, 2, 3]) found.push((await minibatchKmeans(X, set.n, set.d, { k, nInit: 10, maxIterations: 300, seed })).inertia)
  expect(found.sort((a, b) => a - b)[1] / miniBatch.median).toBeLessThan(1.001)
})
