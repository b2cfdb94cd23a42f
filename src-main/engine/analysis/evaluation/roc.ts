/**
 * How well scores rank anomalous rows above normal ones, and their curves. Scores are not NaN, a higher one means 'more anomalous'; equal
 * scores share their rank.
 */
import { type Ranking, rankScores } from './ranking.ts'

/**
 * Area under the ROC curve: the chance that a positive scores above a negative, ties counting half (Mann & Whitney).
 * NaN when there are no positives or no negatives.
 */
export const rocAuc = (scores: ArrayLike<number>, positive: ArrayLike<number>): number => areaUnderRoc(rankScores(scores, positive))

/** Average precision, Σ (R_n − R_{n−1}) P_n over distinct scores, without interpolation. NaN when there are no positives. */
export const averagePrecision = (scores: ArrayLike<number>, positive: ArrayLike<number>): number =>
  meanPrecision(rankScores(scores, positive))

export function areaUnderRoc(ranking: Ranking): number {
  let P = 0
  let N = 0
  let wins = 0
  for (const { steps, positives, negatives } of ranking.blocks())
    for (let g = 0; g < steps; g++) {
      wins += negatives[g] * (P + positives[g] / 2)
      P += positives[g]
      N += negatives[g]
    }
  return wins / (P * N)
}

/** Average precision of a ranking. */
export function meanPrecision(ranking: Ranking): number {
  let P = 0
  let seen = 0
  let sum = 0
  for (const { steps, positives, negatives } of ranking.blocks())
    for (let g = 0; g < steps; g++) {
      P += positives[g]
      seen += positives[g] + negatives[g]
      if (positives[g] > 0) sum += positives[g] * (P / seen)
    }
  return sum / P
}

/**
 * Standard error of the area (DeLong, DeLong & Clarke-Pearson, Biometrics 1988). V_i: share of negatives that positive i scores above; W_j:
 * share of positives that score above negative j; ties count half.
 *
 *   SE² = s²(V) / P + s²(W) / N            null with fewer than two of either
 */
export function areaError(ranking: Ranking): number | null {
  const { nPositive: P, nNegative: N } = ranking
  if (P < 2 || N < 2) return null
  const area = areaUnderRoc(ranking)
  let above = 0
  let below = N
  let varianceV = 0
  let varianceW = 0
  for (const { steps, positives, negatives } of ranking.blocks())
    for (let g = 0; g < steps; g++) {
      below -= negatives[g]
      varianceV += positives[g] * ((below + negatives[g] / 2) / N - area) ** 2
      varianceW += negatives[g] * ((above + positives[g] / 2) / P - area) ** 2
      above += positives[g]
    }
  return Math.sqrt(varianceV / (P - 1) / P + varianceW / (N - 1) / N)
}

/** Points of a curve as columns. Rows scoring at or above the threshold are flagged. */
export interface RocCurve {
  readonly threshold: Float64Array
  readonly falseAlarmRate: Float64Array
  readonly recall: Float64Array
}
export interface PrecisionCurve {
  readonly threshold: Float64Array
  readonly recall: Float64Array
  readonly precision: Float64Array
}

/**
 * The ROC curve from (0, 0) to (1, 1), by at most `most` points of it. All its corners where they are that few. Beyond that the corners of
 * its convex hull, as far as half of `most` hold them, and one of each of equal stretches along the curve: no point left out is further
 * than 4/`most` from one that stays.
 */
export function rocCurve(ranking: Ranking, most = 2000): RocCurve {
  const { nPositive: P, nNegative: N } = ranking
  let corners = 0
  const hull: CurvePoint[] = []
  for (const point of cornersOf(ranking)) {
    corners++
    while (hull.length >= 2 && isBelow(hull.at(-2) as CurvePoint, hull.at(-1) as CurvePoint, point)) hull.pop()
    hull.push(point)
  }
  const isWhole = corners <= most
  const hasHull = hull.length <= most / 2
  const stretches = most - 2 - (hasHull ? hull.length : 0)
  const chosen = new Map((hasHull ? hull : [hull[0], hull[hull.length - 1]]).map((point) => [point.at, point]))
  let last = -1
  for (const point of cornersOf(ranking)) {
    const stretch = isWhole ? point.at : Math.min(stretches - 1, Math.floor(((point.x / N + point.y / P) / 2) * stretches))
    if (stretch !== last) chosen.set(point.at, point)
    last = stretch
  }
  const kept = [...chosen.values()].sort((a, b) => a.at - b.at)
  return {
    threshold: Float64Array.from(kept, ({ threshold }) => threshold),
    falseAlarmRate: Float64Array.from(kept, ({ x }) => x / N),
    recall: Float64Array.from(kept, ({ y }) => y / P),
  }
}

/**
 * Precision over recall, from the highest threshold to the lowest, by at most `most` points: all where they are that few; beyond that the
 * points with the highest and the lowest precision in each of equal stretches of recall.
 */
export function precisionCurve(ranking: Ranking, most = 2000): PrecisionCurve {
  const stretches = Math.floor((most - 2) / 2)
  const isWhole = ranking.steps <= most
  const ends: PrecisionPoint[] = []
  const highest: PrecisionPoint[] = []
  const lowest: PrecisionPoint[] = []
  let TP = 0
  let seen = 0
  let step = 0
  for (const { steps, scores, positives, negatives } of ranking.blocks())
    for (let g = 0; g < steps; g++, step++) {
      TP += positives[g]
      seen += positives[g] + negatives[g]
      const recall = TP / ranking.nPositive
      const precision = TP / seen
      const isEnd = step === 0 || step === ranking.steps - 1
      const at = isWhole ? step : Math.min(stretches - 1, Math.floor(recall * stretches))
      const isHighest = !(precision <= highest[at]?.precision)
      const isLowest = !(precision >= lowest[at]?.precision)
      if (!isEnd && !isHighest && !isLowest) continue
      const point = { step, threshold: scores[g], recall, precision }
      if (isEnd) ends.push(point)
      if (isHighest) highest[at] = point
      if (isLowest) lowest[at] = point
    }
  // Stretches in which nothing lies are holes of both.
  const chosen = new Map([...ends, ...highest, ...lowest].filter((point) => point !== undefined).map((point) => [point.step, point]))
  const kept = [...chosen.values()].sort((a, b) => a.step - b.step)
  return {
    threshold: Float64Array.from(kept, ({ threshold }) => threshold),
    recall: Float64Array.from(kept, ({ recall }) => recall),
    precision: Float64Array.from(kept, ({ precision }) => precision),
  }
}

interface PrecisionPoint {
  readonly step: number
  readonly threshold: number
  readonly recall: number
  readonly precision: number
}

/** After step `at` − 1, whose score is the threshold: x normal and y anomalous rows are flagged. */
interface CurvePoint {
  readonly at: number
  readonly threshold: number
  readonly x: number
  readonly y: number
}

/** Points where the curve turns, with its ends: those between lie on a line. */
function* cornersOf(ranking: Ranking): Generator<CurvePoint> {
  let [at, x, y, threshold] = [0, 0, 0, Number.POSITIVE_INFINITY]
  let [right, up] = [0, 0]
  for (const { steps, scores, positives, negatives } of ranking.blocks())
    for (let g = 0; g < steps; g++) {
      if (at === 0 || right * positives[g] !== up * negatives[g]) yield { at, threshold, x, y }
      ;[right, up] = [negatives[g], positives[g]]
      x += right
      y += up
      threshold = scores[g]
      at++
    }
  yield { at, threshold, x, y }
}

/** Of three points from left to right, whether the second is not above the line between the others (Andrew 1979). */
const isBelow = (a: CurvePoint, b: CurvePoint, c: CurvePoint): boolean => (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x) >= 0
