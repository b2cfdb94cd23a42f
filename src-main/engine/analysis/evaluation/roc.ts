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

export function areaUnderRoc({ steps, positives, negatives }: Pick<Ranking, 'steps' | 'positives' | 'negatives'>): number {
  let P = 0
  let N = 0
  let wins = 0
  for (let g = 0; g < steps; g++) {
    wins += negatives[g] * (P + positives[g] / 2)
    P += positives[g]
    N += negatives[g]
  }
  return wins / (P * N)
}

/** Average precision of a ranking. */
export function meanPrecision({ steps, positives, negatives }: Pick<Ranking, 'steps' | 'positives' | 'negatives'>): number {
  let P = 0
  let seen = 0
  let sum = 0
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
  const { steps, positives, negatives, nPositive: P, nNegative: N } = ranking
  if (P < 2 || N < 2) return null
  const area = areaUnderRoc(ranking)
  let above = 0
  let below = N
  let varianceV = 0
  let varianceW = 0
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
  const { steps, scores, positives, negatives, nPositive: P, nNegative: N } = ranking
  const x = new Float64Array(steps + 1)
  const y = new Float64Array(steps + 1)
  for (let g = 0; g < steps; g++) {
    x[g + 1] = x[g] + negatives[g]
    y[g + 1] = y[g] + positives[g]
  }
  let kept = corners(x, y)
  if (kept.length > most) {
    const hull = upperHull(x, y, kept)
    const stretches = most - 2 - (hull.length <= most / 2 ? hull.length : 0)
    const chosen = new Set(hull.length <= most / 2 ? hull : [0, steps])
    let last = -1
    for (const at of kept) {
      const stretch = Math.min(stretches - 1, Math.floor(((x[at] / N + y[at] / P) / 2) * stretches))
      if (stretch !== last) chosen.add(at)
      last = stretch
    }
    kept = [...chosen].sort((a, b) => a - b)
  }
  return {
    threshold: Float64Array.from(kept, (at) => (at === 0 ? Number.POSITIVE_INFINITY : scores[at - 1])),
    falseAlarmRate: Float64Array.from(kept, (at) => x[at] / N),
    recall: Float64Array.from(kept, (at) => y[at] / P),
  }
}

/**
 * Precision over recall, from the highest threshold to the lowest, by at most `most` points: all where they are that few; beyond that the
 * points with the highest and the lowest precision in each of equal stretches of recall.
 */
export function precisionCurve(ranking: Ranking, most = 2000): PrecisionCurve {
  const { steps, scores, positives, negatives, nPositive: P } = ranking
  const precision = new Float64Array(steps)
  const recall = new Float64Array(steps)
  let TP = 0
  let seen = 0
  for (let g = 0; g < steps; g++) {
    TP += positives[g]
    seen += positives[g] + negatives[g]
    precision[g] = TP / seen
    recall[g] = TP / P
  }
  let kept: number[]
  if (steps <= most) kept = Array.from(precision.keys())
  else {
    const stretches = Math.floor((most - 2) / 2)
    const highest = new Int32Array(stretches).fill(-1)
    const lowest = new Int32Array(stretches).fill(-1)
    for (let g = 0; g < steps; g++) {
      const at = Math.min(stretches - 1, Math.floor(recall[g] * stretches))
      if (highest[at] < 0 || precision[g] > precision[highest[at]]) highest[at] = g
      if (lowest[at] < 0 || precision[g] < precision[lowest[at]]) lowest[at] = g
    }
    kept = [...new Set([0, ...highest, ...lowest, steps - 1])].filter((g) => g >= 0).sort((a, b) => a - b)
  }
  return {
    threshold: Float64Array.from(kept, (g) => scores[g]),
    recall: Float64Array.from(kept, (g) => recall[g]),
    precision: Float64Array.from(kept, (g) => precision[g]),
  }
}

/** Points where a rising curve turns, with its ends: those between lie on a line. */
function corners(x: Float64Array, y: Float64Array): number[] {
  const kept: number[] = []
  for (let at = 0; at < x.length; at++) {
    const isEnd = at === 0 || at === x.length - 1
    if (isEnd || (x[at] - x[at - 1]) * (y[at + 1] - y[at]) !== (y[at] - y[at - 1]) * (x[at + 1] - x[at])) kept.push(at)
  }
  return kept
}

/** Of points from left to right those on the hull above them (Andrew 1979). */
function upperHull(x: Float64Array, y: Float64Array, points: readonly number[]): number[] {
  const hull: number[] = []
  const isBelow = (a: number, b: number, c: number): boolean => (x[b] - x[a]) * (y[c] - y[a]) - (y[b] - y[a]) * (x[c] - x[a]) >= 0
  for (const at of points) {
    while (hull.length >= 2 && isBelow(hull.at(-2) as number, hull.at(-1) as number, at)) hull.pop()
    hull.push(at)
  }
  return hull
}
