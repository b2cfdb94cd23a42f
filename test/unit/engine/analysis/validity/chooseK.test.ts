import { expect, test } from 'vitest'
import { chooseK } from '#engine/analysis/validity/chooseK.ts'
import { recommend, verdicts } from '#engine/analysis/validity/chooseKVerdicts.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { silhouette, silhouettes } from '#engine/analysis/validity/silhouette.ts'
import { kmeans } from '#engine/analysis/clustering/kmeans/kmeans.ts'
import { ValidityTally } from '#engine/analysis/validity/clusterValidity.ts'
import reference from '../../../../fixtures/analysis.json' with { type: 'json' }
import validity from '../../../../fixtures/validity.json' with { type: 'json' }
import { groups } from '../../../../helpers/groups.ts'

const { n, d, k } = reference.kmeans
const points = Float32Array.from(reference.kmeans.points)

test('the silhouette of every row agrees with scikit-learn', async () => {
  const { labels } = await kmeans(points, n, d, { k, nInit: 20, tolerance: 0, seed: 3 })
  expect(await silhouette(points, n, d, labels, k, { sample: n, seed: 1 })).toBeCloseTo(reference.kmeans.silhouette, 6)
})

test('the indexes of given classes agree with scikit-learn', async () => {
  for (const { points, n, d, labels, ...expected } of validity.indexes) {
    const X = Float32Array.from(points)
    const k = Math.max(...labels) + 1
    const width = await silhouette(X, n, d, labels, k, { sample: n, seed: 1 })
    expect(Math.abs((width ?? 9) - expected.silhouette)).toBeLessThan(1e-6)
    expect((await silhouettes(X, n, d, { sample: n, seed: 1 }))(labels, k)).toBe(width)
    const tally = new ValidityTally(k, d)
    const ids = labels.map((label) => label + 1)
    tally.addToMeans(X, ids, n)
    tally.addToSpreads(X, ids, n)
    const found = tally.result()
    expect((found?.calinskiHarabasz ?? 0) / expected.calinskiHarabasz).toBeCloseTo(1, 6)
    expect((found?.daviesBouldin ?? 0) / expected.daviesBouldin).toBeCloseTo(1, 6)
  }
})

test('very wide rows are compared with fewer others', async () => {
  const d = 100_000
  const X = new Float32Array(300 * d)
  X.fill(1, 150 * d)
  const labels = Uint16Array.from({ length: 300 }, (_, i) => Number(i >= 150))
  expect(await silhouette(X, 300, d, labels, 2, { seed: 1 })).toBe(1)
})

test('by hand: 0, 1 | 10', async () => {
  // Row 0: a = 1, b = 10: 0.9. Row 1: a = 1, b = 9: 8/9. Row 10 is alone: 0.
  expect(await silhouette(Float32Array.from([0, 1, 10]), 3, 1, [0, 0, 1], 2, { seed: 1 })).toBeCloseTo((0.9 + 8 / 9) / 3, 7)
  expect(await silhouette(Float32Array.from([0, 1]), 2, 1, [0, 0], 1, { seed: 1 })).toBeNull()
})

test('finds the number of well separated groups', async () => {
  const random = randomStream(4, 'groups')
  const X = new Float32Array(4000 * 2)
  for (let i = 0; i < 4000; i++) {
    const group = random.below(5)
    X[2 * i] = Math.cos(group * 1.2566) * 10 + random.uniform() * 2
    X[2 * i + 1] = Math.sin(group * 1.2566) * 10 + random.uniform() * 2
  }
  const shares: number[] = []
  const choice = await chooseK(X, 4000, 2, { kMax: 12, seed: 1, report: (share) => shares.push(share) })
  expect(choice.k).toBe(5)
  expect(choice.curve.map((point) => point.k)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  expect(choice.curve.reduce((best, point) => (point.silhouette > best.silhouette ? point : best)).k).toBe(5)
  expect(choice.reason).toContain('Elbow')
  expect(shares.at(-1)).toBe(1)
})

test('an even curve has no elbow, and the silhouette decides', () => {
  const curve = [2, 3, 4, 5].map((k) => ({ k, inertia: 10 - k, silhouette: k === 4 ? 0.6 : 0.1 }))
  expect(recommend(curve, verdicts(curve, {}), 'elbow')).toMatchObject({ k: 4, reason: expect.stringContaining('without an elbow') })
})

test('a range beyond the rows is refused', async () => {
  await expect(chooseK(new Float32Array(3), 3, 1, { kMin: 5, kMax: 9, seed: 1 })).rejects.toThrow(RangeError)
})

test.each([
  ['that are alike', new Float32Array(80).fill(3), /alike/],
  ['of which there are two', Float32Array.of(1, 2, 3, 4), /2 rows are too few/],
  ['of which there is one', Float32Array.of(1, 2), /1 row is too few/],
])('rows %s are one class, whatever is asked', async (_, X, reason) => {
  for (const chooseBy of ['elbow', 'all', 'gap'] as const)
    expect(await chooseK(X, X.length / 2, 2, { kMax: 20, seed: 1, chooseBy, criteria: 'all' })).toEqual({
      k: 1,
      curve: [],
      recommendations: [],
      reason: expect.stringMatching(reason),
    })
})

test('no class has to be a single row: there are always fewer classes than rows', async () => {
  const { curve } = await chooseK(Float32Array.of(0, 1, 5, 6, 20), 5, 1, { kMax: 20, seed: 1 })
  expect(curve.map(({ k }) => k)).toEqual([2, 3, 4])
})

test('criteria stand side by side, and most of them decide', async () => {
  const X = groups(400, 3, 4, 6)
  const choice = await chooseK(X, 400, 3, { kMax: 8, seed: 1, criteria: ['gap', 'stability'], chooseBy: 'stability' })
  expect(choice.k).toBe(4)
  expect(choice.reason).toMatch(/^Bootstrap stability: the largest number/)
  for (const point of choice.curve) {
    for (const key of ['calinskiHarabasz', 'daviesBouldin', 'gap', 'gapError', 'stability'] as const)
      expect(point[key]).toEqual(expect.any(Number))
    expect(point.bic).toBeUndefined()
  }
  expect(choice.recommendations.map(({ criterion }) => criterion)).toEqual([
    'elbow',
    'silhouette',
    'calinski-harabasz',
    'davies-bouldin',
    'gap',
    'stability',
  ])
  for (const { criterion, k, reason } of choice.recommendations) {
    expect(reason).toMatch(/^[A-Z].*\.$/)
    expect([criterion, k]).toEqual([criterion, 4])
  }
  expect(recommend(choice.curve, verdicts(choice.curve, {}), 'all').reason).toMatch(/^4 of 4 criteria choose 4 \(Elbow, Silhouette/)
})

test('BIC is that of diagonal mixtures, and finds well separated groups', async () => {
  const choice = await chooseK(groups(300, 2, 3, 6), 300, 2, { kMax: 5, seed: 1, chooseBy: 'bic' })
  expect(choice.k).toBe(3)
  expect(choice.reason).toMatch(/^BIC of Gaussian mixtures: lowest at 3 \(/)
  for (const { bic } of choice.curve) expect(bic).toEqual(expect.any(Number))
})

test('a tie between criteria goes to the higher silhouette, and a criterion without a choice leaves it to it', () => {
  const curve = [2, 3, 4].map((k) => ({ k, inertia: 10 - k, silhouette: k / 10 }))
  const verdict = (criterion: 'gap' | 'bic' | 'stability', k: number | null) => ({ criterion, k, reason: 'So.' })
  expect(recommend(curve, [verdict('gap', 2), verdict('bic', 3)], 'all')).toMatchObject({
    k: 3,
    reason: expect.stringContaining('the silhouette decides'),
  })
  expect(recommend(curve, [verdict('gap', 2), verdict('bic', 3), verdict('stability', 2)], 'all').k).toBe(2)
  expect(recommend(curve, [verdict('gap', null)], 'gap')).toEqual({
    k: 4,
    reason: 'Gap statistic: so; the silhouette is highest at 4 (0.40).',
  })
  expect(recommend(curve, [verdict('gap', null)], 'all').k).toBe(4)
})

test('the error of few rows is within 3 % of the best of many starts, whatever k', async () => {
  for (const seed of [1, 2, 3]) {
    const random = randomStream(seed, 'without groups')
    const X = Float32Array.from({ length: 1600 }, () => random.uniform() ** 2)
    const { curve } = await chooseK(X, 800, 2, { kMax: 15, seed })
    for (const { k, inertia } of curve) {
      const { inertia: best } = await kmeans(X, 800, 2, { k, nInit: 60, seed: 99 })
      expect(inertia / best, `k = ${k}`).toBeLessThan(1.03)
    }
  }
})
