/**
 * The covariance of rows times a few vectors, without the covariance itself: for data with too many columns to square.
 *
 *   S Q = 1/(n−1) Σ_r (x_r − μ) ((x_r − μ)ᵀ Q)        x_r, μ [d] · Q [d × m]
 *
 * Memory: d · m numbers of eight bytes; cost 2 · n · d · m.
 */
import { Matrix } from 'ml-matrix'
import { throwIfCancelled } from '#common/errors.ts'
import type { Product } from './eigenvectors.ts'

/** Multiply-adds between two looks at the cancel flag, about 50 ms. */
const workAtOnce = 5e7

export function meanOf(X: Float32Array, n: number, d: number): Float64Array {
  const mean = new Float64Array(d)
  for (let r = 0; r < n; r++) for (let i = 0; i < d; i++) mean[i] += X[r * d + i]
  return mean.map((sum) => sum / n)
}

/** @param X [n × d] row-major */
export function covarianceProduct(X: Float32Array, n: number, d: number, mean: Float64Array, signal: AbortSignal): Product {
  return async (given) => {
    const m = given.columns
    const Q = Float64Array.from(given.to1DArray())
    const out = new Float64Array(d * m)
    const t = new Float64Array(m)
    const rowsAtOnce = Math.max(1, Math.floor(workAtOnce / (2 * d * m)))
    for (let from = 0; from < n; from += rowsAtOnce) {
      await new Promise(setImmediate)
      throwIfCancelled(signal)
      for (let r = from; r < Math.min(n, from + rowsAtOnce); r++) {
        t.fill(0)
        for (let i = 0; i < d; i++) {
          const x = X[r * d + i] - mean[i]
          for (let j = 0; j < m; j++) t[j] += x * Q[i * m + j]
        }
        for (let i = 0; i < d; i++) {
          const x = X[r * d + i] - mean[i]
          for (let j = 0; j < m; j++) out[i * m + j] += x * t[j]
        }
      }
    }
    return Matrix.from1DArray(
      d,
      m,
      out.map((sum) => sum / (n - 1)),
    )
  }
}
