/**
 * Rules that turn scores of normal rows into a threshold, each with a 95 % interval. The rows are held out: a threshold never comes from
 * the rows that are reported under it, except for the rule that is told labels, and that one says so.
 *
 *   percentile      a share of the normal rows scores below it                              order statistics
 *   budget          as many false alarms per 1000 rows as one can look at                   order statistics
 *   contamination   the share of anomalous rows one expects, taken off the top              order statistics
 *   extreme         a small false-alarm probability, from the tail's own law (POT)          profile likelihood
 *   mad             median + k · 1.4826 · median |s − median|                               bootstrap
 *   labels          the largest F1 on labelled rows                                         bootstrap
 *
 * Memory: the scores, and of the bootstrap one sample.
 */
import { StratumError } from '#common/errors.ts'
import { quantileInterval } from './extremeInterval.ts'
import { mergeSteps, rowsRedrawn } from '../evaluation/bootstrap/scores.ts'
import { type Ranking, rankingSteps } from '../evaluation/ranking.ts'
import { fitParetoTail, paretoQuantile } from './extremeValues.ts'
import { atPace, createPace, type LongRun } from '../pace.ts'
import { quantileOfSorted } from '../statistics/quantiles.ts'
import { randomStream } from '../random.ts'
import { percentileThreshold } from './thresholds.ts'

export interface RuleThreshold {
  readonly threshold: number
  readonly low: number
  readonly high: number
  /** How the interval was made. */
  readonly intervalBy: string
  /** What the rule found on the way. */
  readonly found: Readonly<Record<string, number>>
}

export const intervalLevel = 0.95
const replicates = 200
/** A bootstrap goes through at most so many scores; of more, as many evenly, and the interval is narrowed by √(m/n). */
const mostDrawn = 20_000
/** Peaks a tail is fitted to: those beyond this share, and as few or many as that. */
const tailShare = 0.02
const [fewestPeaks, mostPeaks] = [20, 1000]

interface Run extends LongRun {
  readonly seed: number
  /** No interval, where making one takes longer than a slider waits. */
  readonly brief?: boolean
}
const times = ({ brief }: Run): number => (brief ? 0 : replicates)

/** @param share of normal rows that may be flagged, above 0 and below 1 */
export function shareThreshold(sorted: Float64Array, share: number): RuleThreshold {
  const { threshold, low, high } = percentileThreshold(sorted, 100 * (1 - share))
  return { threshold, low, high, intervalBy: 'order statistics', found: {} }
}

/**
 * Peaks over a threshold.
 * @param sorted rising, at least 50
 * @param share  of normal rows that may be flagged: may be smaller than one of them
 * @param brief  without an interval
 * @throws DATA_UNSUITABLE where there is no tail to fit
 */
export function extremeThreshold(sorted: Float64Array, share: number, { brief = false }: { readonly brief?: boolean } = {}): RuleThreshold {
  const n = sorted.length
  const count = Math.min(mostPeaks, Math.max(fewestPeaks, Math.floor(n * tailShare)))
  const u = sorted[n - 1 - count]
  if (n < 50 || !(sorted[n - 1] > sorted[n - count]))
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The tail of ${n} held-out scores is too short or all alike.`,
      'Choose the percentile rule, or hold out more rows.',
      { parameter: 'rule' },
    )
  const peaks = sorted.subarray(n - count).map((score) => score - u)
  const tail = fitParetoTail(peaks)
  const found = { tailFrom: u, peaks: count, shape: tail.shape, scale: tail.scale }
  // Where the share is not beyond the peaks, the scores themselves say it.
  if (share >= count / n) return { ...shareThreshold(sorted, share), found }
  const beyond = (share * n) / count
  const z = paretoQuantile(tail, beyond)
  const [low, high] = brief ? [Number.NaN, Number.NaN] : quantileInterval(peaks, beyond, z)
  return { threshold: u + z, low: u + low, high: u + high, intervalBy: 'profile likelihood of the tail', found }
}

/** 1 / Φ⁻¹(¾): the MAD of normal scores times this is their standard deviation. */
const madScale = 1.482602218505602

/** @param k how many standard deviations above the median */
export async function madThreshold(sorted: Float64Array, k: number, run: Run): Promise<RuleThreshold> {
  const n = sorted.length
  const { median, mad } = medianAndMad(sorted)
  if (!(mad > 0))
    throw new StratumError(
      'DATA_UNSUITABLE',
      `Half or more of the ${n} held-out scores are the same, so that they have no deviation from the median.`,
      'Choose the percentile rule.',
      { parameter: 'rule' },
    )
  const threshold = median + k * madScale * mad
  const m = Math.min(n, mostDrawn)
  const pool = m === n ? sorted : Float64Array.from({ length: m }, (_, i) => sorted[Math.floor(((i + 0.5) * n) / m)])
  const pace = createPace(run.signal)
  const values: number[] = []
  for (let r = 0; r < times(run); r++) {
    const random = randomStream(run.seed, `mad/${r}`)
    const drawn = Float64Array.from({ length: m }, () => pool[random.below(m)]).sort()
    const sample = medianAndMad(drawn)
    values.push(sample.median + k * madScale * sample.mad)
    if (pace.due()) await pace.rest()
  }
  const narrower = Math.sqrt(m / n)
  const [low, high] = middle(values).map((end) => threshold + (end - threshold) * narrower)
  return {
    threshold,
    low: Math.min(low, threshold),
    high: Math.max(high, threshold),
    intervalBy: `${replicates} bootstrap samples`,
    found: { median, mad },
  }
}

function medianAndMad(sorted: Float64Array): { median: number; mad: number } {
  const median = quantileOfSorted(sorted, 0.5)
  return { median, mad: quantileOfSorted(sorted.map((score) => Math.abs(score - median)).sort(), 0.5) }
}

/**
 * The threshold with the largest F1, halfway to the next lower score; of equals the highest. Memory: the scores twice.
 * @param positive [n] 1 for anomalous
 */
export async function labelThreshold(scores: Float32Array | Float64Array, positive: Uint8Array, run: Run): Promise<RuleThreshold> {
  const n = scores.length
  const anomalous = positive.reduce((sum, one) => sum + one, 0)
  if (anomalous === 0 || anomalous === n)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `Of the labelled rows ${anomalous} anomalous and ${n - anomalous} normal ones have a score; both are needed.`,
      'Use more of the labels, or a rule that takes none.',
      { parameter: 'labels' },
    )
  const pace = createPace(run.signal)
  const ranking = await atPace(rankingSteps(scores, positive), pace)
  const best = bestSplit(ranking)
  await pace.rest()
  const sample = rowsRedrawn(mergeSteps(ranking, best.threshold))
  const values: number[] = []
  for (let r = 0; r < times(run); r++) {
    const found = bestSplit(sample(randomStream(run.seed, `labels/${r}`)))
    if (found.f1 > 0) values.push(found.threshold)
    if (pace.due()) await pace.rest()
  }
  const [low, high] = middle(values)
  return {
    threshold: best.threshold,
    low: Math.min(low, best.threshold),
    high: Math.max(high, best.threshold),
    intervalBy: `${replicates} bootstrap samples of the labelled rows`,
    found: { f1: best.f1 },
  }
}

/** Steps of a sample have no row where none was drawn, and still lie between the others. */
function bestSplit(ranking: Ranking): { threshold: number; f1: number } {
  const { nPositive } = ranking
  let [hits, flagged, most] = [0, 0, 0]
  /** Of the best step; what lies highest below it, once that is known. */
  let [score, next] = [Number.NaN, Number.NaN]
  for (const { steps, scores, highest = scores, positives, negatives } of ranking.blocks())
    for (let g = 0; g < steps; g++) {
      if (Number.isNaN(next)) next = highest[g]
      hits += positives[g]
      flagged += positives[g] + negatives[g]
      const f1 = flagged + nPositive > 0 ? (2 * hits) / (flagged + nPositive) : 0
      if (!(f1 > most)) continue
      most = f1
      ;[score, next] = [scores[g], Number.NaN]
    }
  if (Number.isNaN(score)) return { threshold: next, f1: 0 }
  return { threshold: Number.isNaN(next) ? justBelow(score) : between(next, score), f1: most }
}

/** Halfway, or the lower one where nothing lies between them or the higher one is infinite: rows above it are flagged. */
function between(lower: number, higher: number): number {
  const halfway = lower / 2 + higher / 2
  return halfway < higher ? halfway : lower
}

/** So that a row with this score is flagged. */
const justBelow = (score: number): number =>
  score === Number.POSITIVE_INFINITY ? Number.MAX_VALUE : score - Math.abs(score) * 1e-6 - 1e-12

function middle(values: readonly number[]): [low: number, high: number] {
  if (values.length === 0) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const sorted = Float64Array.from(values).sort()
  return [quantileOfSorted(sorted, (1 - intervalLevel) / 2), quantileOfSorted(sorted, (1 + intervalLevel) / 2)]
}
