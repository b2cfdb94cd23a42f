import { describe, expect, test, vi } from 'vitest'
import { openAssigner } from '#engine/analysis/clustering/assign/assigner.ts'
import { hdbscanClustering } from '#engine/analysis/clustering/hdbscan.ts'
import { condenseTree } from '#engine/analysis/clustering/hdbscan/condensedTree.ts'
import { buildKdTree, buildKdTreeAtPace } from '#engine/analysis/clustering/kdTree.ts'
import { prim } from '#engine/analysis/clustering/hdbscan/prim.ts'
import { coreDistances, primByRounds, spanningTree } from '#engine/analysis/clustering/hdbscan/spanningTree.ts'
import { createPace } from '#engine/analysis/pace.ts'
import { randomStream } from '#engine/analysis/random.ts'
import copies from '../../../../fixtures/clustering/hdbscanCopies.json' with { type: 'json' }
import reference from '../../../../fixtures/clustering/hdbscan.json' with { type: 'json' }

const run = { seed: 1, threads: 1 }
const silent = (): void => undefined
const plain = {
  minClusterSize: 10,
  minSamples: 5,
  clusterSelection: 'eom',
  clusterEpsilon: 0,
  allowSingleCluster: false,
  maxClusterSize: null,
} as const

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
  minSamples: given.min_samples as number | null,
  clusterSelection: (given.cluster_selection_method ?? 'eom') as 'eom' | 'leaf',
  clusterEpsilon: (given.cluster_selection_epsilon ?? 0) as number,
  allowSingleCluster: (given.allow_single_cluster ?? false) as boolean,
  maxClusterSize: (given.max_cluster_size ?? null) as number | null,
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

const letters = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const spelt = (labels: ArrayLike<number>): string =>
  numbered(labels)
    .map((label) => letters[label] ?? '.')
    .join('')

/**
 * Where edges are equally long the packages leave it to numpy's sort which comes first, and that differs between processors. With a sort that
 * keeps equal edges as they were found, scikit-learn has one answer, and it is ours in every setting. The fixture says in how many rows
 * others differ from it.
 */
describe.each(reference.sets)('$name', ({ n, d, points, cases }) => {
  const X = Float32Array.from(points)
  test.each(cases)('$settings', async ({ settings, labels, differ, membership, ties }) => {
    const found = await hdbscanClustering.fit(X, n, d, paramsOf(settings as Settings), run)
    expect(spelt(found.labels)).toBe(labels)
    for (const [i, value] of (membership ?? []).entries()) expect(found.membership?.[i]).toBeCloseTo(value, 2)
    // The package by Prim's algorithm, sorted stably, is a second witness. Where no edges are equally long all have to agree.
    expect(differ.hdbscanByPrimStable).toBe(0)
    if (ties === 0) expect(Object.values(differ).every((rows) => rows === 0)).toBe(true)
  })
})

/** λ is infinite among equal rows, and most edges are as long as others. scikit-learn's answer is ours, where min_samples is left empty, too. */
describe.each(copies.sets)('many rows are equal: $name', ({ n, d, points, cases }) => {
  const X = Float32Array.from(points)
  test.each(cases)('$settings', async ({ settings, labels, memberships }) => {
    const found = await hdbscanClustering.fit(X, n, d, paramsOf(settings as Settings), run)
    expect(spelt(found.labels)).toBe(labels)
    for (const [i, value] of memberships.entries()) expect(found.membership?.[i]).toBeCloseTo(value, 2)
    // Assigned, a row gets the class of one that equals it. (Equal rows may have different ones: where they are too few to be dense, which
    // of them leave a cluster first is a matter of their order.)
    const [classes, membership] = [new Int32Array(n), new Float32Array(n)]
    openAssigner(found.assigner!)(X, n, classes, membership)
    const nameOf = (i: number): string => X.subarray(i * d, (i + 1) * d).join()
    const learned = new Set(Array.from({ length: n }, (_, i) => `${nameOf(i)}: ${found.labels[i]} ${found.membership?.[i]}`))
    for (let i = 0; i < n; i++) expect(learned).toContain(`${nameOf(i)}: ${classes[i]} ${membership[i]}`)
  })
})

test('as many equal rows as the smallest cluster has are one, where nobody says how many neighbours; one fewer are none', async () => {
  const pile = (rows: number, at: number): number[] => Array.from({ length: rows }, () => at)
  const X = Float32Array.from([...pile(10, 0), ...pile(10, 4), ...pile(9, 8), ...pile(12, 13)])
  const found = await hdbscanClustering.fit(X, X.length, 1, { ...plain, minSamples: null }, run)
  expect(found.figures.minSamples).toBe(9)
  expect(numbered(found.labels)).toEqual([...pile(10, 0), ...pile(10, 1), ...pile(9, -1), ...pile(12, 2)])
})

describe('the spanning tree', () => {
  test('is gone along in the same order by rounds over the k-d tree and by looking at every distance', async () => {
    for (const m of [1, 6, 25]) {
      const X = scattered(900, 3, 5, m)
      const rows = buildKdTree(X, 900, 3, 4)
      const core = await coreDistances(rows, m, createPace(), silent)
      expect(await primByRounds(rows, core, createPace(), silent)).toEqual(await prim(rows, core.squared, createPace(), silent))
    }
  })
  test('of many copies of few rows has all of them, at the same lengths either way', async () => {
    const X = scattered(400, 2, 4, 3).map((value) => Math.round(value / 3))
    const rows = buildKdTree(X, 400, 2, 4)
    const core = await coreDistances(rows, 4, createPace(), silent)
    const [one, other] = [await primByRounds(rows, core, createPace(), silent), await prim(rows, core.squared, createPace(), silent)]
    expect([...one.reach].sort()).toEqual([...other.reach].sort())
    expect(new Set([0, ...one.to]).size).toBe(400)
  })
  test('of equally long edges keeps the one first that is come to first', async () => {
    // From 0: 1 at 1, 2 at 1, 3 at 1, then 9 and 8 beyond a gap of 5.
    const rows = buildKdTree(Float32Array.from([0, 1, 2, 3, 9, 8]), 6, 1)
    const { a, b, reach } = await spanningTree(rows, await coreDistances(rows, 1, createPace(), silent), createPace(), silent)
    expect([...a]).toEqual([0, 1, 2, 5, 3])
    expect([...b]).toEqual([1, 2, 3, 4, 5])
    expect([...reach]).toEqual([1, 1, 1, 1, 5])
  })
})

/** How often anything else could be done while `work` ran. */
async function restsDuring(work: () => Promise<unknown>): Promise<number> {
  let rests = 0
  let isOver = false
  const beat = (): void => {
    rests++
    if (!isOver) setImmediate(beat)
  }
  setImmediate(beat)
  await work()
  isOver = true
  return rests
}

describe('resting', () => {
  const [n, d] = [30_000, 3]
  const X = scattered(n, d, 6, 9)
  const always = { due: () => true, rest: () => new Promise<void>((resolve) => setImmediate(resolve)) }

  test('every step asks for rests: tree, core distances, spanning tree, condensed tree', async () => {
    const few = 3000
    const part = X.subarray(0, few * d)
    const rows = await buildKdTreeAtPace(part, few, d, always)
    expect(rows).toEqual(buildKdTree(part, few, d))
    expect(await restsDuring(() => buildKdTreeAtPace(part, few, d, always))).toBeGreaterThan(rows.nodes / 2)
    const core = await coreDistances(rows, 5, always, silent)
    expect(await restsDuring(() => coreDistances(rows, 5, always, silent))).toBeGreaterThan(few / 2)
    expect(await restsDuring(() => primByRounds(rows, core, always, silent))).toBeGreaterThan(100)
    const tree = await spanningTree(rows, core, always, silent)
    expect(await restsDuring(() => spanningTree(rows, core, always, silent))).toBeGreaterThan(few / 2)
    expect(await restsDuring(() => condenseTree(tree, 10, always))).toBeGreaterThan(1)
  })
  test('is when a cancel is noticed, wherever it comes', async () => {
    let clock = 0
    // A rest is due whenever one is asked for, however fast the computer is.
    using _ = vi.spyOn(performance, 'now').mockImplementation(() => (clock += 100))
    for (const after of [1, 100, 1000, 5000]) {
      const control = new AbortController()
      let beats = 0
      const beat = (): void => {
        if (++beats === after) control.abort()
        else setImmediate(beat)
      }
      setImmediate(beat)
      const given = { ...plain, minSamples: 8 }
      await expect(hdbscanClustering.fit(X, n, d, given, { ...run, signal: control.signal })).rejects.toMatchObject({ code: 'CANCELLED' })
    }
  })
})

test('a row learned from is assigned its own class again, and a row far off is noise', async () => {
  const X = scattered(900, 2, 4, 5)
  const found = await hdbscanClustering.fit(X, 900, 2, plain, run)
  const out = new Int32Array(900)
  const assign = openAssigner(found.assigner!)
  assign(X, 900, out)
  expect(out).toEqual(found.labels)
  const far = new Int32Array(2)
  const membership = new Float32Array(2)
  assign(Float32Array.from([500, 500, Number.NaN, 0]), 2, far, membership)
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
