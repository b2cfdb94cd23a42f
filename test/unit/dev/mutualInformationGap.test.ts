import { expect, test } from 'vitest'
import { mutualInformationGap, posteriorInformationGap } from '../../helpers/mutualInformationGap.ts'

const codes = (...rows: number[][]) => Float32Array.from(rows.flat())

test('is one where each cause has a number of its own', () => {
  const rows = [0, 1, 2, 3].map((i) => [i % 2, i >> 1])
  const { mean, causes } = mutualInformationGap(codes(...rows), 2, [rows.map(([a]) => a), rows.map(([, b]) => b)])
  expect(mean).toBeCloseTo(1, 12)
  expect(causes[0].told).toEqual([expect.closeTo(1, 12), expect.closeTo(0, 12)])
})

test('is zero where two numbers tell the same', () => {
  expect(mutualInformationGap(codes([0, 0], [1, 1], [2, 2]), 2, [['a', 'b', 'c']]).mean).toBeCloseTo(0, 12)
})

test('is what entropies by hand give', () => {
  // The first number tells the cause in three rows of four: H(v) = ln 2; I = H(v) − ¾ · H(⅓).
  const v = [0, 0, 1, 1]
  const { causes } = mutualInformationGap(codes([0, 5], [0, 5], [0, 5], [1, 5]), 2, [v])
  const conditional = 0.75 * -(Math.log(1 / 3) / 3 + (2 * Math.log(2 / 3)) / 3)
  expect(causes[0].told[0]).toBeCloseTo(1 - conditional / Math.log(2), 12)
  expect(causes[0].told[1]).toBeCloseTo(0, 12)
  expect(causes[0].gap).toBeCloseTo(1 - conditional / Math.log(2), 12)
})

test('refuses a cause without variation and a code of one number', () => {
  expect(() => mutualInformationGap(codes([0, 1], [1, 0]), 2, [[3, 3]])).toThrow('same value in every row')
  expect(() => mutualInformationGap(codes([0], [1]), 1, [[1, 2]])).toThrow('at least two numbers')
})

/** Rows whose first number has its place, plus noise of spread s, and whose second is the prior whatever the row. */
function posteriors(means: readonly number[], s: number) {
  return {
    mu: Float32Array.from(means.flatMap((m) => [m, 0])),
    logVariance: Float32Array.from(means.flatMap(() => [2 * Math.log(s), 0])),
    Z: 2,
  }
}
const twoPlaces = Array.from({ length: 1000 }, (_, i) => i % 2)

test('from posteriors is one where a number tells the cause in spite of its noise, and the other is empty', () => {
  const { mean, causes } = posteriorInformationGap(posteriors(twoPlaces, 0.01), [twoPlaces])
  expect(mean).toBeCloseTo(1, 3)
  expect(causes[0].told).toEqual([expect.closeTo(1, 3), expect.closeTo(0, 2)])
})

test('from posteriors is the information of a noisy channel of two places', () => {
  // Places −1 and 1 with noise of spread 1: h(z) − h(z | v), h(z) by summing over a grid.
  const density = (z: number) => [-1, 1].reduce((sum, m) => sum + (0.5 * Math.exp(-0.5 * (z - m) ** 2)) / Math.sqrt(2 * Math.PI), 0)
  const step = 0.001
  let entropy = 0
  for (let z = -9; z < 9; z += step) entropy -= step * density(z) * Math.log(density(z))
  const wanted = (entropy - 0.5 * Math.log(2 * Math.PI * Math.E)) / Math.LN2
  const { causes } = posteriorInformationGap(
    posteriors(
      twoPlaces.map((v) => 2 * v - 1),
      1,
    ),
    [twoPlaces],
  )
  // One draw of each of 1000 rows: an error of about a hundredth.
  expect(Math.abs(causes[0].told[0] - wanted)).toBeLessThan(0.04)
})

test('from posteriors takes an empty number for empty, whatever the means of it are', () => {
  const { mu, logVariance } = posteriors(twoPlaces, 1)
  const small = mu.map((value) => 1e-3 * value)
  expect(posteriorInformationGap({ mu: small, logVariance, Z: 2 }, [twoPlaces]).causes[0].told[0]).toBeLessThan(0.01)
  expect(mutualInformationGap(small, 2, [twoPlaces]).causes[0].told[0]).toBeCloseTo(1, 6)
})
