import { afterEach, expect, test, vi } from 'vitest'
import type { Assigner } from '#engine/analysis/clustering/assign/assigner.ts'
import { openAssigner } from '#engine/analysis/clustering/assign/assigner.ts'
import { createLabeller } from '#engine/analysis/clustering/assign/work.ts'
import type { Clustering } from '#engine/analysis/clustering/define.ts'
import { gaussianMixtureClustering } from '#engine/analysis/clustering/gaussianMixture.ts'
import { hdbscanClustering } from '#engine/analysis/clustering/hdbscan.ts'
import { byNearestCentre } from '#engine/analysis/clustering/kMeans.ts'
import { neighbourVote } from '#engine/analysis/clustering/neighbourVote.ts'
import { wardClustering } from '#engine/analysis/clustering/ward.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { inSharedMemory } from '#engine/analysis/threads/sharedMemory.ts'
import { aliveThreads } from '../../../../helpers/aliveThreads.ts'

const alive = aliveThreads()
afterEach(() => expect(alive.alive).toBe(0))

const [n, d] = [60_000, 3]
const random = randomStream(3, 'rows')
const X = new Float32Array(n * d).map((_, at) => (Math.floor(at / d) % 4) * 4 + 3 * random.uniform())
for (const i of [0, 2047, 2048, 59_999]) X[i * d] = Number.NaN
const learned = X.slice(d, 2001 * d)
const run = { seed: 1, threads: 1 }

async function clusterings(): Promise<Record<string, Clustering>> {
  const mixture = { k: 4, kMax: 20, covariance: 'full', nInit: 1, maxIterations: 50, ridge: 1e-6, allowsSingular: false } as const
  const dense = { minSamples: 5, clusterEpsilon: 0, allowSingleCluster: false, clusterSelection: 'eom', maxClusterSize: null } as const
  const ward = await wardClustering.fit(learned, 2000, d, { k: 4, kMax: 20, cutHeight: null }, run)
  return {
    centres: { ...byNearestCentre(X.slice(d, 13 * d), d), labels: new Int32Array(0), figures: {} },
    mixture: await gaussianMixtureClustering.fit(learned, 2000, d, mixture, run),
    density: await hdbscanClustering.fit(learned, 2000, d, { minClusterSize: 20, ...dense }, run),
    vote: { ...ward, assigner: await neighbourVote(learned, 2000, d, ward) },
  }
}

test('any number of threads gives the same bits, which are those of the assigner itself', async () => {
  for (const [name, { assigner, centres, k, membership, tree }] of Object.entries(await clusterings())) {
    const has = { membership: membership !== undefined, place: tree !== undefined, lambda: tree?.lambda !== undefined }
    const labelled = async (threads: number) => {
      const labeller = createLabeller({ assigner, centres, k, d, threads })
      const block = labeller.room(n, has)
      block.codes.set(X)
      await labeller.label(block, n, {})
      await labeller.close()
      return block
    }
    const one = await labelled(1)
    expect(await labelled(3), name).toEqual(one)
    const classes = new Int32Array(n)
    openAssigner(assigner as Assigner)(X, n, classes)
    const isKnown = (i: number): boolean => !Number.isNaN(X[i * d])
    expect(one.labels).toEqual(Uint16Array.from(classes, (c, i) => (isKnown(i) ? (c < 0 ? k + 1 : c + 1) : 0)))
    for (const i of [0, 2047, 2048, 59_999]) {
      expect([one.labels[i], one.apart[i], one.membership?.[i] ?? Number.NaN, one.place?.node[i] ?? -1]).toEqual([0, 0, Number.NaN, -1])
    }
  }
})

test('parts are short where a row may take long, and what they find does not depend on it', async () => {
  // Every row learned from is looked at: 4000 rows of 400 numbers each.
  const [many, wide] = [4000, 400]
  const rows = new Float32Array(many * wide).map(() => random.uniform())
  const labels = Int32Array.from({ length: many }, (_, i) => i % 3)
  const assigner = await neighbourVote(rows, many, wide, { labels })
  const labeller = createLabeller({ assigner, centres: new Float32Array(3 * wide), k: 3, d: wide, threads: 1 })
  const block = labeller.room(500, { membership: true, place: false, lambda: false })
  block.codes.set(rows.subarray(0, 500 * wide))
  let clock = 0
  vi.spyOn(performance, 'now').mockImplementation(() => (clock += 100))
  const told: number[] = []
  await labeller.label(block, 500, { report: (share) => told.push(share) })
  vi.restoreAllMocks()
  await labeller.close()
  // 2 · 10⁸ multiplications of a part at most, 1.6 million a row: 125 rows.
  expect([...new Set(told)]).toEqual([0.25, 0.5, 0.75, 1])
  const classes = new Int32Array(500)
  openAssigner(assigner)(block.codes, 500, classes)
  expect(block.labels).toEqual(Uint16Array.from(classes, (c) => c + 1))
})

test('a cancel is noticed while threads are at work, and they end', async () => {
  const { vote } = await clusterings()
  const labeller = createLabeller({ assigner: vote.assigner, centres: vote.centres, k: vote.k, d, threads: 2 })
  const block = labeller.room(n, { membership: false, place: false, lambda: false })
  block.codes.set(X)
  const control = new AbortController()
  const labelling = labeller.label(block, n, { signal: control.signal })
  control.abort()
  await expect(labelling).rejects.toMatchObject({ code: 'CANCELLED' })
  await labeller.close()
})

test('arrays of a plain object are shared however deep, those that are shared stay themselves', () => {
  const there = new Float32Array(new SharedArrayBuffer(8))
  const shared = inSharedMemory({ a: Int32Array.of(1, 2), deep: { b: Float64Array.of(3), none: null, name: 'x' }, there })
  expect(shared).toEqual({ a: Int32Array.of(1, 2), deep: { b: Float64Array.of(3), none: null, name: 'x' }, there })
  expect([shared.a, shared.deep.b].every(({ buffer }) => buffer instanceof SharedArrayBuffer)).toBe(true)
  expect(shared.there).toBe(there)
})
