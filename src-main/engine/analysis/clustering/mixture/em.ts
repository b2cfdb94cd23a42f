/**
 * Expectation maximisation of a Gaussian mixture (Dempster, Laird & Rubin, JRSS B 1977):
 *
 *   r_ic = π_c N(x_i | μ_c, Σ_c) / Σ_b π_b N(x_i | μ_b, Σ_b)          then π, μ, Σ as the means weighted by r
 *
 * A likelihood has many tops, the more so the fewer the rows are; of few rows four times as many starts are made. Half of the starts are
 * k-means, the others k-means given up after one pass, which differ more. All climb roughly on a sample, the best few finely, and the best
 * of these learns from all rows (after Biernacki, Celeux & Govaert, CSDA 2003).
 * Responsibilities are used at once and not kept. Memory beside the rows: the sample (at most 10 000 rows, or 20 k).
 */
import { kmeans } from '../kmeans/kmeans.ts'
import { createPace, type LongRun, type Pace } from '../../pace.ts'
import { randomStream, spreadSample } from '../../random.ts'
import {
  addRow,
  type CovarianceKind,
  emptyMoments,
  fromMoments,
  type Gaussians,
  logDensities,
  type Moments,
  normalise,
} from './gaussians.ts'

export interface MixtureOptions extends LongRun {
  readonly kind: CovarianceKind
  readonly k: number
  readonly nInit: number
  readonly maxIterations: number
  /** Added to every variance. */
  readonly ridge: number
  readonly seed: number
}

export interface Mixture {
  readonly gaussians: Gaussians
  /** Mean over rows of the log likelihood, of these very Gaussians. */
  readonly logLikelihood: number
  readonly iterations: number
}

const sampleRows = 10_000
const fewRows = 2500
const longStarts = 4
/** The mean log likelihood has settled when a step adds less. */
const roughly = 1e-3
const finely = 1e-5

/** @param X [n × d] finite, n ≥ k */
export async function fitMixture(X: Float32Array, n: number, d: number, options: MixtureOptions): Promise<Mixture> {
  const { kind, k, nInit, maxIterations, ridge, seed, signal, report } = options
  const pace = createPace(signal)
  const rows = spreadSample(n, Math.max(sampleRows, 20 * k), randomStream(seed, 'mixture/sample'))
  const m = rows.length
  const S = m === n ? X : new Float32Array(m * d)
  if (m < n) for (const [i, row] of rows.entries()) S.set(X.subarray(row * d, (row + 1) * d), i * d)

  const starts: Mixture[] = []
  const tries = m <= fewRows ? 4 * nInit : nInit
  for (let start = 0; start < tries; start++) {
    const passes = start % 2 === 0 ? 50 : 1
    const itsSeed = randomStream(seed, `mixture/${start}`).below(2 ** 31)
    const { labels, centres } = await kmeans(S, m, d, { k, nInit: 1, maxIterations: passes, seed: itsSeed, signal })
    const begun = fromLabels(kind, S, m, d, labels, Float64Array.from(centres), k, ridge)
    starts.push(await climb(begun, S, m, { most: maxIterations, least: roughly }, ridge, pace))
    report?.((0.3 * (start + 1)) / tries)
  }
  const fine = { most: maxIterations, least: finely }
  let best: Mixture | null = null
  for (const [turn, start] of [...starts].sort(byLikelihood).slice(0, longStarts).entries()) {
    const found = await climb(start.gaussians, S, m, fine, ridge, pace)
    if (best === null || found.logLikelihood > best.logLikelihood) best = found
    report?.(0.3 + (0.3 * (turn + 1)) / longStarts)
  }
  const top = best as Mixture
  if (m === n) return top
  return climb(top.gaussians, X, n, fine, ridge, pace, (step) => report?.(0.6 + 0.4 * (1 - 0.9 ** step)))
}

const byLikelihood = (a: Mixture, b: Mixture): number => b.logLikelihood - a.logLikelihood

/** Steps until the likelihood settles. The likelihood returned is that of the Gaussians returned. */
async function climb(
  start: Gaussians,
  X: Float32Array,
  n: number,
  { most, least }: { readonly most: number; readonly least: number },
  ridge: number,
  pace: Pace,
  report?: (step: number) => void,
): Promise<Mixture> {
  let gaussians = start
  let before = Number.NEGATIVE_INFINITY
  for (let step = 0; ; step++) {
    const { logLikelihood, moments } = await expectation(gaussians, X, n, pace)
    if (step === most || Math.abs(logLikelihood - before) < least) return { gaussians, logLikelihood, iterations: step }
    before = logLikelihood
    gaussians = fromMoments(gaussians.kind, gaussians.k, gaussians.d, gaussians.means, moments, ridge)
    report?.(step + 1)
  }
}

async function expectation(g: Gaussians, X: Float32Array, n: number, pace: Pace): Promise<{ logLikelihood: number; moments: Moments }> {
  const { kind, k, d } = g
  const moments = emptyMoments(kind, k, d)
  const logs = new Float64Array(k)
  const difference = new Float64Array(d)
  let sum = 0
  let last = 0
  for (let i = 0, at = 0; i < n; i++, at += d) {
    logDensities(g, X, at, logs, difference, last)
    sum += normalise(logs)
    addRow(g, moments, X, at, logs, difference)
    last = largest(logs)
    if ((i & 127) === 0 && pace.due()) await pace.rest()
  }
  return { logLikelihood: sum / n, moments }
}

export function largest(values: Float64Array): number {
  let best = 0
  for (let c = 1; c < values.length; c++) if (values[c] > values[best]) best = c
  return best
}

/** Every row wholly of its class. */
function fromLabels(
  kind: CovarianceKind,
  X: Float32Array,
  n: number,
  d: number,
  labels: ArrayLike<number>,
  means: Float64Array,
  k: number,
  ridge: number,
): Gaussians {
  const about = { kind, k, d, means } as Gaussians
  const moments = emptyMoments(kind, k, d)
  const one = new Float64Array(k)
  const difference = new Float64Array(d)
  for (let i = 0; i < n; i++) {
    one[labels[i]] = 1
    addRow(about, moments, X, i * d, one, difference)
    one[labels[i]] = 0
  }
  return fromMoments(kind, k, d, means, moments, ridge)
}
