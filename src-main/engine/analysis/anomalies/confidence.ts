/**
 * How much a flagged row can be relied on, from n scores of normal rows it is compared with.
 *
 * p value (conformal; Bates et al., Testing for outliers with conformal p-values, 2023):  p(s) = (1 + #{sᵢ ≥ s}) / (n + 1)
 *
 * Confidence (ExCeeD; Perini, Vercruyssen & Davis, ECML 2020): the chance that the row stays flagged when the n rows are drawn anew,
 * with a share γ of them above the threshold:
 *
 *   q(s) = (1 + #{sᵢ ≤ s}) / (n + 2)        C(s) = P( X ≥ n (1 − γ) + 1 ),  X ~ binomial(n, q(s))
 */
import { regularisedBeta } from '../statistics/regularisedBeta.ts'

export interface Confidence {
  pValue(score: number): number
  /** Of staying flagged; of a row below the threshold this is small. */
  stability(score: number): number
}

/** @param calibration scores of normal rows, rising; at least one */
export function confidenceFrom(calibration: ArrayLike<number>, threshold: number): Confidence {
  const n = calibration.length
  const flagged = n - countUpTo(calibration, threshold)
  return {
    pValue: (score) => (1 + n - countBelow(calibration, score)) / (n + 1),
    stability(score) {
      const q = (1 + countUpTo(calibration, score)) / (n + 2)
      // P(X ≥ k) = I_q(k, n − k + 1). With no calibration row above the threshold, all n have to stay below.
      const k = Math.min(n, n - flagged + 1)
      return regularisedBeta(q, k, n - k + 1)
    },
  }
}

/** How many of rising values are not above. */
export function countUpTo(rising: ArrayLike<number>, value: number): number {
  let [low, high] = [0, rising.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (rising[middle] <= value) low = middle + 1
    else high = middle
  }
  return low
}

/** How many of rising values are below. */
export function countBelow(rising: ArrayLike<number>, value: number): number {
  let [low, high] = [0, rising.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (rising[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}
