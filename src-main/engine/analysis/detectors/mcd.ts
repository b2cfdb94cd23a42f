/**
 * Minimum covariance determinant — Rousseeuw & Van Driessen, Technometrics 41, 1999 (FastMCD)
 *
 *   score(x) = D²(x; μ̂, Σ̂)        μ₀, Σ₀: mean and covariance of the h rows whose covariance has the least determinant
 *   Σ₁ = c(h/n) Σ₀        μ̂, c(0.975)⁻¹ Σ̂: mean and covariance of the rows with D²(x; μ₀, Σ₁) < χ²_p,0.975
 *   h = ⌈(n + p + 1) / 2⌉    c(α) = α / P(χ²_{p+2} ≤ χ²_p,α), so that normal rows get the covariance they have (Croux & Haesbroeck 1999)
 *
 * A C-step takes the h rows nearest by D² and their mean and covariance; the determinant never grows. As in scikit-learn and PyOD it begins
 * with h rows drawn at random (in the paper with p + 1, which reach lower determinants in places that are as good): two steps from 30 of
 * them, to the end from the ten best. More than 600 rows are split into at most five groups of 300, with 20 beginnings each; the ten best of
 * each take two more steps in all groups together. A singular covariance has its pseudo-inverse, again as there: directions in which the
 * chosen rows do not vary are not looked at, and where most rows share a value what comes out depends on the seed.
 * Memory: the rows learned from, a number for each, and 50 matrices of p² numbers of eight bytes.
 */
import { z } from 'zod'
import { createPace, type LongRun, type Pace } from '../pace.ts'
import { type RandomStream, randomStream } from '../random.ts'
import { chiSquareTail } from '../statistics/tailProbability.ts'
import { defineDetector } from './define.ts'
import { type Ellipsoid, ellipsoidOf, regularEllipsoid } from './ellipsoid.ts'

const starts = 30
const startsOfGroup = 20
const best = 10
const groupRows = 300
const mostGroups = 5
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
  const centred = new Float64Array(p)
  for (let r = 0; r < count; r++) {
    for (let j = 0, at = rows[r] * p; j < p; j++) centred[j] = X[at + j] - mean[j]
    for (let i = 0; i < p; i++) for (let j = 0, c = centred[i]; j <= i; j++) S[i * p + j] += c * centred[j]
  }
  for (let i = 0; i < p; i++) for (let j = 0; j <= i; j++) S[i * p + j] = S[j * p + i] = S[i * p + j] / count
  return { mean, S }
}

/** A mean and covariance on the way, with the determinant; one of 0 is as small as can be. */
interface Candidate extends Moments {
  readonly logDeterminant: number
}

/** C-steps among the given rows until the determinant falls no more or is 0, or `most` of them; one at least. */
async function concentrate(
  X: Float32Array,
  p: number,
  rows: Int32Array,
  h: number,
  start: Moments,
  most: number,
  pace: Pace,
  signal: AbortSignal | undefined,
): Promise<Candidate> {
  const distance = new Float64Array(rows.length)
  let now: Moments = start
  let ellipsoid: Ellipsoid | null = await ellipsoidOf(start.mean, start.S, p, signal)
  for (let step = 0, before = Number.POSITIVE_INFINITY; step < most && ellipsoid; step++) {
    for (let r = 0; r < rows.length; r++) {
      distance[r] = ellipsoid.squaredDistance(X, rows[r])
      if (pace.due()) await pace.rest()
    }
    const limit = distance.slice().sort()[h - 1]
    const chosen = new Int32Array(h)
    let count = 0
    for (let r = 0; r < rows.length; r++) if (distance[r] < limit) chosen[count++] = rows[r]
    for (let r = 0; r < rows.length && count < h; r++) if (distance[r] === limit) chosen[count++] = rows[r]
    now = momentsOf(X, p, chosen, h)
    ellipsoid = regularEllipsoid(now.mean, now.S, p)
    const determinant = ellipsoid ? ellipsoid.logDeterminant : Number.NEGATIVE_INFINITY
    if (determinant >= before - 1e-12 * Math.abs(before)) break
    before = determinant
    if (pace.due()) await pace.rest()
  }
  return { ...now, logDeterminant: ellipsoid ? ellipsoid.logDeterminant : Number.NEGATIVE_INFINITY }
}

/** h rows drawn evenly. `isFlat`: their covariance has no inverse, as that of nearly all h rows will have none. */
function randomStart(
  X: Float32Array,
  p: number,
  rows: Int32Array,
  h: number,
  random: RandomStream,
): Moments & { readonly isFlat: boolean } {
  const order = rows.slice()
  for (let i = 0; i < h; i++) {
    const other = i + random.below(rows.length - i)
    const row = order[i]
    order[i] = order[other]
    order[other] = row
  }
  const moments = momentsOf(X, p, order, h)
  return { ...moments, isFlat: regularEllipsoid(moments.mean, moments.S, p) === null }
}

/** The best ones, each determinant once. */
function bestOf(candidates: readonly Candidate[]): Candidate[] {
  const sorted = [...candidates].sort((a, b) => a.logDeterminant - b.logDeterminant)
  const same = (a: number, b: number): boolean => a === b || Math.abs(a - b) <= 1e-10 * Math.abs(a)
  return sorted.filter((one, i) => i === 0 || !same(one.logDeterminant, sorted[i - 1].logDeterminant)).slice(0, best)
}

/** Row numbers in random order. */
function shuffled(n: number, random: RandomStream): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i)
  for (let i = 0; i < n - 1; i++) {
    const other = i + random.below(n - i)
    const row = order[i]
    order[i] = order[other]
    order[other] = row
  }
  return order
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
  const order = shuffled(n, random)
  const groups = n <= 2 * groupRows ? 1 : Math.min(mostGroups, Math.floor(n / groupRows))
  const size = groups === 1 ? n : groupRows
  const share = (rows: number): number => Math.min(rows, Math.ceil((rows * h) / n))
  const tries = groups === 1 ? starts : startsOfGroup
  const kept: Candidate[] = []
  for (let g = 0; g < groups; g++) {
    const rows = order.subarray(g * size, (g + 1) * size)
    const found: Candidate[] = []
    for (let t = 0; t < tries; t++) {
      const start = randomStart(X, p, rows, share(rows.length), random)
      if (start.isFlat) {
        found.push({ ...start, logDeterminant: Number.NEGATIVE_INFINITY })
        break
      }
      found.push(await concentrate(X, p, rows, share(rows.length), start, firstSteps, pace, signal))
      report?.((0.5 * (g + t / tries)) / groups)
      if (pace.due()) await pace.rest()
    }
    kept.push(...bestOf(found))
  }
  let candidates = kept
  if (groups > 1) {
    const merged = order.subarray(0, groups * size)
    candidates = []
    for (const one of kept) candidates.push(await concentrate(X, p, merged, share(merged.length), one, firstSteps, pace, signal))
    candidates = bestOf(candidates)
  }
  const finished: Candidate[] = []
  for (const [i, one] of candidates.entries()) {
    report?.(0.6 + (0.4 * i) / candidates.length)
    finished.push(await concentrate(X, p, order, h, one, mostSteps, pace, signal))
  }
  return bestOf(finished)[0]
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
  version: 1,
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
    const corrected = await ellipsoidOf(raw.mean, scaled(raw.S, consistency(h / n, p)), p, signal)
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
