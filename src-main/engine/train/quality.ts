/** How well a trained model gives rows back: overall, and column by column against the column's own spread. */
import { throwIfCancelled } from '#common/errors.ts'
import type { Encoder } from './encoder.ts'

export interface Quality {
  /** Σ(x − x̂)² / (rows · columns) */
  readonly error: number
  /** 1 − Σ(x − x̂)² / Σ(x − column mean)² */
  readonly explainedVariance: number
  /** Per column Σ(x − x̂)² / Σ(x − mean)². */
  readonly columnError: readonly number[]
}

const rowsAtOnce = 65_536

/** Sums in float64. Memory: one block of rows. */
export async function qualityOf(
  encoder: Pick<Encoder, 'reconstruct'>,
  X: Float32Array,
  n: number,
  d: number,
  signal: AbortSignal,
): Promise<Quality> {
  const squaredError = new Float64Array(d)
  const sum = new Float64Array(d)
  for (let i = 0; i < n * d; i++) sum[i % d] += X[i]
  const spread = new Float64Array(d)
  for (let row = 0; row < n; row += rowsAtOnce) {
    throwIfCancelled(signal)
    const rows = Math.min(rowsAtOnce, n - row)
    const block = X.subarray(row * d, (row + rows) * d)
    const back = await encoder.reconstruct(block, rows)
    for (let i = 0; i < rows * d; i++) {
      const column = i % d
      squaredError[column] += (block[i] - back[i]) ** 2
      spread[column] += (block[i] - sum[column] / n) ** 2
    }
  }
  const total = (values: Float64Array): number => values.reduce((a, b) => a + b, 0)
  return {
    error: total(squaredError) / (n * d),
    explainedVariance: 1 - share(total(squaredError), total(spread)),
    columnError: Array.from(squaredError, (e, column) => share(e, spread[column])),
  }
}

/** A column that never changes is explained when its error is rounding. */
const share = (error: number, spread: number): number => (spread > 0 ? error / spread : error > 1e-12 ? 1 : 0)
