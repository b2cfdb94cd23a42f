/**
 * A covariance that can be inverted however few rows there are: Ledoit & Wolf, J. Multivariate Analysis 88, 2004
 *
 *   Σ* = (1 − ρ) S + ρ m I      m = tr S / d      ρ = min(1, b² / δ²)
 *   δ² = ‖S − m I‖² / d         b² = 1/(d n) (1/n Σᵢ ‖xᵢ‖⁴ − ‖S‖²)
 *
 * S is the maximum likelihood covariance of centred rows xᵢ. Memory: the matrix and its inverse, 16 d² bytes.
 */
import { StratumError } from '#common/errors.ts'
import { choleskyRow, lowerInverseRow } from '../cholesky.ts'
import { createPace } from '../pace.ts'

interface ShrunkCovariance {
  readonly mean: Float64Array
  /** [d × d] */
  readonly covariance: Float64Array
  readonly shrinkage: number
}

/** @param X [n × d] row-major, finite */
export async function ledoitWolf(X: Float32Array, n: number, d: number, signal?: AbortSignal): Promise<ShrunkCovariance> {
  const pace = createPace(signal)
  const mean = new Float64Array(d)
  for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < d; j++, at++) mean[j] += X[at]
  for (let j = 0; j < d; j++) mean[j] /= n
  const S = new Float64Array(d * d)
  const x = new Float64Array(d)
  let fourth = 0
  for (let i = 0; i < n; i++) {
    let squared = 0
    for (let j = 0; j < d; j++) {
      x[j] = X[i * d + j] - mean[j]
      squared += x[j] * x[j]
    }
    fourth += squared * squared
    for (let j = 0; j < d; j++) for (let k = 0, at = j * d; k <= j; k++, at++) S[at] += x[j] * x[k]
    if (pace.due()) await pace.rest()
  }
  let [trace, norm] = [0, 0]
  for (let j = 0; j < d; j++)
    for (let k = 0; k <= j; k++) {
      const value = S[j * d + k] / n
      S[j * d + k] = value
      S[k * d + j] = value
      norm += (j === k ? 1 : 2) * value * value
      if (j === k) trace += value
    }
  const m = trace / d
  const delta = (norm - 2 * m * trace + d * m * m) / d
  const beta = Math.min((fourth / n - norm) / (d * n), delta)
  const shrinkage = delta > 0 ? Math.max(0, beta) / delta : 0
  for (let at = 0; at < S.length; at++) S[at] *= 1 - shrinkage
  for (let j = 0; j < d; j++) S[j * d + j] += shrinkage * m
  return { mean, covariance: S, shrinkage }
}

/** Of a symmetric positive definite matrix, P = L⁻ᵀ L⁻¹ (cholesky.ts). @throws DATA_UNSUITABLE when it is none */
export async function inverseOf(S: Float64Array, d: number, signal?: AbortSignal): Promise<Float64Array> {
  const pace = createPace(signal)
  const L = new Float64Array(d * d)
  for (let i = 0; i < d; i++) {
    if (!choleskyRow(S, d, 0, i, L))
      throw new StratumError(
        'DATA_UNSUITABLE',
        'The columns do not vary enough for a covariance to be inverted.',
        'Leave out columns that do not vary, or choose another score.',
      )
    if (pace.due()) await pace.rest()
  }
  const inverse = new Float64Array(d * d)
  for (let i = 0; i < d; i++) {
    lowerInverseRow(L, d, i, inverse)
    if (pace.due()) await pace.rest()
  }
  const P = new Float64Array(d * d)
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0
      for (let k = i; k < d; k++) sum += inverse[k * d + i] * inverse[k * d + j]
      P[i * d + j] = sum
      P[j * d + i] = sum
    }
    if (pace.due()) await pace.rest()
  }
  return P
}
