import { describe, expect, test } from 'vitest'
import { bestF1, detectionAbove, rankScores } from '#engine/analysis/evaluation/ranking.ts'
import { areaError, areaUnderRoc, averagePrecision, precisionCurve, rocAuc, rocCurve } from '#engine/analysis/evaluation/roc.ts'
import { randomStream } from '#engine/analysis/random.ts'
import reference from '../../../../fixtures/analysis.json' with { type: 'json' }
import odd from '../../../../fixtures/oddTables.json' with { type: 'json' }
import evaluation from '../../../../fixtures/evaluation.json' with { type: 'json' }

const { positive, scores, auc, averagePrecision: precision } = reference.roc
const area = (x: ArrayLike<number>, y: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 1; i < x.length; i++) sum += ((x[i] - x[i - 1]) * (y[i] + y[i - 1])) / 2
  return sum
}

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

test('without positives or negatives there is no answer, and NaN is refused', () => {
  expect(rocAuc([1, 2], [1, 1])).toBeNaN()
  expect(averagePrecision([1, 2], [0, 0])).toBeNaN()
  expect(() => rocAuc([1, Number.NaN], [1, 0])).toThrow(RangeError)
  expect(areaError(rankScores([1, 2], [0, 1]))).toBeNull()
})

describe.each(evaluation.scores.map((one, i) => ({ ...one, what: `case ${i + 1}` })))('as scikit-learn, $what', (known) => {
  const ranking = rankScores(Float32Array.from(known.scores), known.positive)

  test('figures, at the threshold and at the best one', () => {
    const at = detectionAbove(ranking, known.threshold)
    expect(areaUnderRoc(ranking)).toBeCloseTo(known.figures.auc, 12)
    expect(averagePrecision(Float32Array.from(known.scores), known.positive)).toBeCloseTo(known.figures.averagePrecision, 12)
    expect(at.precision).toBeCloseTo(known.figures.precision, 12)
    expect(at.recall).toBeCloseTo(known.figures.recall, 12)
    expect(at.f1).toBeCloseTo(known.figures.f1, 12)
    expect(at.falseAlarmRate).toBeCloseTo(known.figures.falseAlarmRate, 12)
    const best = bestF1(ranking)
    expect(best.f1).toBeCloseTo(known.bestF1, 12)
    // Its threshold flags just those rows.
    expect(detectionAbove(ranking, best.threshold).f1).toBe(best.f1)
    expect(areaError(ranking)).toBeCloseTo(known.aucError, 12)
  })

  test('curves', () => {
    const roc = rocCurve(ranking)
    const pr = precisionCurve(ranking)
    // scikit-learn keeps some points on straight lines; its corners are ours.
    const ours = new Set([...roc.falseAlarmRate].map((x, i) => `${x.toFixed(9)} ${roc.recall[i].toFixed(9)}`))
    const theirs = new Set(known.roc.falseAlarmRate.map((x, i) => `${x.toFixed(9)} ${known.roc.recall[i].toFixed(9)}`))
    expect([...ours].filter((point) => !theirs.has(point))).toEqual([])
    expect(area(roc.falseAlarmRate, roc.recall)).toBeCloseTo(known.figures.auc, 12)
    // Newer scikit-learn goes on to recall 1 only once.
    const n = known.pr.recall.length
    expect([...pr.recall.subarray(0, n)].map((x) => x.toFixed(9))).toEqual(known.pr.recall.map((x) => x.toFixed(9)))
    expect([...pr.precision.subarray(0, n)].map((x) => x.toFixed(9))).toEqual(known.pr.precision.map((x) => x.toFixed(9)))
    expect([...pr.threshold.subarray(0, n)]).toEqual(known.pr.threshold.map(Math.fround))
  })
})

test.each(odd.ranks)('as scikit-learn at the edges: $what', ({ positive, scores, auc: area, averagePrecision: precision }) => {
  const ours = scores.map((score) => score ?? Number.POSITIVE_INFINITY)
  expect(rocAuc(ours, positive)).toBeCloseTo(area, 12)
  expect(averagePrecision(ours, positive)).toBeCloseTo(precision, 12)
})

test('a long curve keeps its area and the corners of its hull by 2000 points', () => {
  const random = randomStream(5, 'curve')
  const n = 60_000
  const labels = Uint8Array.from({ length: n }, () => (random.uniform() < 0.3 ? 1 : 0))
  const values = Float64Array.from(labels, (label) => random.uniform() ** (label ? 0.5 : 1.5))
  const ranking = rankScores(values, labels)
  const roc = rocCurve(ranking)
  const pr = precisionCurve(ranking)
  expect(roc.recall.length).toBeLessThanOrEqual(2000)
  expect(pr.recall.length).toBeLessThanOrEqual(2000)
  expect(area(roc.falseAlarmRate, roc.recall)).toBeCloseTo(areaUnderRoc(ranking), 4)
  expect([roc.falseAlarmRate[0], roc.recall[0], roc.falseAlarmRate.at(-1), roc.recall.at(-1)]).toEqual([0, 0, 1, 1])
  // The best point for any price of a false alarm lies on the hull: it is the same with all points.
  const all = rocCurve(ranking, Number.POSITIVE_INFINITY)
  for (const price of [0.2, 1, 5]) {
    const best = (curve: typeof roc): number => Math.max(...curve.recall.map((y, i) => y - price * curve.falseAlarmRate[i]))
    expect(best(roc)).toBe(best(all))
  }
  expect([...pr.threshold]).toEqual([...pr.threshold].sort((a, b) => b - a))
})

test('the best threshold of scores that are all alike flags all of them', () => {
  const best = bestF1(rankScores([2, 2, 2], [1, 0, 1]))
  expect(best).toMatchObject({ flagged: 3, recall: 1, f1: 0.8 })
  expect(best.threshold).toBeLessThan(2)
})

test('one row of each, and scores without end, have their figures', () => {
  const pair = rankScores([1, 2], [0, 1])
  expect(areaUnderRoc(pair)).toBe(1)
  expect(areaError(pair)).toBeNull()
  const endless = rankScores([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0], [0, 1, 0])
  expect(areaUnderRoc(endless)).toBe(0.75)
  const best = bestF1(rankScores([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], [0, 1]))
  expect(best).toMatchObject({ threshold: Number.MAX_VALUE, flagged: 2, recall: 1, precision: 0.5 })
})
