import { expect, test } from 'vitest'
import { addToHistogram, quantiles } from '#engine/analysis/statistics/quantiles.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { binomialQuantile, percentileThreshold } from '#engine/analysis/anomalies/thresholds.ts'
import reference from '../../../../fixtures/analysis.json' with { type: 'json' }

test('quantiles agree with numpy, NaN left out', () => {
  const { values, q, expected } = reference.quantiles
  for (const [i, value] of quantiles([Number.NaN, ...values], q).entries()) expect(value).toBeCloseTo(expected[i], 12)
  expect(quantiles([], [0.5])[0]).toBeNaN()
})

test.each(reference.binomial)('binomial n = %i, p = %f: quantile %f agrees with scipy', (n, p, q, expected) => {
  expect(binomialQuantile(n, p, q)).toBe(expected)
})

test('the interval of a percentile holds the true one about 95 times in 100', () => {
  const random = randomStream(1, 'coverage')
  let covered = 0
  for (let trial = 0; trial < 1000; trial++) {
    const { low, high, threshold } = percentileThreshold(
      Float64Array.from({ length: 400 }, () => random.uniform()),
      95,
    )
    if (low <= 0.95 && high >= 0.95) covered++
    expect(threshold).toBeGreaterThanOrEqual(low)
    expect(threshold).toBeLessThanOrEqual(high)
  }
  // At least 95 %; order statistics are discrete, so a little more. Four standard errors of 1000 trials either way.
  expect(covered).toBeGreaterThan(922)
  expect(covered).toBeLessThan(990)
})

test('too few scores leave the upper end open', () => {
  expect(percentileThreshold([1, 2, 3, 4, 5], 99.5)).toMatchObject({ high: Number.POSITIVE_INFINITY, n: 5 })
  expect(() => percentileThreshold([Number.NaN], 99)).toThrow(RangeError)
  expect(() => percentileThreshold([1], 100)).toThrow(RangeError)
})

test('a histogram counts each value once, the ends catch what lies beyond', () => {
  const counts = new Float64Array(4)
  addToHistogram([-5, 0, 0.99, 1, 3.5, 4, 9, Number.NaN], 0, 4, counts)
  expect([...counts]).toEqual([3, 1, 0, 3])
})
