import { expect, test } from 'vitest'
import { contingency, matchingCeiling } from '#engine/analysis/evaluation/agreement.ts'
import { adjustedMutualInformation, informationOf, vMeasure } from '#engine/analysis/evaluation/information.ts'
import reference from '../../../../fixtures/comparison.json' with { type: 'json' }

const tableOf = (found: readonly number[], truth: readonly number[]) =>
  contingency(found, truth, Math.max(...found) + 1, Math.max(...truth) + 1, -1)

test('homogeneity, completeness, V and adjusted mutual information equal scikit-learn’s', () => {
  for (const { truth, found, ...expected } of reference.agreement) {
    const table = tableOf(found, truth)
    const measured = vMeasure(table)
    expect(measured.homogeneity).toBeCloseTo(expected.homogeneity, 9)
    expect(measured.completeness).toBeCloseTo(expected.completeness, 9)
    expect(measured.v).toBeCloseTo(expected.v, 9)
    expect(adjustedMutualInformation(table)).toBeCloseTo(expected.ami, 8)
  }
})

test('is 1 for the same partition under other names, and about 0 for chance', () => {
  const truth = Array.from({ length: 60 }, (_, i) => i % 3)
  const renamed = truth.map((id) => [2, 0, 1][id])
  expect(adjustedMutualInformation(tableOf(renamed, truth))).toBeCloseTo(1, 12)
  expect(vMeasure(tableOf(renamed, truth))).toEqual({ homogeneity: 1, completeness: 1, v: 1 })
  expect(Math.abs(adjustedMutualInformation(tableOf(reference.agreement[1].found, reference.agreement[1].truth)))).toBeLessThan(0.02)
})

test('by hand: two halves against two halves crossed share nothing', () => {
  const table = tableOf([0, 0, 1, 1], [0, 1, 0, 1])
  expect(informationOf(table)).toEqual({ found: Math.log(2), truth: Math.log(2), shared: 0 })
  // E[I] over the tables with sums 2, 2: diagonal ones (2 of 6 arrangements) share ln 2, the others 0.
  expect(adjustedMutualInformation(table)).toBeCloseTo(-(1 / 3) / (1 - 1 / 3), 12)
})

test('counts of a hundred million rows are no harder than few', () => {
  const counts = Float64Array.from([6e7, 1e6, 2e6, 3.7e7])
  const table = {
    counts,
    nFound: 2,
    nTruth: 2,
    foundSizes: Float64Array.of(6.1e7, 3.9e7),
    truthSizes: Float64Array.of(6.2e7, 3.8e7),
    total: 1e8,
  }
  // Chance shares about (nFound − 1)(nTruth − 1) / 2n: nothing, so the adjusted figure is the normalised one.
  const { found, truth, shared } = informationOf(table)
  expect(adjustedMutualInformation(table)).toBeCloseTo(shared / ((found + truth) / 2), 7)
})

test('k classes can at best be the k largest labelled ones', () => {
  expect(matchingCeiling([10, 50, 40], 2)).toBeCloseTo(0.9, 12)
  expect(matchingCeiling([10, 50, 40], 3)).toBe(1)
  expect(matchingCeiling([10, 50, 40], 7)).toBe(1)
})
