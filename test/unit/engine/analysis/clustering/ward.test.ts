import { describe, expect, test } from 'vitest'
import { openAssigner } from '#engine/analysis/clustering/assign/assigner.ts'
import { wardClustering } from '#engine/analysis/clustering/ward.ts'
import { cutIntoK, wardTree } from '#engine/analysis/clustering/wardTree.ts'
import { createPace } from '#engine/analysis/pace.ts'
import { randomStream } from '#engine/analysis/random.ts'
import reference from '../../../../fixtures/clustering/references.json' with { type: 'json' }
import ties from '../../../../fixtures/clustering/wardTies.json' with { type: 'json' }

const run = { seed: 1, threads: 1 }
const plain = { k: null, kMax: 20, cutHeight: null }
const ones = (n: number): Float64Array => new Float64Array(n).fill(1)
const sizesOf = (labels: Int32Array, k: number): number[] =>
  Array.from({ length: k }, (_, c) => labels.filter((label) => label === c).length)

describe.each(reference.sets)('on $name', ({ n, d, k, points, wardHeights, wardSizes }) => {
  test('heights are those of scipy to a billionth, and the cut has classes of the same sizes', async () => {
    const X = Float32Array.from(points)
    const { height } = await wardTree(X, n, d, ones(n), createPace())
    for (const [i, value] of height.entries()) expect(Math.abs(value - wardHeights[i])).toBeLessThanOrEqual(1e-9 * Math.max(1, value))
    const { labels } = await wardClustering.fit(X, n, d, { ...plain, k }, run)
    expect(sizesOf(labels, k)).toEqual(wardSizes)
  })
})

describe('where many are equally far, and of one to three rows', () => {
  test.each(ties.sets)(
    'heights are those of scipy, or exact where its rounding parts equals: $name',
    async ({ n, d, points, heights, exact }) => {
      const { height, children, size } = await wardTree(points, n, d, ones(n), createPace())
      expect(height.length).toBe(n - 1)
      for (const [i, value] of (exact ?? heights).entries()) expect(height[i]).toBeCloseTo(value, 9)
      expect(new Set(children).size).toBe(2 * (n - 1))
      expect(size.at(-1)).toBe(n)
    },
  )
  test('one to three rows are classes, as many as are asked for', async () => {
    for (const n of [1, 2, 3]) {
      const X = Float32Array.from([0, 1, 5].slice(0, n))
      for (let k = 1; k <= n; k++) {
        const found = await wardClustering.fit(X, n, 1, { ...plain, k }, run)
        expect(sizesOf(found.labels, k).reduce((sum, count) => sum + count, 0)).toBe(n)
        expect(new Set(found.labels).size).toBe(k)
      }
    }
  })
})

test('four rows on a line, by hand', async () => {
  // 0 and 1 join at 1, 5 and 7 at 2; then √(2·2·2/4) · (6 − 0.5) = 5.5 √2.
  const { children, height, size } = await wardTree([0, 1, 5, 7], 4, 1, ones(4), createPace())
  expect([...children]).toEqual([0, 1, 2, 3, 4, 5])
  expect([...height].map((h) => h.toFixed(6))).toEqual(['1.000000', '2.000000', (5.5 * Math.SQRT2).toFixed(6)])
  expect([...size]).toEqual([1, 1, 1, 1, 2, 2, 4])
})

test('a leaf that stands for many rows weighs as they do', async () => {
  const rows = await wardTree([0, 0, 0, 4, 9], 5, 1, ones(5), createPace())
  const groups = await wardTree([0, 4, 9], 3, 1, [3, 1, 1], createPace())
  expect(groups.height[1]).toBeCloseTo(rows.height[3], 12)
  expect([...groups.size]).toEqual([3, 1, 1, 4, 5])
})

test('a cut at a height undoes the joins above it', async () => {
  const X = Float32Array.from([0, 1, 5, 7])
  const found = await wardClustering.fit(X, 4, 1, { ...plain, cutHeight: 1.5 }, run)
  expect(found.k).toBe(3)
  expect([...found.labels]).toEqual([0, 0, 1, 2])
  expect(found.reason).toContain('1.5')
})

test('cut into k of any size it gives that many classes, each below one node', async () => {
  const random = randomStream(3, 'rows')
  const X = Float32Array.from({ length: 200 }, () => random.uniform())
  const tree = await wardTree(X, 100, 2, ones(100), createPace())
  for (const k of [1, 2, 7, 100]) expect(new Set(cutIntoK(tree, k)).size).toBe(k)
})

test('copies join at no height, in any number', async () => {
  const { height } = await wardTree(new Float32Array(60).fill(2), 30, 2, ones(30), createPace())
  expect(height.every((h) => h === 0)).toBe(true)
})

test('where fewer rows differ than classes are asked for, it says so', async () => {
  const X = Float32Array.of(0, 0, 0, 4, 4, 9)
  const fewer = await wardClustering.fit(X, 6, 1, { ...plain, k: 5 }, run)
  expect(fewer).toMatchObject({ k: 3, reason: '3 of the 5 classes that were asked for: rows that are equal stay together.' })
  expect((await wardClustering.fit(X, 6, 1, { ...plain, k: 3 }, run)).reason).toBeUndefined()
})

test('of many rows groups are the leaves, and new rows go to the nearest', async () => {
  const random = randomStream(4, 'rows')
  const n = 21_000
  const X = Float32Array.from({ length: 2 * n }, (_, at) => ((at >> 1) % 3) * 6 + random.uniform() + random.uniform())
  const found = await wardClustering.fit(X, n, 2, { ...plain, k: 3 }, run)
  expect(sizesOf(found.labels, 3)).toEqual([7000, 7000, 7000])
  expect(found.tree?.leaves).toBeLessThanOrEqual(1000)
  expect(found.tree?.size.at(-1)).toBe(n)
  const out = new Int32Array(n)
  openAssigner(found.assigner!)(X, n, out)
  expect([...out]).toEqual([...found.labels])
})
