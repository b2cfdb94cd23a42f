/**
 * TwoNN, how many directions points really vary along: Facco, d'Errico, Rodriguez & Laio, Sci. Rep. 7, 12140 (2017)
 *
 *   μ_i = r₂(i) / r₁(i)        of the distances to the nearest and second nearest neighbour
 *   −ln(1 − F(μ_i)) = d · ln μ_i,    F(μ_i) = i / N with μ ascending;    d by least squares through the origin
 *
 * As in the paper the tenth with the largest μ is left out of the fit. Points that are equal count once, for r₁ would be 0. The interval is
 * that of 200 bootstrap draws of the μ_i. It tells the spread of the estimate for points as dense as these; noise makes any data look as
 * wide as its columns at distances below the noise, and strongly curved or few points make the estimate too small.
 */
import { setImmediate } from 'node:timers/promises'
import type { DimensionEstimate } from '#common/domain/report.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { quantileOfSorted } from '../statistics/quantiles.ts'
import { randomStream } from '../random.ts'

const fitted = 0.9
const draws = 200
const fewestPoints = 20
/** Of one answer, in squared differences: some 2 s. */
const mostWork = 2e9
const mostPoints = 5000
/** Rows between two looks at the cancel flag are few enough for some 50 ms. */
const workAtOnce = 5e7

/** How many points of so many columns are compared. */
export const pointsFor = (n: number, columns: number): number =>
  Math.min(n, mostPoints, Math.max(fewestPoints, Math.floor(Math.sqrt(mostWork / Math.max(1, columns)))))

/**
 * @param X  [n × d] row-major, d ≥ 1; every row is compared with every other one
 * @returns  null with fewer than 20 different points, and of points on a lattice, whose two nearest are equally far. Memory: a copy of the points; time n² · d.
 */
export async function twoNN(X: Float32Array, n: number, d: number, seed: number, signal?: AbortSignal): Promise<DimensionEstimate | null> {
  const different = differentRows(X, n, d)
  const N = different.length / d
  if (N < fewestPoints) return null
  const sorted = new Float64Array(N)
  const rowsAtOnce = Math.max(1, Math.floor(workAtOnce / (N * d)))
  for (let i = 0; i < N; i++) {
    if (i % rowsAtOnce === 0) {
      if (signal) throwIfCancelled(signal)
      await setImmediate()
    }
    sorted[i] = logRatio(different, N, d, i)
  }
  sorted.sort()
  const dimension = dimensionOf((i) => sorted[i], N)
  if (dimension === 0) return null
  const random = randomStream(seed, 'TwoNN')
  const estimates = new Float64Array(draws)
  const places = new Uint32Array(N)
  for (let draw = 0; draw < draws; draw++) {
    for (let i = 0; i < N; i++) places[i] = random.below(N)
    places.sort()
    estimates[draw] = dimensionOf((i) => sorted[places[i]], N)
  }
  estimates.sort()
  return {
    dimension,
    low: quantileOfSorted(estimates, 0.025),
    high: quantileOfSorted(estimates, 0.975),
    rows: N,
  }
}

/** Each different row once, in any order. */
function differentRows(X: Float32Array, n: number, d: number): Float32Array {
  const compare = (a: number, b: number): number => {
    for (let k = 0; k < d; k++) if (X[a * d + k] !== X[b * d + k]) return X[a * d + k] - X[b * d + k]
    return 0
  }
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort(compare)
  const kept = order.filter((row, i) => i === 0 || compare(order[i - 1], row) !== 0)
  const out = new Float32Array(kept.length * d)
  for (const [i, row] of kept.entries()) out.set(X.subarray(row * d, (row + 1) * d), i * d)
  return out
}

/** ln μ of point i. */
function logRatio(X: Float32Array, n: number, d: number, i: number): number {
  let first = Number.POSITIVE_INFINITY
  let second = Number.POSITIVE_INFINITY
  for (let j = 0; j < n; j++) {
    if (j === i) continue
    const square = squaredDistance(X, i * d, j * d, d, second)
    if (square >= second) continue
    if (square < first) {
      second = first
      first = square
    } else second = square
  }
  return 0.5 * Math.log(second / first)
}

/** Given up once it is at least `enough`. Four sums that do not wait for one another: three times as fast as one. */
function squaredDistance(X: Float32Array, a: number, b: number, d: number, enough: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0]
  let k = 0
  while (k + 4 <= d) {
    for (const end = Math.min(d - 3, k + 64); k < end; k += 4) {
      const d0 = X[a + k] - X[b + k]
      const d1 = X[a + k + 1] - X[b + k + 1]
      const d2 = X[a + k + 2] - X[b + k + 2]
      const d3 = X[a + k + 3] - X[b + k + 3]
      s0 += d0 * d0
      s1 += d1 * d1
      s2 += d2 * d2
      s3 += d3 * d3
    }
    if (s0 + s1 + s2 + s3 >= enough) return enough
  }
  let sum = s0 + s1 + s2 + s3
  for (; k < d; k++) {
    const difference = X[a + k] - X[b + k]
    sum += difference * difference
  }
  return sum
}

/** 0 where all μ are 1, which say nothing. @param logRatioAt  ln μ ascending */
function dimensionOf(logRatioAt: (i: number) => number, N: number): number {
  let [xy, xx] = [0, 0]
  for (let i = 0; i < Math.floor(fitted * N); i++) {
    const x = logRatioAt(i)
    xy += x * -Math.log(1 - (i + 1) / N)
    xx += x * x
  }
  return xx > 0 ? xy / xx : 0
}
