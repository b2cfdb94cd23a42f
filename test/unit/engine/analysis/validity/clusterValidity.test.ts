import { expect, test } from 'vitest'
import { ValidityTally } from '#engine/analysis/validity/clusterValidity.ts'
import { silhouette } from '#engine/analysis/validity/silhouette.ts'
import reference from '../../../../fixtures/comparison.json' with { type: 'json' }

function validity(X: Float32Array, d: number, labels: readonly number[], k: number, block: number) {
  const n = labels.length
  const tally = new ValidityTally(k, d)
  for (const turn of ['addToMeans', 'addToSpreads'] as const)
    for (let from = 0; from < n; from += block) {
      const to = Math.min(n, from + block)
      tally[turn](X.subarray(from * d, to * d), labels.slice(from, to), to - from)
    }
  return tally.result()
}

test('equals scikit-learn’s whatever the blocks, also far from zero and with a class of one row', async () => {
  for (const { d, points, labels, ...expected } of reference.validity) {
    const X = Float32Array.from(points)
    const k = Math.max(...labels) + 1
    for (const block of [7, 1000]) {
      const found = validity(
        X,
        d,
        labels.map((id) => id + 1),
        k,
        block,
      )
      expect(Math.abs((found?.calinskiHarabasz ?? Number.NaN) / expected.calinskiHarabasz - 1)).toBeLessThan(1e-9)
      // Far from zero scikit-learn's distances themselves lose digits, to about 1e-7.
      expect(Math.abs((found?.daviesBouldin ?? Number.NaN) / expected.daviesBouldin - 1)).toBeLessThan(1e-6)
    }
    expect(await silhouette(X, labels.length, d, labels, k, { seed: 0, sample: labels.length })).toBeCloseTo(expected.silhouette, 6)
  }
})

test('by hand: 0, 2 | 10, 12 on a line', () => {
  // Means 1 and 11, of all 6: between 2·25 + 2·25 = 100 over 1, within 4 over 2. Spreads 1 and 1, 10 apart.
  expect(validity(Float32Array.of(0, 2, 10, 12), 1, [1, 1, 2, 2], 2, 3)).toEqual({ calinskiHarabasz: 50, daviesBouldin: 0.2 })
})

test('rows without data and classes without rows do not count; one class has no validity', () => {
  const X = Float32Array.of(0, 99, 2, 10, 12)
  expect(validity(X, 1, [1, 0, 1, 4, 4], 4, 2)).toEqual({ calinskiHarabasz: 50, daviesBouldin: 0.2 })
  expect(validity(X, 1, [1, 1, 1, 1, 1], 3, 2)).toBeNull()
  expect(validity(X, 1, [1, 2, 3, 4, 5], 5, 2)).toBeNull()
})
