/**
 * k weighted Gaussians with one of four kinds of covariance, and what EM needs of them.
 *
 *   log π_c N(x | μ_c, Σ_c) = log π_c − ½ ( d log 2π + log |Σ_c| + ‖L_c⁻¹ (x − μ_c)‖² )      Σ_c = L_c L_cᵀ
 *
 * Full and tied covariances keep L⁻¹, lower triangular; diagonal and spherical ones 1 / σ per column.
 */
import { lowerInverse, raisedCholesky } from '../../cholesky.ts'

export type CovarianceKind = 'full' | 'tied' | 'diag' | 'spherical'

export interface Gaussians {
  readonly kind: CovarianceKind
  readonly k: number
  readonly d: number
  /** [k] */
  readonly weights: Float64Array
  /** [k × d] */
  readonly means: Float64Array
  /** Full [k × d × d] and tied [d × d]: L⁻¹. Diagonal and spherical [k × d]: 1 / σ. */
  readonly whiten: Float64Array
  /** [k] log π − ½ (d log 2π + log |Σ|) */
  readonly logScale: Float64Array
}

/** Sums over rows weighted by responsibility, about the means that gave the responsibilities, so that nothing cancels. */
export interface Moments {
  /** [k] Σ r */
  readonly mass: Float64Array
  /** [k × d] Σ r (x − μ) */
  readonly first: Float64Array
  /** Σ r (x − μ)(x − μ)ᵀ, lower triangle: [k × d × d], of a tied one [d × d]; diagonal and spherical: [k × d]. */
  readonly second: Float64Array
}

/** Of the columns of X [n × d], about their first numbers, so that it is 0 exactly where all rows are equal. */
export function largestVariance(X: Float32Array, n: number, d: number): number {
  let largest = 0
  for (let j = 0; j < d; j++) {
    let [sum, squares] = [0, 0]
    for (let at = j; at < n * d; at += d) sum += X[at] - X[j]
    for (let at = j; at < n * d; at += d) squares += (X[at] - X[j] - sum / n) ** 2
    largest = Math.max(largest, squares / n)
  }
  return largest
}

/** Of numbers that describe the model, for BIC and AIC. */
export function freeParameters(kind: CovarianceKind, k: number, d: number): number {
  const perCovariance = { full: (k * d * (d + 1)) / 2, tied: (d * (d + 1)) / 2, diag: k * d, spherical: k }
  return perCovariance[kind] + k * d + k - 1
}

/** Components of no more rows than it takes to span their columns: without the ridge they would have no volume. */
export function singularIn({ kind, weights, d }: Gaussians, n: number): number {
  const needed = { full: d + 1, tied: 0, diag: 2, spherical: 2 }[kind]
  return weights.reduce((count, weight) => count + (Math.round(weight * n) < needed ? 1 : 0), 0)
}

/** Components that only the ridge keeps from being flat in some direction: 1 / ‖L⁻¹‖² is at most the smallest variance. */
export function flatIn({ kind, whiten, k }: Gaussians, ridge: number): number {
  const shapes = kind === 'tied' ? 1 : k
  const width = whiten.length / shapes
  let count = 0
  for (let shape = 0; shape < shapes; shape++) {
    let squares = 0
    for (let at = shape * width; at < (shape + 1) * width; at++) squares += whiten[at] * whiten[at]
    if (squares * 2 * ridge > 1) count++
  }
  return count
}

/** Maximises: the Gaussians of these moments, which were taken about the means of `about`. */
export function fromMoments({ kind, k, d, means }: Gaussians, moments: Moments, ridge: number): Gaussians {
  const mass = moments.mass.map((r) => r + 10 * Number.EPSILON)
  const total = mass.reduce((sum, r) => sum + r, 0)
  const shift = moments.first.map((sum, at) => sum / mass[Math.floor(at / d)])
  const weights = mass.map((r) => r / total)
  const whiten = new Float64Array(moments.second.length)
  const logScale = new Float64Array(k)
  const scaleOf = (logDeterminant: number, c: number): number => Math.log(weights[c]) - (d * Math.log(2 * Math.PI) + logDeterminant) / 2
  if (kind === 'full') {
    for (let c = 0; c < k; c++) {
      const covariance = new Float64Array(d * d)
      for (let i = 0; i < d; i++)
        for (let j = 0; j <= i; j++)
          covariance[i * d + j] = moments.second[c * d * d + i * d + j] / mass[c] - shift[c * d + i] * shift[c * d + j]
      const { inverse, logDeterminant } = whitening(covariance, d, ridge)
      whiten.set(inverse, c * d * d)
      logScale[c] = scaleOf(logDeterminant, c)
    }
  } else if (kind === 'tied') {
    const covariance = new Float64Array(d * d)
    for (let i = 0; i < d; i++)
      for (let j = 0; j <= i; j++) {
        let sum = moments.second[i * d + j]
        for (let c = 0; c < k; c++) sum -= mass[c] * shift[c * d + i] * shift[c * d + j]
        covariance[i * d + j] = sum / total
      }
    const { inverse, logDeterminant } = whitening(covariance, d, ridge)
    whiten.set(inverse)
    for (let c = 0; c < k; c++) logScale[c] = scaleOf(logDeterminant, c)
  } else {
    for (let c = 0; c < k; c++) {
      const variance = Float64Array.from({ length: d }, (_, j) =>
        Math.max(0, moments.second[c * d + j] / mass[c] - shift[c * d + j] * shift[c * d + j]),
      )
      if (kind === 'spherical') variance.fill(variance.reduce((sum, value) => sum + value, 0) / d)
      let logDeterminant = 0
      for (let j = 0; j < d; j++) {
        logDeterminant += Math.log(variance[j] + ridge)
        whiten[c * d + j] = 1 / Math.sqrt(variance[j] + ridge)
      }
      logScale[c] = scaleOf(logDeterminant, c)
    }
  }
  return { kind, k, d, weights, means: means.map((mean, at) => mean + shift[at]), whiten, logScale }
}

/** L⁻¹ of covariance + ridge · I (lower triangle given), by Cholesky; a ridge that rounding swallows is raised until it holds. */
function whitening(covariance: Float64Array, d: number, ridge: number): { inverse: Float64Array; logDeterminant: number } {
  const L = raisedCholesky(covariance, d, ridge)
  let logDeterminant = 0
  for (let i = 0; i < d; i++) logDeterminant += 2 * Math.log(L[i * d + i])
  return { inverse: lowerInverse(L, d), logDeterminant }
}
