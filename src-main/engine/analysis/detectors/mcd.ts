/**
 * Minimum covariance determinant — Rousseeuw & Van Driessen, Technometrics 41, 1999 (FastMCD)
 *
 *   score(x) = D²(x; μ̂, Σ̂)        μ₀, Σ₀: mean and covariance of the h rows whose covariance has the least determinant
 *   Σ₁ = c(h/n) Σ₀        μ̂, c(0.975)⁻¹ Σ̂: mean and covariance of the rows with D²(x; μ₀, Σ₁) < χ²_p,0.975
 *   h = ⌈(n + p + 1) / 2⌉    c(α) = α / P(χ²_{p+2} ≤ χ²_p,α), so that normal rows get the covariance they have (Croux & Haesbroeck 1999)
 *
 * Search, as scikit-learn and PyOD do it. A C-step takes the mean and covariance of the h rows that are nearest by D² under the mean and
 * covariance before it; the determinant never grows.
 *
 *   up to 500 rows   30 starts, two C-steps each; the ten best until the determinant stays as it is
 *   more rows        1. groups of 300 rows, at most 50; 500 starts shared among them, at least ten each, two C-steps; the ten best of each
 *                    2. those among 1500 rows; the ten best of them   3. those among all rows
 *
 * A start is h rows drawn at random. The paper draws p + 1; the determinants that leads to are sometimes lower, the places no better.
 *
 * Flat clouds. When h rows lie in a plane their determinant is 0, which nothing can beat: that search is over. The plane does not say how
 * far rows beside it are, so D² is then measured by the covariance of the step before, when the cloud was not flat yet. A start that is
 * flat itself has no step before: its pseudo-inverse is taken, which does not look across the plane. Where columns repeat one another, or
 * most rows share a value, many planes are equally flat and the seed decides which one is found.
 *
 * Memory: the rows learned from, a number for each, and p² numbers of eight bytes for each of up to 500 candidates and for the kernels.
 */
import { z } from 'zod'
import { createPace, type LongRun, type Pace } from '../pace.ts'
import { type RandomStream, randomStream } from '../random.ts'
import { chiSquareTail } from '../statistics/tailProbability.ts'
import { type CloudKernels, openCloudKernels, type Whitening } from './cloudKernels.ts'
import { defineDetector } from './define.ts'
import { ellipsoidOf } from './ellipsoid.ts'

const starts = 30
const best = 10
/** Rows from which there are groups, their size and number, and how many beginnings all of them share. */
const groupedFrom = 501
const groupRows = 300
const mostGroups = 50
const startsOfGroups = 500
const mergedRows = 1500
const firstSteps = 2
const mostSteps = 30
const reweighted = 0.975

/** x with P(χ² ≤ x) = share, by halving; to twelve digits. */
function chiSquareQuantile(share: number, freedom: number): number {
  let low = 0
  let high = freedom + 10
  while (chiSquareTail(high, freedom) > 1 - share) high *= 2
  for (let i = 0; i < 100 && high - low > 1e-13 * high; i++) {
    const middle = (low + high) / 2
    if (chiSquareTail(middle, freedom) > 1 - share) low = middle
    else high = middle
  }
  return (low + high) / 2
}

const consistency = (share: number, p: number): number => (share >= 1 ? 1 : share / (1 - chiSquareTail(chiSquareQuantile(share, p), p + 2)))

/** Mean and covariance (divided by their number) of some rows. */
interface Moments {
  readonly mean: Float64Array
  readonly S: Float64Array
}

/** A mean and covariance on the way, with ln |S|, −Infinity for a flat one. */
interface Candidate extends Moments {
  readonly logDeterminant: number
  /** What distances are measured by: S, or what it was before it became flat. */
  readonly shape: Float64Array
}

const isFlat = ({ logDeterminant }: Candidate): boolean => logDeterminant === Number.NEGATIVE_INFINITY

/** What every part of a search needs. */
interface Table {
  readonly X: Float32Array
  readonly n: number
  readonly p: number
  readonly kernels: CloudKernels
  readonly pace: Pace
  readonly run: LongRun
}

/** out[i] = D² of each of `count` rows of X, those listed or the first ones. */
async function distances(
  { X, kernels, pace }: Table,
  by: Whitening,
  rows: Int32Array | null,
  count: number,
  out: Float64Array,
): Promise<void> {
  for (let at = 0; at < count; at += kernels.rowsAtOnce) {
    kernels.squaredLengths(by, X, rows, at, Math.min(kernels.rowsAtOnce, count - at), out)
    if (pace.due()) await pace.rest()
  }
}

/** Of the rows with these numbers. */
async function momentsOf({ X, p, kernels, pace }: Table, rows: Int32Array, count: number): Promise<Moments> {
  const mean = new Float64Array(p)
  const S = new Float64Array(p * p)
  for (let r = 0; r < count; r++) for (let j = 0, at = rows[r] * p; j < p; j++) mean[j] += X[at + j]
  for (let j = 0; j < p; j++) mean[j] /= count
  for (let at = 0; at < count; at += kernels.rowsAtOnce) {
    kernels.addProducts(X, rows, at, Math.min(kernels.rowsAtOnce, count - at), mean)
    if (pace.due()) await pace.rest()
  }
  kernels.takeProducts(S)
  for (let i = 0; i < p; i++) for (let j = 0; j <= i; j++) S[i * p + j] = S[j * p + i] = S[i * p + j] / count
  return { mean, S }
}

async function candidateOf(table: Table, rows: Int32Array, count: number): Promise<Candidate> {
  const moments = await momentsOf(table, rows, count)
  return { ...moments, logDeterminant: table.kernels.logDeterminant(moments.S), shape: moments.S }
}

/** C-steps among the given rows until the determinant falls no more or is 0, or `most` of them; one at least. */
async function concentrate(table: Table, rows: Int32Array, h: number, start: Candidate, most: number): Promise<Candidate> {
  const { p, pace, run } = table
  const distance = new Float64Array(rows.length)
  let now: Candidate = { ...start, logDeterminant: Number.POSITIVE_INFINITY }
  for (let step = 0; step < most && !isFlat(now); step++) {
    await distances(table, await ellipsoidOf(now.mean, now.S, p, run.signal), rows, rows.length, distance)
    const limit = distance.slice().sort()[h - 1]
    const chosen = new Int32Array(h)
    let count = 0
    for (let r = 0; r < rows.length; r++) if (distance[r] < limit) chosen[count++] = rows[r]
    for (let r = 0; r < rows.length && count < h; r++) if (distance[r] === limit) chosen[count++] = rows[r]
    const before = now
    now = await candidateOf(table, chosen, h)
    if (isFlat(now) && step > 0) now = { ...now, shape: before.S }
    if (now.logDeterminant >= before.logDeterminant - 1e-12 * Math.abs(before.logDeterminant)) break
    if (pace.due()) await pace.rest()
  }
  return now
}

/** h rows drawn evenly. */
function randomStart(table: Table, rows: Int32Array, h: number, random: RandomStream): Promise<Candidate> {
  const order = rows.slice()
  for (let i = 0; i < h; i++) {
    const other = i + random.below(rows.length - i)
    const row = order[i]
    order[i] = order[other]
    order[other] = row
  }
  return candidateOf(table, order, h)
}

/** The ten with the least determinants; of equal ones the first. */
const bestOf = (candidates: readonly Candidate[]): Candidate[] =>
  [...candidates].sort((a, b) => (a.logDeterminant === b.logDeterminant ? 0 : a.logDeterminant - b.logDeterminant)).slice(0, best)

/** Its first numbers are a random part of them. */
function shuffle(rows: Int32Array, random: RandomStream): Int32Array {
  for (let i = 0; i < rows.length - 1; i++) {
    const other = i + random.below(rows.length - i)
    const row = rows[i]
    rows[i] = rows[other]
    rows[other] = row
  }
  return rows
}

async function leastDeterminant(table: Table, h: number, random: RandomStream): Promise<Candidate> {
  const { n, pace, run } = table
  const { report } = run
  const share = (rows: number): number => Math.min(rows, Math.ceil((rows * h) / n))
  const order = shuffle(
    Int32Array.from({ length: n }, (_, i) => i),
    random,
  )
  const groups = n < groupedFrom ? 1 : Math.min(mostGroups, Math.floor(n / groupRows))
  const size = groups < mostGroups ? Math.floor(n / groups) : groupRows
  const tries = n < groupedFrom ? starts : Math.max(best, Math.floor(startsOfGroups / groups))
  const begun: Candidate[] = []
  for (let g = 0; g < groups; g++) {
    const rows = order.subarray(g * size, (g + 1) * size)
    const found: Candidate[] = []
    for (let t = 0; t < tries; t++) {
      const start = await randomStart(table, rows, share(size), random)
      found.push(isFlat(start) ? start : await concentrate(table, rows, share(size), start, firstSteps))
      report?.((0.4 * (g + t / tries)) / groups)
      if (pace.due()) await pace.rest()
    }
    begun.push(...bestOf(found))
  }
  /**
   * Concentrates the candidates further, now among these rows, and keeps the best. They come in random order, and when `enough` have become
   * flat the rest is left: a flat one has determinant 0, and none can have less.
   */
  async function goOn(from: readonly Candidate[], rows: Int32Array, enough: number, done: number): Promise<Candidate[]> {
    const found: Candidate[] = []
    const turns = shuffle(
      Int32Array.from(from, (_, i) => i),
      random,
    )
    for (let i = 0; i < from.length && found.filter(isFlat).length < enough; i++) {
      report?.(done + (0.3 * i) / from.length)
      found.push(await concentrate(table, rows, share(rows.length), from[turns[i]], mostSteps))
    }
    return bestOf(found)
  }
  let candidates: readonly Candidate[] = begun
  if (n > mergedRows) candidates = await goOn(candidates, shuffle(order, random).subarray(0, mergedRows), best, 0.4)
  return (await goOn(candidates, order, 1, 0.7))[0]
}

/** Numbers of the rows nearer than that. */
async function rowsWithin(table: Table, by: Whitening, limit: number): Promise<Int32Array> {
  const distance = new Float64Array(table.n)
  await distances(table, by, null, table.n, distance)
  return Int32Array.from(distance.keys()).filter((i) => distance[i] < limit)
}

const scaled = (S: Float64Array, factor: number): Float64Array => S.map((value) => value * factor)

export const mcd = defineDetector({
  id: 'mcd',
  version: 3,
  title: 'Robust distance (MCD)',
  summary: 'The Mahalanobis distance from the half of the rows that lie closest together.',
  useWhen: 'Ordinary rows form one cloud and the rows learned from hold unusual ones too, which would pull the mean to them.',
  paper: 'Rousseeuw & Van Driessen 1999, A fast algorithm for the minimum covariance determinant estimator, Technometrics 41',
  params: z.object({
    support: z.number().min(50).max(100).nullable().default(null).meta({
      title: 'Rows trusted',
      unit: '%',
      paperTerm: 'h / n',
      group: 'Detector',
      advanced: true,
      description:
        'Share of the rows that the first estimate is computed from. Left empty: a little above half, which tolerates the most unusual rows.',
    }),
  }),
  mostRows: 100_000,
  async fit(X, n, p, { support }, run) {
    const { seed, signal } = run
    const [kernels, pace] = [openCloudKernels(p), createPace(signal)]
    const table: Table = { X, n, p, kernels, pace, run }
    const h = Math.min(n, support === null ? Math.ceil((n + p + 1) / 2) : Math.max(1, Math.floor((n * support) / 100)))
    const raw = await leastDeterminant(table, h, randomStream(seed, 'mcd'))
    const corrected = await ellipsoidOf(raw.mean, scaled(raw.shape, consistency(h / n, p)), p, signal)
    const within = await rowsWithin(table, corrected, chiSquareQuantile(reweighted, p))
    const final = within.length > p ? await momentsOf(table, within, within.length) : raw
    const ellipsoid = await ellipsoidOf(final.mean, scaled(final.S, consistency(reweighted, p)), p, signal)
    return { score: (Y, m, out) => distances({ ...table, X: Y }, ellipsoid, null, m, out) }
  },
})
