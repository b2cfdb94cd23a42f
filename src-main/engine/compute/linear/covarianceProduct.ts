/**
 * The covariance of rows times a few vectors, without the covariance itself: for data with too many columns to square.
 *
 *   S Q = 1/(n−1) Σ_r (x_r − μ) ((x_r − μ)ᵀ Q)        x_r, μ [d] · Q [d × m] · of a single row 0
 *
 * Memory: d · m numbers of eight bytes and one block of rows; cost 2 · n · d · m.
 */
import { Matrix } from 'ml-matrix'
import { throwIfCancelled } from '#common/errors.ts'
import { blocksOf, type RowReader, rowsOfBlock } from '../rowReader.ts'
import type { Product } from './eigenvectors.ts'

/** Multiply-adds between two looks at the cancel flag, about 50 ms. */
const workAtOnce = 5e7

export async function meanOf(rows: RowReader, signal: AbortSignal): Promise<Float64Array> {
  const d = rows.columns
  const mean = new Float64Array(d)
  for await (const { n, X } of blocksOf(rows)) {
    throwIfCancelled(signal)
    for (let r = 0; r < n; r++) for (let i = 0; i < d; i++) mean[i] += X[r * d + i]
  }
  return mean.map((sum) => sum / rows.rows)
}

export function covarianceProduct(rows: RowReader, mean: Float64Array, signal: AbortSignal): Product {
  const d = rows.columns
  return async (given) => {
    const m = given.columns
    const Q = Float64Array.from(given.to1DArray())
    const out = new Float64Array(d * m)
    const t = new Float64Array(m)
    for await (const { n, X } of blocksOf(rows, rowsOfBlock(d, Math.max(1, Math.floor(workAtOnce / (2 * d * m)))))) {
      await new Promise(setImmediate)
      throwIfCancelled(signal)
      for (let r = 0; r < n; r++) {
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
    const divisor = Math.max(1, rows.rows - 1)
    return Matrix.from1DArray(
      d,
      m,
      out.map((sum) => sum / divisor),
    )
  }
}
