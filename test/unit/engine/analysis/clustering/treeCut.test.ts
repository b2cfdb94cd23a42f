import { describe, expect, test } from 'vitest'
import type { TreeCut } from '#common/domain/treeCut.ts'
import { hdbscanClustering } from '#engine/analysis/clustering/hdbscan.ts'
import { type CuttableTree, cutTree, sharesOf } from '#engine/analysis/clustering/treeCut.ts'
import { wardClustering } from '#engine/analysis/clustering/ward.ts'
import { randomStream } from '#engine/analysis/random.ts'

const run = { seed: 1, threads: 1 }
const plain = {
  minClusterSize: 10,
  minSamples: 5,
  clusterSelection: 'eom',
  clusterEpsilon: 0,
  allowSingleCluster: false,
  maxClusterSize: null,
} as const
const free = { epsilon: 0, allowSingle: false }
const at = (height: number): TreeCut => ({ by: 'height', clusters: null, height })
const into = (clusters: number): TreeCut => ({ by: 'clusters', clusters, height: null })

/** Rows around a few places, and some anywhere. */
function scattered(n: number, seed: number): Float32Array {
  const random = randomStream(seed, 'tree cut')
  const places = Float64Array.from({ length: 10 }, () => random.uniform() * 10)
  return Float32Array.from({ length: n * 2 }, (_, at) => {
    const place = (at >> 1) % 6
    return place === 5 ? random.uniform() * 12 : (places[2 * place + (at % 2)] as number) + random.uniform() + random.uniform() - 1
  })
}
/** Classes in the order of their first row, noise −1. */
function numbered(labels: ArrayLike<number>): number[] {
  const first = new Map<number, number>()
  return Array.from(labels, (label) => {
    if (label < 0) return -1
    if (!first.has(label)) first.set(label, first.size)
    return first.get(label) as number
  })
}
type Fitted = Awaited<ReturnType<typeof hdbscanClustering.fit>>
function cuttable({ tree }: Fitted): CuttableTree {
  if (!tree) throw new Error('expected a tree')
  return { ...tree, lambda: tree.lambda ? { ...tree.lambda, rowNode: tree.rowNode } : null }
}
function labelsAt(found: Fitted, cut: TreeCut, options = free): number[] {
  const tree = cuttable(found)
  const { nodeClass, rowsFrom } = cutTree(tree, cut, options)
  return numbered(
    Array.from(found.tree?.rowNode ?? [], (node, i) =>
      tree.lambda && (tree.lambda.row[i] as number) < rowsFrom ? -1 : (nodeClass[node] as number),
    ),
  )
}

/** DBSCAN* by its definition: rows whose m-th other row lies within ε, joined where they reach each other within ε. */
function dbscanStar(X: Float32Array, n: number, m: number, epsilon: number, smallest: number): number[] {
  const distance = (i: number, j: number): number => Math.hypot(X[2 * i]! - X[2 * j]!, X[2 * i + 1]! - X[2 * j + 1]!)
  const isCore = Array.from({ length: n }, (_, i) => {
    const sorted = Array.from({ length: n }, (_, j) => distance(i, j)).sort((a, b) => a - b)
    return (sorted[m] as number) <= epsilon
  })
  const label = new Array<number>(n).fill(-1)
  for (let start = 0; start < n; start++) {
    if (!isCore[start] || label[start] !== -1) continue
    const members = [start]
    label[start] = start
    for (const i of members)
      for (let j = 0; j < n; j++)
        if (isCore[j] && label[j] === -1 && distance(i, j) <= epsilon) {
          label[j] = start
          members.push(j)
        }
    if (members.length < smallest) for (const i of members) label[i] = -2
  }
  return numbered(label)
}

describe('a density tree', () => {
  test('cut at a distance gives the clusters of DBSCAN* with that distance', async () => {
    const X = scattered(400, 3)
    const found = await hdbscanClustering.fit(X, 400, 2, plain, run)
    const counts = new Set<number>()
    for (const epsilon of [0.15, 0.25, 0.35, 0.5, 0.8, 1.3, 2.5, 20]) {
      const labels = labelsAt(found, at(epsilon))
      expect(labels, `ε = ${epsilon}`).toEqual(dbscanStar(X, 400, 5, epsilon, 10))
      const { shares, noise } = sharesOf(cuttable(found), cutTree(cuttable(found), at(epsilon), free))
      counts.add(shares.length)
      expect(noise).toBeCloseTo(labels.filter((label) => label < 0).length / 400, 12)
      expect(shares.length).toBe(Math.max(-1, ...labels) + 1)
    }
    expect(counts.size).toBeGreaterThan(3)
  })

  test('gives its most lasting clusters and its leaves as HDBSCAN selects them', async () => {
    for (const options of [free, { epsilon: 0.6, allowSingle: false }, { epsilon: 0, allowSingle: true }]) {
      const X = scattered(500, 8)
      const selecting = (clusterSelection: 'eom' | 'leaf') =>
        hdbscanClustering.fit(
          X,
          500,
          2,
          { ...plain, clusterSelection, clusterEpsilon: options.epsilon, allowSingleCluster: options.allowSingle },
          run,
        )
      const [eom, leaf] = [await selecting('eom'), await selecting('leaf')]
      expect(labelsAt(eom, { ...into(1), by: 'leaf' }, options)).toEqual(numbered(leaf.labels))
      expect(labelsAt(leaf, { ...into(1), by: 'eom' }, options)).toEqual(numbered(eom.labels))
    }
  })

  test('of rows that never split is one cluster at any distance that they reach one another at', async () => {
    const X = Float32Array.from({ length: 120 }, (_, i) => i >> 1)
    const found = await hdbscanClustering.fit(X, 60, 2, { ...plain, minClusterSize: 40 }, run)
    expect(found.k).toBe(0)
    expect(new Set(labelsAt(found, at(1000)))).toEqual(new Set([0]))
    expect(new Set(labelsAt(found, at(0.01)))).toEqual(new Set([-1]))
  })

  test('is not cut into a number of clusters', async () => {
    const found = await hdbscanClustering.fit(scattered(100, 1), 100, 2, plain, run)
    expect(() => cutTree(cuttable(found), into(3), free)).toThrow(/density tree/)
  })
})

describe('a tree of Ward', () => {
  test('cut into k, or at the height that leaves k, is what Ward finds with that k', async () => {
    const X = scattered(200, 4)
    const found = await wardClustering.fit(X, 200, 2, { k: 4, kMax: 20, cutHeight: null }, run)
    for (const k of [1, 2, 7, 30]) {
      const other = await wardClustering.fit(X, 200, 2, { k: Math.max(2, k), kMax: 20, cutHeight: null }, run)
      if (k > 1) expect(labelsAt(found, into(k))).toEqual(numbered(other.labels))
      const { height } = cuttable(found)
      const between = (height[199 - k]! + (height[200 - k - 1 + 1] ?? height[199 - k]! * 1.2)) / 2
      expect(cutTree(cuttable(found), at(between), free).k).toBeLessThanOrEqual(k)
    }
    expect(sharesOf(cuttable(found), cutTree(cuttable(found), into(1), free))).toEqual({ shares: Float64Array.of(1), noise: 0 })
  })

  test('is not cut as HDBSCAN selects clusters, nor without saying where', async () => {
    const found = await wardClustering.fit(scattered(60, 1), 60, 2, { k: 3, kMax: 20, cutHeight: null }, run)
    expect(() => cutTree(cuttable(found), { ...into(1), by: 'eom' }, free)).toThrow(/density tree/)
    expect(() => cutTree(cuttable(found), { by: 'clusters', clusters: null, height: null }, free)).toThrow(/number of clusters/)
    expect(() => cutTree(cuttable(found), { by: 'height', clusters: null, height: null }, free)).toThrow(/height/)
  })
})
