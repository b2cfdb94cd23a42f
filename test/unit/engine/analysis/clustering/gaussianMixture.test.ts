import { describe, expect, test } from 'vitest'
import { openAssigner } from '#engine/analysis/clustering/assign/assigner.ts'
import { gaussianMixtureClustering } from '#engine/analysis/clustering/gaussianMixture.ts'
import { randomStream } from '#engine/analysis/random.ts'
import hard from '../../../../fixtures/clustering/hardMixtures.json' with { type: 'json' }
import reference from '../../../../fixtures/clustering/references.json' with { type: 'json' }

const run = { seed: 3, threads: 1 }
const kinds = ['full', 'tied', 'diag', 'spherical'] as const
/** Ten by default; simpler shapes have fewer tops, and three show as much sooner. */
const startsFor = (covariance: string): number => (covariance === 'full' ? 10 : 3)
const plain = { kMax: 20, nInit: 10, maxIterations: 300, ridge: 1e-6, allowsSingular: false }

describe.each(reference.sets)('on $name', ({ n, d, k, points, mixtures }) => {
  test.each(kinds)('the likelihood is no worse than the best of ten fits of scikit-learn: %s', async (covariance) => {
    const found = await gaussianMixtureClustering.fit(
      Float32Array.from(points),
      n,
      d,
      { ...plain, nInit: startsFor(covariance), k, covariance },
      run,
    )
    const { logLikelihood, bic, aic } = mixtures[covariance]
    const own = found.figures as Required<typeof found.figures>
    const difference = (own.logLikelihood - logLikelihood) / Math.abs(logLikelihood)
    expect(difference).toBeGreaterThan(-1e-3)
    // Where both are on the same top, the criteria agree: the same number of free parameters.
    expect(own.bic + 2 * own.logLikelihood).toBeCloseTo(bic + 2 * logLikelihood, 6)
    expect(own.aic + 2 * own.logLikelihood).toBeCloseTo(aic + 2 * logLikelihood, 6)
  })
})

/**
 * scikit-learn's median of ten fits ends up to 30 % lower here than its best. One of its best fits (wine, five full components) is that of a
 * component of 5 rows in 13 columns, whose likelihood the ridge alone bounds: there the best of its other fits is the bar, and its best where
 * such components are allowed.
 */
describe.each(hard.sets)('where climbs easily end low: $name', ({ n, d, points, cases }) => {
  const X = Float32Array.from(points)
  test.each(cases)('$k components, $covariance', async ({ k, covariance, best, smallestOfBest, bestSound }) => {
    const params = { ...plain, nInit: startsFor(covariance), k, covariance: covariance as (typeof kinds)[number] }
    const reach = async (bar: number, allowsSingular: boolean): Promise<Int32Array> => {
      const { figures, labels } = await gaussianMixtureClustering.fit(X, n, d, { ...params, allowsSingular }, run)
      expect(((figures.meanLogLikelihood ?? Number.NaN) - bar) / Math.abs(bar)).toBeGreaterThan(-1e-3)
      return labels
    }
    const isSound = covariance !== 'full' || smallestOfBest > d + 0.5
    const labels = await reach(isSound ? best : (bestSound as number), false)
    if (isSound && covariance === 'full') expect(labels.filter((label) => label === k - 1).length).toBeGreaterThan(d / 2)
    if (!isSound) await reach(best, true)
  })
})

test('iris is not told apart by a column of few different values', async () => {
  const { n, d, points, mixtures } = reference.sets[0]
  const found = await gaussianMixtureClustering.fit(Float32Array.from(points), n, d, { ...plain, k: 3, covariance: 'full' }, run)
  expect(found.figures.logLikelihood).toBeCloseTo(mixtures.full.logLikelihood, 1)
  expect([0, 1, 2].map((c) => found.labels.filter((label) => label === c).length)).toEqual(mixtures.full.sizes)
})

test('assigned rows get their labels and posteriors again; a row with NaN gets class 0', async () => {
  const { n, d, k, points } = reference.sets[3]
  const X = Float32Array.from(points)
  const found = await gaussianMixtureClustering.fit(X, n, d, { ...plain, k, covariance: 'full' }, run)
  const out = new Int32Array(n)
  const membership = new Float32Array(n)
  const assign = openAssigner(found.assigner!)
  assign(X, n, out, membership)
  expect([...out]).toEqual([...found.labels])
  for (const [i, value] of membership.entries()) expect(value).toBeCloseTo(found.membership?.[i] as number, 5)
  for (const value of membership) expect(value).toBeGreaterThan(1 / k - 1e-6)
  const alone = new Int32Array(1).fill(7)
  assign(new Float32Array(d).fill(Number.NaN), 1, alone)
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
