import { describe, expect, test } from 'vitest'
import { confidenceFrom } from '#engine/analysis/anomalies/confidence.ts'
import { estimateContamination } from '#engine/analysis/anomalies/contamination.ts'
import { quantileInterval } from '#engine/analysis/anomalies/extremeInterval.ts'
import { byMoments, fitParetoTail, paretoQuantile } from '#engine/analysis/anomalies/extremeValues.ts'
import { ledoitWolf } from '#engine/analysis/anomalies/ledoitWolf.ts'
import { mahalanobis } from '#engine/analysis/anomalies/mahalanobis.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { regularisedBeta } from '#engine/analysis/statistics/regularisedBeta.ts'
import { extremeThreshold, labelThreshold, madThreshold, shareThreshold } from '#engine/analysis/anomalies/thresholdRules.ts'
import reference from '../../../../fixtures/thresholds/thresholds.json' with { type: 'json' }

const logLikelihood = (y: readonly number[], shape: number, scale: number): number =>
  y.reduce((sum, v) => sum - Math.log(scale) - (Math.abs(shape) < 1e-9 ? v / scale : (1 + 1 / shape) * Math.log1p((shape * v) / scale)), 0)

describe('tails of scores', () => {
  test.each(reference.pareto)('are fitted as likely as by scipy, shape $shape', ({ y, shape, scale, tail, quantiles, ...expected }) => {
    const found = fitParetoTail(y)
    expect(logLikelihood(y, found.shape, found.scale)).toBeGreaterThan(expected.logLikelihood - 1e-6)
    expect(found.shape).toBeCloseTo(shape, 4)
    expect(found.scale / scale).toBeCloseTo(1, 4)
    for (const [i, q] of tail.entries()) {
      expect(paretoQuantile({ shape, scale }, q) / quantiles[i]).toBeCloseTo(1, 9)
      expect(paretoQuantile(found, q) / quantiles[i]).toBeCloseTo(1, 3)
    }
  })

  test('moments find a tail from its own law', () => {
    // Quantiles of the law at evenly spaced ranks are a sample without chance.
    const y = Array.from({ length: 20_000 }, (_, i) => paretoQuantile({ shape: 0.2, scale: 3 }, 1 - (i + 0.5) / 20_000))
    const found = byMoments(y)
    expect(found.shape).toBeCloseTo(0.2, 2)
    expect(found.scale).toBeCloseTo(3, 1)
  })

  test('peaks that are all alike or below zero are refused', () => {
    expect(() => fitParetoTail([0, 0])).toThrow(RangeError)
    expect(() => fitParetoTail([3, 3, 3])).toThrow(RangeError)
    expect(() => fitParetoTail([1, -1])).toThrow(RangeError)
  })
})

const run = { seed: 7 }
const normals = (n: number, name: string): Float64Array => {
  const random = randomStream(3, name)
  return Float64Array.from({ length: n }, () => Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform()))
}

describe('rules for a threshold', () => {
  test('a share is the percentile', () => {
    const sorted = Float64Array.from(reference.normal)
    const { threshold, low, high } = shareThreshold(sorted, 0.05)
    expect(threshold).toBeCloseTo(reference.confidence[4].threshold, 12)
    expect(low).toBeLessThan(threshold)
    expect(high).toBeGreaterThan(threshold)
  })

  test('median absolute deviation agrees with scipy, and its interval holds it', async () => {
    const { threshold, low, high, found } = await madThreshold(Float64Array.from(reference.normal), 3, run)
    expect(found.median).toBeCloseTo(reference.mad.median, 12)
    expect(found.mad).toBeCloseTo(reference.mad.mad, 12)
    expect(threshold).toBeCloseTo(reference.mad.threshold3, 9)
    expect(low).toBeLessThan(threshold)
    expect(high).toBeGreaterThan(threshold)
  })

  test('the tail tells a quantile that lies beyond the scores themselves', () => {
    const sorted = normals(20_000, 'tail')
      .map((v) => Math.exp(v))
      .sort()
    // Log-normal: one in 100 000 exceeds exp(4.2649).
    const { threshold, low, high, found } = extremeThreshold(sorted, 1e-5)
    expect(low).toBeLessThan(Math.exp(4.2649))
    expect(high).toBeGreaterThan(Math.exp(4.2649))
    expect(threshold).toBeGreaterThan(sorted[19_990])
    expect(found.peaks).toBe(400)
    expect(extremeThreshold(sorted, 1e-5, { brief: true })).toMatchObject({ threshold, low: Number.NaN, high: Number.NaN })
    // As many as there are peaks, or more: the scores themselves say it.
    expect(extremeThreshold(sorted, 0.03)).toMatchObject({ ...shareThreshold(sorted, 0.03), intervalBy: 'order statistics' })
  })

  test.each(reference.pareto.filter(({ profile }) => profile.length > 0))(
    'the interval of a quantile is that of its profile likelihood, shape $shape',
    ({ y, profile }) => {
      for (const { tail, at, low, high } of profile) {
        const [from, to] = quantileInterval(Float64Array.from(y), tail, at)
        expect(from / low).toBeCloseTo(1, 5)
        expect(to / high).toBeCloseTo(1, 5)
      }
    },
  )

  test('95 % intervals of few peaks hold the true quantile about as often as they say', () => {
    // Exponential scores: one in 10 000 exceeds ln 10 000. With as few as twenty peaks it is about 92 %; two standard errors of 300 are 3 %.
    const times = 300
    let held = 0
    for (let t = 0; t < times; t++) {
      const random = randomStream(t, 'exponential')
      const { low, high } = extremeThreshold(Float64Array.from({ length: 500 }, () => -Math.log(1 - random.uniform())).sort(), 1e-4)
      if (low <= Math.log(1e4) && Math.log(1e4) <= high) held++
    }
    expect(held / times).toBeGreaterThan(0.89)
    expect(held / times).toBeLessThan(0.98)
  })

  test('scores that are too few or all alike have no tail', () => {
    const unsuitable = expect.objectContaining({ code: 'DATA_UNSUITABLE' })
    const refused = (sorted: Float64Array) => expect(() => extremeThreshold(sorted, 0.001)).toThrow(unsuitable)
    refused(new Float64Array(30).map((_, i) => i))
    refused(new Float64Array(300).fill(2))
    // All that is above the rest is the same: no law says what lies beyond.
    refused(Float64Array.from({ length: 300 }, (_, i) => (i < 280 ? 0 : 1)))
  })

  test('where half of the scores are the same there is no deviation from the median', async () => {
    const sorted = Float64Array.from({ length: 101 }, (_, i) => Math.max(0, i - 60))
    await expect(madThreshold(sorted, 3, run)).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
  })

  test('labels of one kind choose nothing', async () => {
    for (const positive of [
      [1, 1],
      [0, 0],
    ])
      await expect(labelThreshold(Float64Array.of(1, 2), Uint8Array.from(positive), run)).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
  })

  test('labels choose the largest F1, worked by hand', async () => {
    // Falling 9+ 8+ 7− 6+ 5− 4−: F1 after 9, 8 is 4/5, after 6 is 6/7.
    const scores = Float64Array.of(4, 9, 7, 6, 8, 5)
    const { threshold, found } = await labelThreshold(scores, Uint8Array.of(0, 1, 0, 1, 1, 0), run)
    expect(threshold).toBe(5.5)
    expect(found.f1).toBeCloseTo(6 / 7, 12)
  })

  test('labels of very many rows choose the largest F1 of all of them, with an interval as narrow as so many rows make it', async () => {
    const n = 60_000
    const random = randomStream(3, 'labels')
    const positive = Uint8Array.from({ length: n }, () => Number(random.uniform() < 0.1))
    const scores = Float32Array.from(positive, (one) => random.uniform() ** (one ? 0.2 : 1))
    const { threshold, low, high, found } = await labelThreshold(scores, positive, run)
    const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a])
    const P = positive.reduce((a, b) => a + b, 0)
    let [hits, most, best] = [0, 0, 0]
    for (const [at, i] of order.entries()) {
      hits += positive[i]
      const f1 = (2 * hits) / (at + 1 + P)
      if (f1 > most && scores[order[at + 1]] < scores[i]) [most, best] = [f1, (scores[i] + scores[order[at + 1]]) / 2]
    }
    expect(threshold).toBeCloseTo(best, 12)
    expect(found.f1).toBeCloseTo(most, 12)
    expect(low).toBeLessThanOrEqual(threshold)
    expect(high).toBeGreaterThanOrEqual(threshold)
    expect(high - low).toBeGreaterThan(0)
    expect(high - low).toBeLessThan(0.05)
  })

  test('equal scores are flagged together', async () => {
    const { threshold } = await labelThreshold(Float64Array.of(3, 3, 1, 1), Uint8Array.of(1, 0, 0, 0), run)
    expect(threshold).toBe(2)
  })
})

test('labels choose a threshold that flags what they say, also of infinite and of neighbouring numbers', async () => {
  const next = 1 + Number.EPSILON
  for (const [scores, positive, flagged] of [
    [[Number.POSITIVE_INFINITY, 3, 2], [1, 0, 0], 1],
    [[next, 1, 1], [1, 0, 0], 1],
    [[Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], [1, 0], 2],
    [[2, 1, Number.NEGATIVE_INFINITY], [1, 1, 0], 2],
  ] as const) {
    const { threshold, low, high } = await labelThreshold(Float64Array.from(scores), Uint8Array.from(positive), run)
    expect(scores.filter((score) => score > threshold)).toHaveLength(flagged)
    expect([low, high].some(Number.isNaN)).toBe(false)
  }
})

describe('confidence of a flagged row', () => {
  test.each(reference.beta)('the beta distribution agrees with scipy at %f, %f, %f', (x, a, b, expected) => {
    expect(regularisedBeta(x, a, b)).toBeCloseTo(expected, 9)
  })

  test.each(reference.confidence)('at $score agrees with its formula', ({ threshold, score, pValue, confidence }) => {
    const found = confidenceFrom(reference.normal, threshold)
    expect(found.pValue(score)).toBeCloseTo(pValue, 12)
    expect(found.stability(score)).toBeCloseTo(confidence, 9)
  })
})

test('contamination is what there is beyond normal rows, within its interval', () => {
  // 10 000 rows of which 1000 score above every normal one: 4500 of the others lie below the median of the normal ones.
  const found = estimateContamination(4500, 10_000, 1000, 2000)
  expect(found?.value).toBeCloseTo(0.1, 12)
  expect(found?.low).toBeLessThan(0.1)
  expect(found?.high).toBeGreaterThan(0.1)
  expect(found?.high).toBeLessThan(0.16)
  expect(estimateContamination(10, 20, 10, 20)).toBeNull()
  // 1 − 1.04 + 1.96 · 1.04 · √(0.48 / 520 + 0.5 / 500)
  expect(estimateContamination(520, 1000, 500, 1000)).toMatchObject({ value: 0, high: expect.closeTo(0.0494, 3) })
  expect(estimateContamination(600, 1000, 500, 1000)).toMatchObject({ value: 0, high: 0 })
})

describe('Mahalanobis distance', () => {
  const { n, d, ...expected } = reference.mahalanobis
  const X = Float32Array.from(expected.X)

  test('shrinks the covariance as scikit-learn does', async () => {
    const { covariance, shrinkage } = await ledoitWolf(X, n, d)
    expect(shrinkage).toBeCloseTo(expected.shrinkage, 6)
    for (const [i, value] of covariance.entries()) expect(value).toBeCloseTo(expected.covariance[i], 5)
  })

  test('distances and blame agree with scikit-learn and with the least distance over the column', async () => {
    const fitted = await mahalanobis.fit(X, n, d, {}, { seed: 1, threads: 1 })
    const out = new Float64Array(n)
    await fitted.score(X, n, out)
    for (const [i, value] of out.entries()) expect(value / expected.distance[i]).toBeCloseTo(1, 5)
    const blame = new Float32Array(5 * d)
    await fitted.blame?.(X, 5, blame)
    for (const [i, value] of blame.entries()) expect(value).toBeCloseTo(expected.blame[i], 3)
  })

  test('columns that are all alike are refused in plain words', async () => {
    const flat = new Float32Array(40)
    await expect(mahalanobis.fit(flat, 10, 4, {}, { seed: 1, threads: 1 })).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
  })
})
