import { expect, test } from 'vitest'
import { mutualInformationGap } from '#engine/analysis/mutualInformationGap.ts'

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
