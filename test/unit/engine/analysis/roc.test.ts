import { expect, test } from 'vitest'
import { averagePrecision, rocAuc, rocCurve } from '#engine/analysis/roc.ts'
import reference from '../../../fixtures/analysis.json' with { type: 'json' }

const { positive, scores, auc, averagePrecision: precision } = reference.roc

test('agrees with scikit-learn, ties included', () => {
  expect(rocAuc(scores, positive)).toBeCloseTo(auc, 12)
  expect(averagePrecision(scores, positive)).toBeCloseTo(precision, 12)
})

test('by hand: scores 3 2 2 1, positives first and third', () => {
  // Pairs: 3>2 and 3>1 won, 2 against 2 half, 2>1 won: 3.5 of 4. Precision 1/1 at recall ½, then 2/3.
  expect(rocAuc([3, 2, 2, 1], [1, 0, 1, 0])).toBe(3.5 / 4)
  expect(averagePrecision([3, 2, 2, 1], [1, 0, 1, 0])).toBeCloseTo(0.5 + (0.5 * 2) / 3, 12)
})

test('equal scores are chance, turned scores are the complement', () => {
  expect(rocAuc([1, 1, 1, 1], [1, 0, 1, 0])).toBe(0.5)
  expect(
    rocAuc(
      scores.map((score) => -score),
      positive,
    ),
  ).toBeCloseTo(1 - auc, 12)
})

test('the area under the curve is the AUC, and the curve ends at (1, 1)', () => {
  const curve = rocCurve(scores, positive)
  const area = curve
    .slice(1)
    .reduce(
      (sum, point, i) =>
        sum + ((point.falsePositiveRate - curve[i].falsePositiveRate) * (point.truePositiveRate + curve[i].truePositiveRate)) / 2,
      0,
    )
  expect(area).toBeCloseTo(auc, 12)
  expect(curve.at(-1)).toMatchObject({ falsePositiveRate: 1, truePositiveRate: 1 })
})

test('without positives or negatives there is no answer, and NaN is refused', () => {
  expect(rocAuc([1, 2], [1, 1])).toBeNaN()
  expect(averagePrecision([1, 2], [0, 0])).toBeNaN()
  expect(() => rocAuc([1, Number.NaN], [1, 0])).toThrow(RangeError)
})
