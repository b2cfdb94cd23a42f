/**
 * Minimum covariance determinant — Rousseeuw & Van Driessen, Technometrics 41, 1999 (FastMCD)
 *
 *   score(x) = D²(x; μ̂, Σ̂)        μ₀, Σ₀: mean and covariance of the h rows whose covariance has the least determinant
 *   Σ₁ = c(h/n) Σ₀        μ̂, c(0.975)⁻¹ Σ̂: mean and covariance of the rows with D²(x; μ₀, Σ₁) < χ²_p,0.975
 *   h = ⌈(n + p + 1) / 2⌉    c(α) = α / P(χ²_{p+2} ≤ χ²_p,α), so that normal rows get the covariance they have (Croux & Haesbroeck 1999)
 *
 * A C-step takes the h rows nearest by D² and their mean and covariance; the determinant never grows. How it is searched for is
 * scikit-learn's way, and PyOD's: it begins with h rows drawn at random (in the paper with p + 1, which reach lower determinants in places
 * that are as good) and takes two steps from 30 of them, then goes to the end from the ten best. More than 500 rows are split into groups of 300, of
 * at most 50, with 500 beginnings in all and ten at least in each; the ten best of each go on among 1500 rows, and the ten best of those
 * among all. A singular covariance ends the search, again as there: of several one is as good as any, and rows that lie off the plane of the
 * chosen ones are far by the covariance of the step before, which was not flat yet. Where there is none its pseudo-inverse is taken, which
 * does not look at directions in which the chosen rows do not vary. What comes out depends on the seed where columns repeat one
 * another or most rows share a value.
 * Memory: the rows learned from, a number for each, and a matrix of p² numbers of eight bytes for each of up to 500 candidates.
 */
import { z } from 'zod'
import { createPace, type LongRun, type Pace } from '../pace.ts'
import { type RandomStream, randomStream } from '../random.ts'
import { chiSquareTail } from '../statistics/tailProbability.ts'
import { defineDetector } from './define.ts'
import { type Ellipsoid, ellipsoidOf } from './ellipsoid.ts'

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

function momentsOf(X: Float32Array, p: number, rows: ArrayLike<number>, count: number): Moments {
  const mean = new Float64Array(p)
  const S = new Float64Array(p * p)
  for (let r = 0; r < count; r++) for (let j = 0, at = rows[r] * p; j < p; j++) mean[j] += X[at + j]
  for (let j = 0; j < p; j++) mean[j] /= count
  // Four rows go together: their products are added one after another while a sum is at hand.
  const four = new Float64Array(4 * p)
  for (let r = 0; r < count; r += 4) {
    four.fill(0)
    for (let row = 0; row < Math.min(4, count - r); row++)
      for (let j = 0, at = rows[r + row] * p; j < p; j++) four[4 * j + row] = X[at + j] - mean[j]
    for (let i = 0; i < p; i++) {
      const [a, b, c, d] = [four[4 * i], four[4 * i + 1], four[4 * i + 2], four[4 * i + 3]]
      for (let j = 0, at = i * p; j <= i; j++, at++)
        S[at] = S[at] + a * four[4 * j] + b * four[4 * j + 1] + c * four[4 * j + 2] + d * four[4 * j + 3]
    }
  }
  for (let i = 0; i < p; i++) for (let j = 0; j <= i; j++) S[i * p + j] = S[j * p + i] = S[i * p + j] / count
  return { mean, S }
}

/** A mean and covariance on the way, with the determinant; one of 0 is as small as can be. */
interface Candidate extends Moments {
  readonly logDeterminant: number
  /** What distances are measured by: S, or what it was before it became flat. */
  readonly shape: Float64Array
}

/**
 * ln |S| by elimination with the largest pivot of each column, −Infinity where |S| is not positive. Of a covariance that is singular but for
 * rounding the sign is chance, as it is in scikit-learn: such a one ends the search at once, or a step or two later.
 */
function logDeterminantOf(S: Float64Array, p: number): number {
  const A = S.slice()
  let log = 0
  let isPositive = true
  for (let k = 0; k < p; k++) {
    let pivot = k
    for (let i = k + 1; i < p; i++) if (Math.abs(A[i * p + k]) > Math.abs(A[pivot * p + k])) pivot = i
    const value = A[pivot * p + k]
    if (value === 0) return Number.NEGATIVE_INFINITY
    if (pivot !== k) for (let j = 0; j < p; j++) [A[k * p + j], A[pivot * p + j]] = [A[pivot * p + j], A[k * p + j]]
    if (value < 0 !== (pivot !== k)) isPositive = !isPositive
    log += Math.log(Math.abs(value))
    for (let i = k + 1; i < p; i++) {
      const factor = A[i * p + k] / value
      if (factor !== 0) for (let j = k + 1; j < p; j++) A[i * p + j] -= factor * A[k * p + j]
    }
  }
  return isPositive ? log : Number.NEGATIVE_INFINITY
}

const candidate = (moments: Moments, p: number): Candidate => ({
  ...moments,
  logDeterminant: logDeterminantOf(moments.S, p),
  shape: moments.S,
})

const isFlat = ({ logDeterminant }: Candidate): boolean => logDeterminant === Number.NEGATIVE_INFINITY

/** C-steps among the given rows until the determinant falls no more or is 0, or `most` of them; one at least. */
async function concentrate(
  X: Float32Array,
  p: number,
  rows: Int32Array,
  h: number,
  start: Candidate,
  most: number,
  pace: Pace,
  signal: AbortSignal | undefined,
): Promise<Candidate> {
  const distance = new Float64Array(rows.length)
  let now: Candidate = { ...start, logDeterminant: Number.POSITIVE_INFINITY }
  for (let step = 0; step < most && !isFlat(now); step++) {
    const ellipsoid = await ellipsoidOf(now.mean, now.S, p, signal)
    for (let r = 0; r < rows.length; r++) {
      distance[r] = ellipsoid.squaredDistance(X, rows[r])
      if (pace.due()) await pace.rest()
    }
    const limit = distance.slice().sort()[h - 1]
    const chosen = new Int32Array(h)
    let count = 0
    for (let r = 0; r < rows.length; r++) if (distance[r] < limit) chosen[count++] = rows[r]
    for (let r = 0; r < rows.length && count < h; r++) if (distance[r] === limit) chosen[count++] = rows[r]
    const before = now
    now = candidate(momentsOf(X, p, chosen, h), p)
    if (isFlat(now) && step > 0) now = { ...now, shape: before.S }
    if (now.logDeterminant >= before.logDeterminant - 1e-12 * Math.abs(before.logDeterminant)) break
    if (pace.due()) await pace.rest()
  }
  return now
}

/** h rows drawn evenly. */
function randomStart(X: Float32Array, p: number, rows: Int32Array, h: number, random: RandomStream): Candidate {
  const order = rows.slice()
  for (let i = 0; i < h; i++) {
    const other = i + random.below(rows.length - i)
    const row = order[i]
    order[i] = order[other]
    order[other] = row
  }
  return candidate(momentsOf(X, p, order, h), p)
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

async function leastDeterminant(
  X: Float32Array,
  n: number,
  p: number,
  h: number,
  random: RandomStream,
  pace: Pace,
  { report, signal }: LongRun,
): Promise<Candidate> {
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
      const start = randomStart(X, p, rows, share(size), random)
      found.push(isFlat(start) ? start : await concentrate(X, p, rows, share(size), start, firstSteps, pace, signal))
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
      found.push(await concentrate(X, p, rows, share(rows.length), from[turns[i]], mostSteps, pace, signal))
    }
    return bestOf(found)
  }
  let candidates: readonly Candidate[] = begun
  if (n > mergedRows) candidates = await goOn(candidates, shuffle(order, random).subarray(0, mergedRows), best, 0.4)
  return (await goOn(candidates, order, 1, 0.7))[0]
}

async function rowsWithin(X: Float32Array, n: number, ellipsoid: Ellipsoid, limit: number, pace: Pace): Promise<Int32Array> {
  const rows = new Int32Array(n)
  let count = 0
  for (let i = 0; i < n; i++) {
    if (ellipsoid.squaredDistance(X, i) < limit) rows[count++] = i
    if (pace.due()) await pace.rest()
  }
  return rows.subarray(0, count)
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
      description: 'Share of the rows the first estimate is made of. Empty is a little above half, which stands the most unusual rows.',
    }),
  }),
  mostRows: 100_000,
  async fit(X, n, p, { support }, run) {
    const { seed, signal } = run
    const pace = createPace(signal)
    const h = Math.min(n, support === null ? Math.ceil((n + p + 1) / 2) : Math.max(1, Math.floor((n * support) / 100)))
    const raw = await leastDeterminant(X, n, p, h, randomStream(seed, 'mcd'), pace, run)
    const corrected = await ellipsoidOf(raw.mean, scaled(raw.shape, consistency(h / n, p)), p, signal)
    const within = await rowsWithin(X, n, corrected, chiSquareQuantile(reweighted, p), pace)
    const final = within.length > p ? momentsOf(X, p, within, within.length) : raw
    const ellipsoid = await ellipsoidOf(final.mean, scaled(final.S, consistency(reweighted, p)), p, signal)
    return {
      async score(Y, m, out) {
        for (let i = 0; i < m; i++) {
          out[i] = ellipsoid.squaredDistance(Y, i)
          if (pace.due()) await pace.rest()
        }
      },
    }
  },
})
