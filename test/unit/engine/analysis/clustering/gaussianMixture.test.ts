import { describe, expect, test } from 'vitest'
import { gaussianMixtureClustering } from '#engine/analysis/clustering/gaussianMixture.ts'
import { randomStream } from '#engine/analysis/random.ts'
import reference from '../../../../fixtures/clustering/references.json' with { type: 'json' }

const run = { seed: 3, threads: 1 }
const kinds = ['full', 'tied', 'diag', 'spherical'] as const
const plain = { kMax: 20, nInit: 10, maxIterations: 300, ridge: 1e-6 }

describe.each(reference.sets)('on $name', ({ n, d, k, points, mixtures }) => {
  test.each(kinds)('the likelihood is no worse than the best of ten fits of scikit-learn: %s', async (covariance) => {
    const found = await gaussianMixtureClustering.fit(Float32Array.from(points), n, d, { ...plain, k, covariance }, run)
    const { logLikelihood, bic, aic } = mixtures[covariance]
    const difference = (found.figures.logLikelihood - logLikelihood) / Math.abs(logLikelihood)
    expect(difference).toBeGreaterThan(-1e-3)
    // Where both are on the same top, the criteria agree: the same number of free parameters.
    expect(found.figures.bic + 2 * found.figures.logLikelihood).toBeCloseTo(bic + 2 * logLikelihood, 6)
    expect(found.figures.aic + 2 * found.figures.logLikelihood).toBeCloseTo(aic + 2 * logLikelihood, 6)
  })
})

test('classes of stretched groups are as large as those of scikit-learn', async () => {
  const { n, d, k, points, mixtures } = reference.sets[2]
  const { labels } = await gaussianMixtureClustering.fit(Float32Array.from(points), n, d, { ...plain, k, covariance: 'full' }, run)
  const sizes = Array.from({ length: k }, (_, c) => labels.filter((label) => label === c).length)
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
  for (const [c, size] of sizes.entries()) expect(Math.abs(size - mixtures.full.sizes[c])).toBeLessThanOrEqual(2)
})

test('assigned rows get their labels and posteriors again; a row with NaN gets class 0', async () => {
  const { n, d, k, points } = reference.sets[3]
  const X = Float32Array.from(points)
  const found = await gaussianMixtureClustering.fit(X, n, d, { ...plain, k, covariance: 'full' }, run)
  const out = new Int32Array(n)
  const membership = new Float32Array(n)
  found.assign?.(X, n, out, membership)
  expect([...out]).toEqual([...found.labels])
  for (const [i, value] of membership.entries()) expect(value).toBeCloseTo(found.membership?.[i] as number, 5)
  for (const value of membership) expect(value).toBeGreaterThan(1 / k - 1e-6)
  const alone = new Int32Array(1).fill(7)
  found.assign?.(new Float32Array(d).fill(Number.NaN), 1, alone)
  expect(alone[0]).toBe(0)
})

test('the same seed gives the same bits; a column that never changes is no obstacle', async () => {
  const random = randomStream(5, 'rows')
  const X = Float32Array.from({ length: 3000 }, (_, i) => (i % 3 === 2 ? 4 : random.uniform() * (1 + (i % 4))))
  const once = () => gaussianMixtureClustering.fit(X, 1000, 3, { ...plain, nInit: 2, k: 3, covariance: 'full' }, run)
  const [one, other] = [await once(), await once()]
  expect(other.labels).toEqual(one.labels)
  expect(other.figures).toEqual(one.figures)
  expect(Number.isFinite(one.figures.logLikelihood)).toBe(true)
})

test('of many rows it learns from a sample first and from all in the end', async () => {
  const random = randomStream(6, 'rows')
  const n = 30_000
  const X = Float32Array.from({ length: n * 2 }, (_, at) => ((at >> 1) % 3) * 4 + random.uniform() + random.uniform())
  const found = await gaussianMixtureClustering.fit(X, n, 2, { ...plain, nInit: 2, k: 3, covariance: 'diag' }, run)
  for (let c = 0; c < 3; c++) expect(found.labels.filter((label) => label === c).length).toBe(10_000)
  const centres = Array.from({ length: 3 }, (_, c) => found.centres[c * 2]).sort((a, b) => a - b)
  for (const [c, value] of centres.entries()) expect(value).toBeCloseTo(4 * c + 1, 1)
})

test('more classes than rows are refused', async () => {
  await expect(gaussianMixtureClustering.fit(new Float32Array(6), 3, 2, { ...plain, k: 5, covariance: 'full' }, run)).rejects.toMatchObject(
    { code: 'PARAMETER_INVALID', where: { parameter: 'k' } },
  )
})
