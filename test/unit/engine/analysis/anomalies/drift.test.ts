import { expect, test } from 'vitest'
import { kolmogorovSmirnov, meanDiscrepancy, populationStability } from '#engine/analysis/anomalies/drift.ts'
import { fitLogistic, logOdds } from '#engine/analysis/statistics/logistic.ts'
import { holm } from '#engine/analysis/statistics/tailProbability.ts'
import { pearson, ranksOf } from '#engine/analysis/statistics/rankCorrelation.ts'
import reference from '../../../../fixtures/thresholds/thresholds.json' with { type: 'json' }

const { drift } = reference
const sorted = (values: readonly number[]): Float64Array => Float64Array.from(values).sort()

test('two samples are compared as by scipy', () => {
  const { statistic, p } = kolmogorovSmirnov(sorted(drift.a), sorted(drift.b))
  expect(statistic).toBeCloseTo(drift.ks, 12)
  // The limit against the exact distribution.
  expect(p / drift.p).toBeGreaterThan(0.8)
  expect(p / drift.p).toBeLessThan(1.25)
  expect(kolmogorovSmirnov(sorted(drift.a), sorted(drift.a))).toEqual({ statistic: 0, p: 1 })
})

test('population stability counts in bins of the first sample', () => {
  expect(populationStability(sorted(drift.a), sorted(drift.b))).toBeCloseTo(drift.psi, 12)
  expect(populationStability(sorted(drift.a), sorted(drift.a))).toBe(0)
})

test('few distinct values are bins of their own', () => {
  // Of 10 zeros and 10 ones to 5 and 15, half a count added: shares 10.5/21.5 each (one empty bin) to 5.5 and 15.5.
  const [p, q, empty] = [10.5 / 21.5, [5.5 / 21.5, 15.5 / 21.5], 0.5 / 21.5]
  const expected = q.reduce((sum, share) => sum + (share - p) * Math.log(share / p), 0) + (empty - empty)
  const values = (zeros: number): Float64Array => Float64Array.from({ length: 20 }, (_, i) => Number(i >= zeros))
  expect(populationStability(values(10), values(5))).toBeCloseTo(expected, 12)
})

test('p values of many columns are corrected by Holm', () => {
  for (const [i, p] of holm(drift.holm.p).entries()) expect(p).toBeCloseTo(drift.holm.adjusted[i], 12)
})

test('the kernel discrepancy agrees with its formula, and chance with itself', async () => {
  const [A, B] = [Float32Array.from(drift.A), Float32Array.from(drift.B)]
  const options = { permutations: 199, seed: 7 }
  const found = await meanDiscrepancy(A, 40, B, 30, 3, options)
  expect(found.squared).toBeCloseTo(drift.mmd, 9)
  expect(found.width).toBeCloseTo(drift.width, 9)
  expect(found.p).toBeLessThan(0.05)
  expect(await meanDiscrepancy(A, 40, B, 30, 3, options)).toEqual(found)
  const same = await meanDiscrepancy(A.subarray(0, 60), 20, A.subarray(60), 20, 3, options)
  expect(same.p).toBeGreaterThan(0.05)
})

test('logistic regression agrees with scikit-learn', async () => {
  const { X, y, lambda, weights, intercept } = reference.logistic
  const values = Float64Array.from(X)
  const model = await fitLogistic(values, y, new Float64Array(120).fill(1), 120, 4, lambda)
  for (const [j, weight] of model.weights.entries()) expect(weight).toBeCloseTo(weights[j], 5)
  expect(model.intercept).toBeCloseTo(intercept, 5)
  expect(logOdds(model, values.subarray(0, 4), 1)[0]).toBeCloseTo(
    weights.reduce((sum, weight, j) => sum + weight * X[j], intercept),
    4,
  )
})

test('classes that are apart give finite weights', async () => {
  const { weights } = await fitLogistic(Float64Array.of(-2, -1, 1, 2), [0, 0, 1, 1], [1, 1, 1, 1], 4, 1, 0.1)
  expect(weights[0]).toBeGreaterThan(1)
  expect(Number.isFinite(weights[0])).toBe(true)
})

test('ranks share ties, and their correlation is Spearman’s', () => {
  expect([...ranksOf([3, 1, 3, 2])]).toEqual([2.5, 0, 2.5, 1])
  expect(pearson(ranksOf([1, 2, 3, 4]), ranksOf([1, 4, 9, 16]))).toBeCloseTo(1, 12)
  expect(pearson([1, 1, 1], [1, 2, 3])).toBe(0)
})
