/** How unusual rows and pixels are, against tools of others (test/fixtures/make/anomalies). */
import { describe, expect, test } from 'vitest'
import { confidenceFrom } from '#engine/analysis/anomalies/confidence.ts'
import { estimateContamination } from '#engine/analysis/anomalies/contamination.ts'
import { kolmogorovSmirnov } from '#engine/analysis/anomalies/drift.ts'
import { ledoitWolf } from '#engine/analysis/anomalies/ledoitWolf.ts'
import { localRx } from '#engine/analysis/anomalies/localRx.ts'
import { mahalanobis } from '#engine/analysis/anomalies/mahalanobis.ts'
import { labelThreshold } from '#engine/analysis/anomalies/thresholdRules.ts'
import { pearson, ranksOf } from '#engine/analysis/statistics/rankCorrelation.ts'
import { openCloudKernels } from '#engine/analysis/detectors/cloudKernels.ts'
import { ellipsoidOf } from '#engine/analysis/detectors/ellipsoid.ts'
import reference from '../fixtures/anomalies/references.json' with { type: 'json' }

describe('a scene', () => {
  const { height, width, d, local, ...scene } = reference.rx
  const n = height * width
  const X = Float32Array.from(scene.pixels)

  test('scores by its mean and covariance as by Spectral Python', async () => {
    const mean = Float64Array.from({ length: d }, (_, j) => X.reduce((sum, v, at) => sum + (at % d === j ? v / n : 0), 0))
    const S = new Float64Array(d * d)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < d; j++)
        for (let k = 0; k < d; k++) S[j * d + k] += ((X[i * d + j] - mean[j]) * (X[i * d + k] - mean[k])) / (n - 1)
    const kernels = openCloudKernels(d)
    const ellipsoid = await ellipsoidOf(mean, S, d, undefined)
    const scores = new Float64Array(n)
    for (let at = 0; at < n; at += kernels.rowsAtOnce)
      kernels.squaredLengths(ellipsoid, X, null, at, Math.min(kernels.rowsAtOnce, n - at), scores)
    for (const [i, expected] of scene.global.entries()) expect(scores[i] / expected).toBeCloseTo(1, 9)
  })

  test('scores as by Spectral Python under the shrunk covariance too, but for what shrinking takes off', async () => {
    const { shrinkage } = await ledoitWolf(X, n, d)
    const fitted = await mahalanobis.fit(X, n, d, {}, { seed: 1, threads: 1 })
    const scores = new Float64Array(n)
    await fitted.score(X, n, scores)
    expect(shrinkage).toBeLessThan(0.02)
    expect(pearson(ranksOf(scores), ranksOf(scene.global))).toBeGreaterThan(0.95)
    expect(scores.indexOf(Math.max(...scores))).toBe(scene.global.indexOf(Math.max(...scene.global)))
  })

  test('scores by the ring around each pixel, at its edges and beside pixels without data too', async () => {
    const holed = X.slice()
    for (const pixel of local.holes) holed.fill(Number.NaN, pixel * d, (pixel + 1) * d)
    const scores: number[] = []
    await localRx({
      ...{ width, height, d, outer: local.outer, inner: local.inner },
      line: async (y) => holed.slice(y * width * d, (y + 1) * width * d),
      scored: (_, line) => void scores.push(...line),
    })
    expect(scores).toHaveLength(n)
    for (const [i, expected] of local.scores.entries())
      if (expected === null) expect(scores[i]).toBeNaN()
      else expect(scores[i] / expected).toBeCloseTo(1, 7)
  })
})

test.each(reference.confidence)(
  'the chance of staying flagged is that of PyOD, above $threshold',
  ({ calibration, threshold, ...rows }) => {
    const { stability } = confidenceFrom(calibration, threshold)
    for (const [i, score] of rows.scores.entries()) expect(stability(score)).toBeCloseTo(rows.flagged[i], 9)
  },
)

test.each(reference.f1)('labels choose the F1 of scikit-learn, $f1', async ({ scores, positive, f1, lowestFlagged, highestNotFlagged }) => {
  const { threshold, found } = await labelThreshold(Float64Array.from(scores), Uint8Array.from(positive), { seed: 1, brief: true })
  expect(found.f1).toBeCloseTo(f1, 12)
  expect(threshold).toBeLessThan(lowestFlagged)
  expect(threshold).toBeGreaterThanOrEqual(highestNotFlagged)
})

test.each(reference.twoSamples)('p of two samples that lie $statistic apart is close to the exact one', ({ a, b, statistic, p }) => {
  const found = kolmogorovSmirnov(Float64Array.from(a), Float64Array.from(b))
  expect(found.statistic).toBeCloseTo(statistic, 12)
  // Kolmogorov's limit: it is further off only where nothing is different anyway.
  expect(Math.abs(found.p - p)).toBeLessThan(p < 0.5 ? 0.01 : 0.03)
})

test.each(reference.share)('the share of unlike rows is Storey’s, $value, with the interval of a bootstrap', (expected) => {
  const found = estimateContamination(expected.below, expected.rows, expected.normalBelow, expected.normal)
  const width = expected.high - expected.low
  // Half of the normal rows may be one more or less than p values say.
  expect(found?.value).toBeCloseTo(expected.value, 2)
  for (const end of ['low', 'high'] as const) expect(Math.abs((found?.[end] ?? Number.NaN) - expected[end])).toBeLessThan(0.2 * width)
})
