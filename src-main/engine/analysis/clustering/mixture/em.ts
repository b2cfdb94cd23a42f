/**
 * Expectation maximisation of a Gaussian mixture (Dempster, Laird & Rubin, JRSS B 1977): shares as in expectation.ts, then
 *
 *   π_c = Σ_i r_ic / n        μ_c = Σ_i r_ic x_i / Σ_i r_ic        Σ_c = Σ_i r_ic (x_i − μ_c)(x_i − μ_c)ᵀ / Σ_i r_ic + ridge
 *
 * A likelihood has many tops, so what is found depends on where a climb begins. On a sample (starts.ts) many short climbs are made, the best
 * of them climb on (after Biernacki, Celeux & Govaert, CSDA 2003), and from the best of these classes are dissolved and others split as long
 * as a turn pays (after Ueda, Nakano, Ghahramani & Hinton, Neural Computation 2000). What comes out learns from all rows.
 * Memory beside the rows: what expectation.ts says, and the sample (at most 10 000 rows, or 20 k) with 8 bytes for each of its rows.
 */
import { createPace, type LongRun, type Pace } from '../../pace.ts'
import { randomStream, spreadSample } from '../../random.ts'
import { createExpectation, type Expectation } from './expectation.ts'
import { type CovarianceKind, flatIn, fromMoments, type Gaussians, singularIn } from './gaussians.ts'
import { rearranged, startOf } from './starts.ts'

export interface MixtureOptions extends LongRun {
  readonly kind: CovarianceKind
  readonly k: number
  readonly nInit: number
  readonly maxIterations: number
  /** Added to every variance. */
  readonly ridge: number
  /** Whether a mixture may be the best by components of fewer rows than columns; see `byWorth`. */
  readonly allowsSingular?: boolean
  readonly seed: number
}

export interface Mixture {
  readonly gaussians: Gaussians
  /** Mean over rows of the log likelihood, of these very Gaussians. */
  readonly logLikelihood: number
  readonly iterations: number
  /** Components of so few rows that their covariance is singular. */
  readonly singular: number
}

/** Rows to learn from, and what learns. */
export interface Learning {
  readonly expectation: Expectation
  readonly kind: CovarianceKind
  readonly k: number
  readonly X: Float32Array
  readonly n: number
  readonly d: number
  readonly ridge: number
  readonly pace: Pace
  readonly signal: AbortSignal | undefined
}

interface Limits {
  readonly steps: number
  /** The mean log likelihood has settled when a step adds less. */
  readonly least: number
}

const sampleRows = 10_000
/** Multiplications of a step that cost little: where it takes fewer there are more starts and turns, for the fewer rows the more tops there are. */
const smallWork = 2 ** 20
const mostTimesMore = 4
const longStarts = 4
const roughly = 1e-3
const finely = 1e-5
/** Where no more rows are to come. */
const lastly = 1e-6
/** Of the time on the sample: shares of short climbs, long ones, and rearrangements. */
const [untilShort, untilLong, untilSample] = [0.25, 0.4, 0.6]

/** @param X [n × d] finite, n ≥ k */
export async function fitMixture(X: Float32Array, n: number, d: number, options: MixtureOptions): Promise<Mixture> {
  const { kind, k, nInit, maxIterations, ridge, allowsSingular = false, seed, signal, report } = options
  const compare = allowsSingular ? byLikelihood : byWorth
  const pace = createPace(signal)
  const rows = spreadSample(n, Math.max(sampleRows, 20 * k), randomStream(seed, 'mixture/sample'))
  const m = rows.length
  const S = m === n ? X : new Float32Array(m * d)
  if (m < n) for (const [i, row] of rows.entries()) S.set(X.subarray(row * d, (row + 1) * d), i * d)
  const all: Learning = { expectation: createExpectation(kind, k, d), kind, k, X, n, d, ridge, pace, signal }
  const sample: Learning = { ...all, X: S, n: m }
  const rough = { steps: maxIterations, least: roughly }
  const fine = { steps: maxIterations, least: finely }
  const timesMore = Math.max(1, Math.min(mostTimesMore, Math.floor(smallWork / (m * k * d * d))))
  const tries = k === 1 ? 1 : nInit * timesMore
  const turns = k > 2 ? tries * Math.min(2, timesMore) : 0

  const short: Mixture[] = []
  for (let turn = 0; turn < tries; turn++) {
    short.push(await climb(sample, await startOf(turn, sample, randomStream(seed, `mixture/${turn}`)), rough))
    report?.((untilShort * (turn + 1)) / tries)
  }
  let best: Mixture | null = null
  for (const [turn, { gaussians }] of short.sort(compare).slice(0, longStarts).entries()) {
    const found = await climb(sample, gaussians, fine)
    if (best === null || compare(found, best) < 0) best = found
    report?.(untilShort + ((untilLong - untilShort) * (turn + 1)) / longStarts)
  }
  let top = best as Mixture
  const random = randomStream(seed, 'mixture/rearranged')
  for (let turn = 0; turn < turns; turn++) {
    const found = await climb(sample, await rearranged(sample, top.gaussians, turn, random), rough)
    // A short climb still has some way to go.
    if (compare({ ...found, logLikelihood: found.logLikelihood + roughly }, top) < 0) {
      const risen = await climb(sample, found.gaussians, fine)
      const isSound = allowsSingular || flatIn(risen.gaussians, ridge) <= flatIn(top.gaussians, ridge)
      if (isSound && compare(risen, top) < 0) top = risen
    }
    report?.(untilLong + ((untilSample - untilLong) * (turn + 1)) / turns)
  }
  if (m === n) return climb(sample, top.gaussians, { steps: maxIterations, least: lastly })
  return climb(all, top.gaussians, fine, (step) => report?.(untilSample + (1 - untilSample) * (1 - 0.9 ** step)))
}

/**
 * A singular component fits its few rows as well as the ridge allows, and such a mixture is likelier than any that describes the rows (Day,
 * Biometrika 1969). So likelihoods are compared among mixtures with as few of these as there can be. Columns of few different values make
 * such components of many rows; starts seldom find them where they are no classes, and rearrangements must not seek them.
 */
const byWorth = (a: Mixture, b: Mixture): number => a.singular - b.singular || byLikelihood(a, b)

const byLikelihood = (a: Mixture, b: Mixture): number => b.logLikelihood - a.logLikelihood

/** Steps until the likelihood settles. The likelihood returned is that of the Gaussians returned. */
async function climb(learning: Learning, start: Gaussians, { steps, least }: Limits, report?: (step: number) => void): Promise<Mixture> {
  const { expectation, ridge } = learning
  let gaussians = start
  let before = Number.NEGATIVE_INFINITY
  for (let step = 0; ; step++) {
    const logLikelihood = await expect(learning, gaussians)
    if (step === steps || Math.abs(logLikelihood - before) < least)
      return { gaussians, logLikelihood, iterations: step, singular: singularIn(gaussians, learning.n) }
    before = logLikelihood
    gaussians = fromMoments(gaussians, expectation.moments(), ridge)
    report?.(step + 1)
  }
}

/** Looks at all rows and adds them up; returns the mean of their log likelihoods. */
async function expect({ expectation, X, n, d, pace }: Learning, gaussians: Gaussians): Promise<number> {
  expectation.begin(gaussians)
  const { rowsAtOnce } = expectation
  let sum = 0
  for (let from = 0; from < n; from += rowsAtOnce) {
    sum += expectation.look(X, from * d, Math.min(rowsAtOnce, n - from))
    expectation.add()
    if (pace.due()) await pace.rest()
  }
  return sum / n
}
