import { expect, test } from 'vitest'
import { pairedTTest } from '#engine/analysis/evaluation/pairedTest.ts'
import { studentTwoSided } from '#engine/analysis/statistics/tailProbability.ts'
import reference from '../../../../fixtures/comparison.json' with { type: 'json' }

test('equals scipy’s paired t test and its tails', () => {
  for (const { a, b, p } of reference.paired) expect(pairedTTest(a, b)).toBeCloseTo(p, 12)
  for (const [t, freedom, p] of reference.tails) expect(studentTwoSided(t, freedom)).toBeCloseTo(p, 12)
})

test('equal pairs cannot be told apart, pairs that differ by a constant can, one pair says nothing', () => {
  expect(pairedTTest([0.5, 0.7, 0.6], [0.5, 0.7, 0.6])).toBe(1)
  expect(pairedTTest([0.5, 0.7, 0.6], [0.5 + 1e-15, 0.7, 0.6])).toBe(1)
  expect(pairedTTest([1, 2, 3], [2, 3, 4])).toBe(0)
  expect(pairedTTest([1], [2])).toBeNull()
  expect(() => pairedTTest([1, 2], [1])).toThrow(RangeError)
})
