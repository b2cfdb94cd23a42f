/**
 * Rows in the order of their scores, the highest first: what every figure of scores against labels follows from. Rows with equal scores
 * are one step, so nothing depends on their order. Steps are told in blocks, again whenever someone asks for them, so that a ranking of
 * millions of rows is no more than their sorted scores.
 *
 * p_g, n_g anomalous and normal rows of step g · P, N their totals · at a threshold: TP, FP those at or above it
 */
import { atOnce, type Steps } from '../pace.ts'
import { sortSteps } from '../statistics/sortSteps.ts'

/** Steps that follow one another. Of a long ranking they hold until the next block is asked for. */
export interface StepBlock {
  readonly steps: number
  /** [steps or more] score of each step, falling. */
  readonly scores: Float64Array
  /** [steps or more] of steps that were joined the highest score of each. */
  readonly highest?: Float64Array
  /** [steps or more] p_g and n_g. */
  readonly positives: Float64Array
  readonly negatives: Float64Array
}

export interface Ranking {
  /** From the highest score to the lowest. */
  readonly blocks: () => Iterable<StepBlock>
  readonly steps: number
  /** P and N. */
  readonly nPositive: number
  readonly nNegative: number
}

/** Steps of a block. */
const stepsAtOnce = 2 ** 16

type Scores = Float32Array | Float64Array

/**
 * Scores are not NaN, a higher one means 'more anomalous'. Memory: the scores twice, in single precision where they are given so.
 * Two sorts of plain numbers and a merge are ten times faster than one sort of row numbers by score.
 */
export const rankScores = (scores: ArrayLike<number>, positive: ArrayLike<number>): Ranking => atOnce(rankingSteps(scores, positive))

/** The same, for millions of rows. */
export function* rankingSteps(scores: ArrayLike<number>, positive: ArrayLike<number>): Steps<Ranking> {
  if (scores.length !== positive.length)
    throw new RangeError(`expected as many scores as labels, found ${scores.length} and ${positive.length}`)
  const parted = scores instanceof Float32Array ? new Float32Array(scores.length) : new Float64Array(scores.length)
  let p = 0
  let q = scores.length
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i])) throw new RangeError(`expected a score in row ${i}, found NaN`)
    parted[positive[i] ? p++ : --q] = scores[i]
  }
  yield
  return yield* rankedSteps(parted.subarray(0, p), parted.subarray(p))
}

/** Of scores that are parted already, none of them NaN: of the anomalous and of the normal rows. Both are kept, and sorted in place. */
export function* rankedSteps(above: Scores, below: Scores): Steps<Ranking> {
  yield* sortSteps(above)
  yield* sortSteps(below)
  const steps = distinctOf(above, below)
  yield
  return { blocks: () => blocksOf(above, below, steps), steps, nPositive: above.length, nNegative: below.length }
}

function* blocksOf(above: Scores, below: Scores, nSteps: number): Generator<StepBlock> {
  const room = Math.min(nSteps, stepsAtOnce)
  const [scores, positives, negatives] = [new Float64Array(room), new Float64Array(room), new Float64Array(room)]
  let i = above.length
  let j = below.length
  while (i > 0 || j > 0) {
    let steps = 0
    for (; steps < room && (i > 0 || j > 0); steps++) {
      const score = Math.max(i > 0 ? above[i - 1] : Number.NEGATIVE_INFINITY, j > 0 ? below[j - 1] : Number.NEGATIVE_INFINITY)
      const [positivesLeft, negativesLeft] = [i, j]
      while (i > 0 && above[i - 1] === score) i--
      while (j > 0 && below[j - 1] === score) j--
      scores[steps] = score
      positives[steps] = positivesLeft - i
      negatives[steps] = negativesLeft - j
    }
    yield { steps, scores, positives, negatives }
  }
}

/** A ranking of few steps, whose numbers may change between two uses of it. */
export function rankingOf(block: StepBlock, nPositive: number, nNegative: number): Ranking {
  return { blocks: () => [block], steps: block.steps, nPositive, nNegative }
}

/** Different values in two rising lists. */
function distinctOf(a: Scores, b: Scores): number {
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
  for (const { steps, scores, positives, negatives } of ranking.blocks())
    for (let g = 0; g < steps; g++) {
      if (!(scores[g] > threshold)) return detection(TP, FP, ranking.nPositive, ranking.nNegative)
      TP += positives[g]
      FP += negatives[g]
    }
  return detection(TP, FP, ranking.nPositive, ranking.nNegative)
}

/** The threshold with the highest F1 on these very labels; of equal ones the highest. Rows scoring above it are flagged. */
export function bestF1(ranking: Ranking): { threshold: number } & Detection {
  const { nPositive, nNegative } = ranking
  let [TP, FP] = [0, 0]
  let [bestTP, bestFP, most] = [0, 0, detection(0, 0, nPositive, nNegative).f1]
  /** Of the best step, and of the one below it. */
  let [score, next] = [Number.NaN, Number.NaN]
  for (const { steps, scores, positives, negatives } of ranking.blocks())
    for (let g = 0; g < steps; g++) {
      if (Number.isNaN(next)) next = scores[g]
      TP += positives[g]
      FP += negatives[g]
      const f1 = (2 * TP) / (TP + FP + nPositive)
      if (!(f1 > most)) continue
      ;[bestTP, bestFP, most] = [TP, FP, f1]
      ;[score, next] = [scores[g], Number.NaN]
    }
  // Where none is better than flagging nothing, the highest score flags nothing.
  const threshold = Number.isNaN(next) ? (Number.isNaN(score) ? 0 : below(score)) : next
  return { threshold, ...detection(bestTP, bestFP, nPositive, nNegative) }
}

/** Just below a score; nothing finite is below −Infinity. */
const below = (score: number): number =>
  Number.isFinite(score) ? score - Math.max(Math.abs(score), 1e-300) * 1e-9 : score > 0 ? Number.MAX_VALUE : score
