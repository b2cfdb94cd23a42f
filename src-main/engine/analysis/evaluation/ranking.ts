/**
 * Rows in the order of their scores, the highest first: what every figure of scores against labels follows from. Rows with equal scores
 * are one step, so nothing depends on their order.
 *
 * p_g, n_g anomalous and normal rows of step g · P, N their totals · at a threshold: TP, FP those at or above it
 */
import { atOnce, type Steps } from '../pace.ts'
import { sortSteps } from '../statistics/sortSteps.ts'

/** Steps of a ranking between two moments at which a long one rests. */
const stepsAtOnce = 2 ** 16

export interface Ranking {
  /** [steps] score of each step, falling. */
  readonly scores: Float64Array
  /** [steps] p_g and n_g. */
  readonly positives: Float64Array
  readonly negatives: Float64Array
  readonly steps: number
  /** P and N. */
  readonly nPositive: number
  readonly nNegative: number
}

/**
 * Scores are not NaN, a higher one means 'more anomalous'. Memory: 16 bytes per row, and 24 per distinct score.
 * Two sorts of plain numbers and a merge are ten times faster than one sort of row numbers by score.
 */
export const rankScores = (scores: ArrayLike<number>, positive: ArrayLike<number>): Ranking => atOnce(rankingSteps(scores, positive))

/** The same, for millions of rows. */
export function* rankingSteps(scores: ArrayLike<number>, positive: ArrayLike<number>): Steps<Ranking> {
  if (scores.length !== positive.length)
    throw new RangeError(`expected as many scores as labels, found ${scores.length} and ${positive.length}`)
  const sorted = new Float64Array(scores.length)
  let p = 0
  let q = scores.length
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i])) throw new RangeError(`expected a score in row ${i}, found NaN`)
    sorted[positive[i] ? p++ : --q] = scores[i]
  }
  yield
  const above = yield* sortSteps(sorted.subarray(0, p))
  const below = yield* sortSteps(sorted.subarray(p))
  const nSteps = distinctOf(above, below)
  yield
  const ranking = { scores: new Float64Array(nSteps), positives: new Float64Array(nSteps), negatives: new Float64Array(nSteps) }
  let i = above.length
  let j = below.length
  for (let step = 0; step < nSteps; step++) {
    const score = Math.max(i > 0 ? above[i - 1] : Number.NEGATIVE_INFINITY, j > 0 ? below[j - 1] : Number.NEGATIVE_INFINITY)
    const [positivesLeft, negativesLeft] = [i, j]
    while (i > 0 && above[i - 1] === score) i--
    while (j > 0 && below[j - 1] === score) j--
    ranking.scores[step] = score
    ranking.positives[step] = positivesLeft - i
    ranking.negatives[step] = negativesLeft - j
    if (step % stepsAtOnce === 0) yield
  }
  return { ...ranking, steps: nSteps, nPositive: above.length, nNegative: below.length }
}

/** Different values in two rising lists. */
function distinctOf(a: Float64Array, b: Float64Array): number {
  let count = 0
  for (let i = 0, j = 0; i < a.length || j < b.length; count++) {
    const value = Math.min(i < a.length ? a[i] : Number.POSITIVE_INFINITY, j < b.length ? b[j] : Number.POSITIVE_INFINITY)
    while (i < a.length && a[i] === value) i++
    while (j < b.length && b[j] === value) j++
  }
  return count
}

/** What flagging rows gives. Null where there is nothing to divide by. */
export interface Detection {
  readonly flagged: number
  readonly recall: number
  readonly falseAlarmRate: number
  readonly precision: number | null
  /** 2 TP / (2 TP + FP + FN) */
  readonly f1: number
}

export const detection = (TP: number, FP: number, P: number, N: number): Detection => ({
  flagged: TP + FP,
  recall: TP / P,
  falseAlarmRate: FP / N,
  precision: TP + FP === 0 ? null : TP / (TP + FP),
  f1: (2 * TP) / (TP + FP + P),
})

/** Rows scoring above the threshold are flagged. */
export function detectionAbove(ranking: Ranking, threshold: number): Detection {
  let TP = 0
  let FP = 0
  for (let step = 0; step < ranking.steps && ranking.scores[step] > threshold; step++) {
    TP += ranking.positives[step]
    FP += ranking.negatives[step]
  }
  return detection(TP, FP, ranking.nPositive, ranking.nNegative)
}

/** The threshold with the highest F1 on these very labels; of equal ones the highest. Rows scoring above it are flagged. */
export function bestF1(ranking: Ranking): { threshold: number } & Detection {
  const { steps, scores, positives, negatives, nPositive, nNegative } = ranking
  let TP = 0
  let FP = 0
  let best = { step: -1, TP: 0, FP: 0, f1: detection(0, 0, nPositive, nNegative).f1 }
  for (let step = 0; step < steps; step++) {
    TP += positives[step]
    FP += negatives[step]
    const f1 = (2 * TP) / (TP + FP + nPositive)
    if (f1 > best.f1) best = { step, TP, FP, f1 }
  }
  const { step } = best
  const threshold = step < 0 ? (scores[0] ?? 0) : step + 1 < steps ? scores[step + 1] : below(scores[step])
  return { threshold, ...detection(best.TP, best.FP, nPositive, nNegative) }
}

/** Just below a score; nothing finite is below −Infinity. */
const below = (score: number): number =>
  Number.isFinite(score) ? score - Math.max(Math.abs(score), 1e-300) * 1e-9 : score > 0 ? Number.MAX_VALUE : score
