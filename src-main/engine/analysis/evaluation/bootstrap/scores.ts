/**
 * How far figures of scores would move with other labelled rows: samples of anomalous and of normal rows, each drawn among their own; or, of
 * rows that lie beside one another, of whole blocks with both (blocks.ts).
 *
 * Shares of single rows (precision, recall, false alarms) need no samples: they have Wilson's interval.
 *
 * A sample draws how often each step of the ranking occurs, not rows. Steps of normal rows only that follow each other are one step first,
 * which changes no figure (a threshold stays between two); where more than `mostSteps` are left, anomalous rows are taken together so that
 * each step holds as many, and intervals are moved by what that changes of the figure itself. Memory: of that many steps.
 */
import { createPace, type LongRun } from '#engine/analysis/pace.ts'
import { type RandomStream, randomStream } from '#engine/analysis/random.ts'
import { wilsonInterval } from '../wilson.ts'
import { bestF1, detectionAbove, type Ranking, rankingOf, type StepBlock } from '../ranking.ts'
import { areaUnderRoc, meanPrecision } from '../roc.ts'
import { redraw } from './binomial.ts'
import { type BlockCounts, redrawBlocks } from './blocks.ts'
import { type Range, Replicates } from './percentile.ts'

const mostSteps = 4000
/** Sums over blocks in all replicates together: about five seconds. */
const mostSums = 2e9

const figureKeys = ['auc', 'averagePrecision', 'precision', 'recall', 'f1', 'falseAlarmRate', 'bestF1'] as const
type FigureKey = (typeof figureKeys)[number]

export interface ScoreIntervals {
  readonly figures: Readonly<Partial<Record<FigureKey, Range>>>
  readonly replicates: number
  /** Blocks with rows; null where rows were drawn one by one. */
  readonly blocks: number | null
}

/** The rows of the ranking block by block; `cellOf` and `cells` say what is counted there. */
export type CountScoreBlocks = (cellOf: (score: number, isPositive: boolean) => number, cells: number) => Promise<BlockCounts>

/** @param countBlocks null draws row by row */
export async function scoreIntervals(
  ranking: Ranking,
  threshold: number,
  asked: number,
  seed: number,
  run: LongRun = {},
  countBlocks: CountScoreBlocks | null = null,
): Promise<ScoreIntervals> {
  const pace = createPace(run.signal)
  const { nPositive, nNegative } = ranking
  const merged = mergeSteps(ranking, threshold)
  await pace.rest()
  const whole = figuresOf(ranking, threshold)
  await pace.rest()
  const shift = figuresOf(rankingOf(merged, nPositive, nNegative), threshold).map((value, f) =>
    value === null ? 0 : (whole[f] ?? 0) - value,
  )
  const blocks =
    countBlocks && (await countBlocks((score, isPositive) => 2 * stepOf(merged, score) + (isPositive ? 1 : 0), 2 * merged.steps))
  const replicates = blocks ? Math.min(asked, Math.max(100, Math.floor(mostSums / Math.max(1, blocks.cell.length)))) : asked
  const cells = new Float64Array(blocks ? 2 * merged.steps : 0)
  const figures = new Replicates(figureKeys.length, replicates, blocks?.tail)
  const drawn = { ...merged, positives: new Float64Array(merged.steps), negatives: new Float64Array(merged.steps) }
  for (let r = 0; r < replicates; r++) {
    const random = randomStream(seed, `bootstrap/${r}`)
    let sample = rankingOf(drawn, nPositive, nNegative)
    if (blocks) {
      redrawBlocks(blocks, cells, random)
      sample = unpacked(drawn, cells)
    } else {
      redraw(merged.positives, drawn.positives, random)
      redraw(merged.negatives, drawn.negatives, random)
    }
    // A sample of blocks without anomalous or without normal rows says nothing.
    if (sample.nPositive > 0 && sample.nNegative > 0)
      for (const [f, value] of figuresOf(sample, threshold).entries()) figures.set(r, f, value)
    if (pace.due()) {
      run.report?.(r / replicates)
      await pace.rest()
    }
  }
  const found: Partial<Record<FigureKey, Range>> = {}
  for (const [f, key] of figureKeys.entries()) {
    const range = figures.range(f)
    if (range) found[key] = range.map((end) => Math.min(1, Math.max(0, end + shift[f]))) as Range
  }
  if (!blocks) Object.assign(found, sharesAbove(ranking, threshold))
  return { figures: found, replicates, blocks: blocks?.blocks ?? null }
}

/** Precision, recall and false alarms are shares of rows. */
function sharesAbove(ranking: Ranking, threshold: number): Partial<Record<FigureKey, Range>> {
  const { nPositive, nNegative } = ranking
  const { flagged, recall } = detectionAbove(ranking, threshold)
  const hits = Math.round(recall * nPositive)
  const precision = wilsonInterval(hits, flagged)
  return {
    ...(precision && { precision }),
    ...(nPositive > 0 && { recall: wilsonInterval(hits, nPositive) as Range }),
    ...(nNegative > 0 && { falseAlarmRate: wilsonInterval(flagged - hits, nNegative) as Range }),
  }
}

function figuresOf(ranking: Ranking, threshold: number): (number | null)[] {
  const { precision, recall, f1, falseAlarmRate } = detectionAbove(ranking, threshold)
  return [areaUnderRoc(ranking), meanPrecision(ranking), precision, recall, f1, falseAlarmRate, bestF1(ranking).f1]
}

/** The step of the merged ranking that a score belongs to: the first whose lowest score is not above it. */
function stepOf({ scores, steps }: StepBlock, score: number): number {
  let [from, to] = [0, steps - 1]
  while (from < to) {
    const middle = (from + to) >> 1
    if (scores[middle] <= score) to = middle
    else from = middle + 1
  }
  return from
}

/** Samples of as many rows, drawn among all of them: the same steps with other numbers of rows, until the next sample. */
export function rowsRedrawn(merged: MergedSteps): (random: RandomStream) => Ranking {
  const { steps, positives, negatives } = merged
  const sizes = Float64Array.from({ length: 2 * steps }, (_, at) => (at % 2 === 0 ? negatives : positives)[at >> 1])
  const drawn = { ...merged, positives: new Float64Array(steps), negatives: new Float64Array(steps) }
  const cells = new Float64Array(2 * steps)
  return (random) => {
    redraw(sizes, cells, random)
    return unpacked(drawn, cells)
  }
}

/** Counts of normal and anomalous rows step by step, into the steps that are drawn. */
function unpacked(drawn: StepBlock, cells: Float64Array): Ranking {
  let [nPositive, nNegative] = [0, 0]
  for (let g = 0; g < drawn.steps; g++) {
    nNegative += drawn.negatives[g] = cells[2 * g]
    nPositive += drawn.positives[g] = cells[2 * g + 1]
  }
  return rankingOf(drawn, nPositive, nNegative)
}

type MergedSteps = Required<StepBlock>

/** Fewer steps with the same figures, or nearly. */
export function mergeSteps(ranking: Ranking, threshold: number): MergedSteps {
  const isExact = joinSteps(ranking, threshold, 0, null) <= mostSteps
  const most = isExact ? 0 : Math.ceil(ranking.nPositive / (mostSteps / 4))
  const steps = joinSteps(ranking, threshold, most, null)
  const [scores, highest, positives, negatives] = [0, 1, 2, 3].map(() => new Float64Array(steps))
  const joined = { steps, scores, highest, positives, negatives }
  joinSteps(ranking, threshold, most, joined)
  return joined
}

/**
 * Steps that follow each other as one while that holds at most `most` anomalous rows; none goes across the threshold. Each has the lowest
 * of their scores.
 * @param into null only counts them
 * @returns    how many there are
 */
function joinSteps(ranking: Ranking, threshold: number, most: number, into: MergedSteps | null): number {
  let last = -1
  let [isAbove, joined] = [false, 0]
  for (const { steps, scores, positives, negatives } of ranking.blocks())
    for (let g = 0; g < steps; g++) {
      const goesOn = last >= 0 && isAbove === scores[g] > threshold && joined + positives[g] <= most
      if (!goesOn) {
        last++
        joined = 0
        isAbove = scores[g] > threshold
        if (into) into.highest[last] = scores[g]
      }
      joined += positives[g]
      if (!into) continue
      into.scores[last] = scores[g]
      into.positives[last] += positives[g]
      into.negatives[last] += negatives[g]
    }
  return last + 1
}
