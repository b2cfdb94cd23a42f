import { describe, expect, test } from 'vitest'
import { hdbscanClustering } from '#engine/analysis/clustering/hdbscan.ts'
import { buildKdTree } from '#engine/analysis/clustering/kdTree.ts'
import { coreDistances, spanningTree } from '#engine/analysis/clustering/hdbscan/spanningTree.ts'
import { createPace } from '#engine/analysis/pace.ts'
import { randomStream } from '#engine/analysis/random.ts'
import reference from '../../../../fixtures/clustering/hdbscan.json' with { type: 'json' }

const run = { seed: 1, threads: 1 }
const plain = { minClusterSize: 10, minSamples: 5, clusterSelection: 'eom', clusterEpsilon: 0, allowSingleCluster: false } as const

/** Classes in the order of their first row. */
function numbered(labels: ArrayLike<number>): number[] {
  const first = new Map<number, number>()
  return Array.from(labels, (label) => {
    if (label < 0) return -1
    if (!first.has(label)) first.set(label, first.size)
    return first.get(label) as number
  })
}

type Settings = Readonly<Record<string, unknown>>
const paramsOf = (given: Settings) => ({
  minClusterSize: given.min_cluster_size as number,
  minSamples: given.min_samples as number,
  clusterSelection: (given.cluster_selection_method ?? 'eom') as 'eom' | 'leaf',
  clusterEpsilon: (given.cluster_selection_epsilon ?? 0) as number,
  allowSingleCluster: (given.allow_single_cluster ?? false) as boolean,
})

/** `rows` normal-ish rows around `groups` places, and some anywhere. */
function scattered(rows: number, d: number, groups: number, seed: number): Float32Array {
  const random = randomStream(seed, 'scattered')
  const places = Float64Array.from({ length: groups * d }, () => random.uniform() * 10)
  const X = new Float32Array(rows * d)
  for (let i = 0; i < rows; i++) {
    const place = random.below(groups + 1)
    for (let j = 0; j < d; j++)
      X[i * d + j] =
        place === groups ? random.uniform() * 12 : places[place * d + j] + random.uniform() + random.uniform() - random.uniform()
  }
  return X
}

for (const { name, n, d, points, cases } of reference.sets)
  test(`labels are those of hdbscan and scikit-learn wherever these do not depend on the order of rows: ${name}`, async () => {
    const X = Float32Array.from(points)
    for (const { settings, labels, membership } of cases) {
      const found = await hdbscanClustering.fit(X, n, d, paramsOf(settings as Settings), run)
      expect(numbered(found.labels), JSON.stringify(settings)).toEqual(labels)
      for (const [i, value] of (membership ?? []).entries()) expect(found.membership?.[i]).toBeCloseTo(value, 4)
    }
  })

describe('the spanning tree', () => {
  const treeOf = async (X: Float32Array, n: number, d: number, m: number) => {
    const rows = buildKdTree(X, n, d, 4)
    const core = await coreDistances(rows, m, createPace(), () => undefined)
    return spanningTree(rows, core, createPace(), () => undefined)
  }
  /** The same columns, and others that are 0: beyond 16 of them every distance is looked at. */
  const widened = (X: Float32Array, n: number, d: number): Float32Array => {
    const wide = new Float32Array(n * 17)
    for (let i = 0; i < n; i++) wide.set(X.subarray(i * d, (i + 1) * d), i * 17)
    return wide
  }

  test('is the same by rounds over the k-d tree and by looking at every distance', async () => {
    for (const m of [1, 6]) {
      const X = scattered(700, 3, 5, m)
      const edges = ({ a, b, reach }: Awaited<ReturnType<typeof treeOf>>) =>
        Array.from(reach, (length, i) => `${Math.min(a[i], b[i])} ${Math.max(a[i], b[i])} ${length}`).sort()
      expect(edges(await treeOf(X, 700, 3, m))).toEqual(edges(await treeOf(widened(X, 700, 3), 700, 17, m)))
    }
  })
  test('of many copies of few rows has all of them, at the same lengths either way', async () => {
    const X = scattered(400, 2, 4, 3).map((value) => Math.round(value / 3))
    const [one, other] = [await treeOf(X, 400, 2, 4), await treeOf(widened(X, 400, 2), 400, 17, 4)]
    expect([...one.reach]).toEqual([...other.reach])
    expect(one.a.length).toBe(399)
  })
})

test('a row learned from is assigned its own class again, and a row far off is noise', async () => {
  const X = scattered(900, 2, 4, 5)
  const found = await hdbscanClustering.fit(X, 900, 2, plain, run)
  const out = new Int32Array(900)
  found.assign?.(X, 900, out)
  let same = 0
  for (let i = 0; i < 900; i++) if (out[i] === found.labels[i]) same++
  expect(same / 900).toBeGreaterThan(0.97)
  const far = new Int32Array(2)
  const membership = new Float32Array(2)
  found.assign?.(Float32Array.from([500, 500, Number.NaN, 0]), 2, far, membership)
  expect([...far]).toEqual([-1, 0])
  expect(membership[0]).toBe(0)
})

test('classes are numbered by size, and the tree holds every row once', async () => {
  const X = scattered(800, 2, 5, 7)
  const { k, labels, centres, tree } = await hdbscanClustering.fit(X, 800, 2, plain, run)
  const sizes = Array.from({ length: k }, (_, c) => labels.filter((label) => label === c).length)
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
  expect(centres.length).toBe(k * 2)
  const { leaves, children, height, size, leafClass } = tree as NonNullable<typeof tree>
  expect(size[leaves + height.length - 1]).toBe(800)
  expect(children.length).toBe(2 * height.length)
  expect([...height]).toEqual([...height].sort((a, b) => a - b))
  expect(new Set(children).size).toBe(children.length)
  expect(Math.max(...leafClass)).toBeLessThan(k)
})

test('evenly spread rows are all noise, and it says so', async () => {
  const X = Float32Array.from({ length: 400 }, (_, i) => i)
  const found = await hdbscanClustering.fit(X, 400, 1, { ...plain, minClusterSize: 50 }, run)
  expect(found.k).toBe(0)
  expect(found.labels.every((label) => label === -1)).toBe(true)
  expect(found.reason).toContain('every row is noise')
})

test('copies of one row are a cluster of their own', async () => {
  const X = Float32Array.from([...Array.from({ length: 20 }, () => 3), ...Array.from({ length: 20 }, () => 8), -30, 60])
  const found = await hdbscanClustering.fit(X, 42, 1, { ...plain, minClusterSize: 8 }, run)
  expect(numbered(found.labels)).toEqual([...Array(20).fill(0), ...Array(20).fill(1), -1, -1])
  expect(found.membership?.[0]).toBe(1)
})

test('too few rows are refused with the parameter named', async () => {
  await expect(hdbscanClustering.fit(new Float32Array(5), 5, 1, plain, run)).rejects.toMatchObject({
    code: 'DATA_UNSUITABLE',
    where: { parameter: 'minClusterSize' },
  })
})
