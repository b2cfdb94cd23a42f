/** Thresholds on an anomaly score from held-out rows that are taken to be normal. */
import { quantileOfSorted, sortedFinite } from '../statistics/quantiles.ts'

export interface Threshold {
  /** Flag rows scoring above. */
  readonly threshold: number
  /** 95 % interval of the true percentile, from order statistics; an end is infinite when the sample is too small to bound it. */
  readonly low: number
  readonly high: number
  /** Scores it rests on. */
  readonly n: number
}

/**
 * The percentile of held-out scores, with a distribution-free interval: the number of scores below the true percentile is
 * binomial(n, p), so the order statistics at its 2.5 % and 97.5 % points enclose it (David & Nagaraja, Order Statistics, 7.1).
 *
 * @param percentile above 0, below 100
 */
export function percentileThreshold(scores: ArrayLike<number>, percentile: number): Threshold {
  if (!(percentile > 0 && percentile < 100)) throw new RangeError(`expected a percentile between 0 and 100, found ${percentile}`)
  const sorted = sortedFinite(scores)
  const n = sorted.length
  if (n === 0) throw new RangeError('expected at least one score, found none')
  const p = percentile / 100
  const below = binomialQuantile(n, p, 0.025)
  const above = binomialQuantile(n, p, 0.975) + 1
  return {
    threshold: quantileOfSorted(sorted, p),
    low: below < 1 ? Number.NEGATIVE_INFINITY : sorted[below - 1],
    high: above > n ? Number.POSITIVE_INFINITY : sorted[above - 1],
    n,
  }
}

/** The smallest x with P(X ≤ x) ≥ q for X ~ binomial(n, p). Sums from the mean outwards, so that large n does not underflow. */
export function binomialQuantile(n: number, p: number, q: number): number {
  const mode = Math.min(n, Math.floor((n + 1) * p))
  const odds = p / (1 - p)
  // Weights relative to the mode; beyond 1e-18 of it they add nothing.
  const weights = new Map<number, number>([[mode, 1]])
  let lowest = mode
  for (let x = mode, weight = 1; x > 0 && weight > 1e-18; x--) {
    weight *= x / ((n - x + 1) * odds)
    weights.set(x - 1, weight)
    lowest = x - 1
  }
  for (let x = mode, weight = 1; x < n && weight > 1e-18; x++) {
    weight *= ((n - x) * odds) / (x + 1)
    weights.set(x + 1, weight)
  }
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0)
  let sum = 0
  for (let x = lowest; weights.has(x); x++) {
    sum += weights.get(x) as number
    if (sum >= q * total) return x
  }
  return n
}
