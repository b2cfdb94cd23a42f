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
import { quantileOfSorted } from '../quantiles.ts'
import { randomStream } from '../random.ts'

const fitted = 0.9
const draws = 200
const fewestPoints = 20
/** Of one answer, in squared differences: some 3 s. */
const mostWork = 4e9
const mostPoints = 5000
/** Rows between two looks at the cancel flag are few enough for some 50 ms. */
const workAtOnce = 5e7

/** How many points of so many columns are compared. */
export const pointsFor = (n: number, columns: number): number =>
  Math.min(n, mostPoints, Math.max(fewestPoints, Math.floor(Math.sqrt(mostWork / Math.max(1, columns)))))

/**
 * @param X  [n × d] row-major, d ≥ 1; every row is compared with every other one
 * @returns  null with fewer than 20 different points. Memory: a few numbers per point; time n² · d.
 */
export async function twoNN(X: Float32Array, n: number, d: number, seed: number, signal?: AbortSignal): Promise<DimensionEstimate | null> {
  const logRatios: number[] = []
  const rowsAtOnce = Math.max(1, Math.floor(workAtOnce / Math.max(1, n * d)))
  for (let i = 0; i < n; i++) {
    if (i % rowsAtOnce === 0) {
      if (signal) throwIfCancelled(signal)
      await setImmediate()
    }
    const [first, second] = nearestTwo(X, n, d, i)
    if (Number.isFinite(second)) logRatios.push(0.5 * Math.log(second / first))
  }
  const N = logRatios.length
  if (N < fewestPoints) return null
  const sorted = Float64Array.from(logRatios).sort()
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
    dimension: dimensionOf((i) => sorted[i], N),
    low: quantileOfSorted(estimates, 0.025),
    high: quantileOfSorted(estimates, 0.975),
    rows: N,
  }
}

/** Squared distances of point i to its two nearest other ones; infinite for a point that an earlier one equals. */
function nearestTwo(X: Float32Array, n: number, d: number, i: number): readonly [first: number, second: number] {
  let first = Number.POSITIVE_INFINITY
  let second = Number.POSITIVE_INFINITY
  for (let j = 0, to = 0; j < n; j++, to += d) {
    if (j === i) continue
    let sum = 0
    for (let k = 0, from = i * d; k < d && sum < second; k++) {
      const difference = X[from + k] - X[to + k]
      sum += difference * difference
    }
    if (sum === 0) {
      if (j < i) return [0, Number.POSITIVE_INFINITY]
      continue
    }
    if (sum >= second) continue
    if (sum < first) {
      second = first
      first = sum
    } else second = sum
  }
  return [first, second]
}

/** @param logRatio  ln μ ascending */
function dimensionOf(logRatio: (i: number) => number, N: number): number {
  let [xy, xx] = [0, 0]
  for (let i = 0; i < Math.floor(fitted * N); i++) {
    const x = logRatio(i)
    xy += x * -Math.log(1 - (i + 1) / N)
    xx += x * x
  }
  return xx > 0 ? xy / xx : 0
}
