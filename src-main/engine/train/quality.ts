/** How well a trained model gives rows back: overall, and column by column against the column's own spread. */
import { throwIfCancelled } from '#common/errors.ts'
import { blocksOf, firstOfEach, lastOfEach, type RowReader, rowsOfBlock } from '../compute/rowReader.ts'
import type { Encoder } from './encoder.ts'

export interface Quality {
  /** Mean over rows and columns of (x − x̂)²; of those that are known. */
  readonly error: number
  /** 1 − Σ(x − x̂)² / Σ(x − column mean)² */
  readonly explainedVariance: number
  /** Per column Σ(x − x̂)² / Σ(x − mean)². */
  readonly columnError: readonly number[]
}

const rowsAtOnce = 65_536

/**
 * Goes through the rows once, with sums in float64. Memory: two blocks of rows and what the model makes of one, 8 MB each.
 *
 * On the model's own scale where it has one.
 *
 * @param given  how many of the rows' last columns are given and not rebuilt, and whether the last of them say what is known
 */
export async function qualityOf(
  encoder: Pick<Encoder, 'reconstruct'> & Partial<Pick<Encoder, 'scale'>>,
  rows: RowReader,
  signal: AbortSignal,
  { conditions = 0, masked = false }: { readonly conditions?: number; readonly masked?: boolean } = {},
): Promise<Quality> {
  const d = rows.columns - conditions
  const squaredError = new Float64Array(d)
  let known = 0
  const spread = new ColumnSpread(d)
  for await (const { n, X: given } of blocksOf(rows, rowsOfBlock(rows.columns, rowsAtOnce))) {
    throwIfCancelled(signal)
    const scaled = (values: Float32Array): Float32Array => encoder.scale?.of(values.subarray(0, n * d), n) ?? values
    const back = scaled(await encoder.reconstruct(given, n, signal))
    const X = scaled(firstOfEach(given, n, rows.columns, d))
    const present = masked ? lastOfEach(given, n, rows.columns, d) : null
    for (let row = 0, i = 0; row < n; row++)
      for (let column = 0; column < d; column++, i++) {
        if (present?.[i] === 0) continue
        const error = X[i] - back[i]
        squaredError[column] += error * error
        known++
      }
    spread.add(X, n, present)
  }
  const total = (values: Float64Array): number => values.reduce((a, b) => a + b, 0)
  return {
    error: total(squaredError) / Math.max(1, known),
    explainedVariance: 1 - share(total(squaredError), total(spread.sums)),
    columnError: Array.from(squaredError, (e, column) => share(e, spread.sums[column])),
  }
}

/** Σ(x − mean)² of every column, block after block: Chan, Golub & LeVeque 1979. */
class ColumnSpread {
  readonly sums: Float64Array
  readonly #mean: Float64Array
  readonly #n: Float64Array

  constructor(d: number) {
    this.sums = new Float64Array(d)
    this.#mean = new Float64Array(d)
    this.#n = new Float64Array(d)
  }

  /** @param X  [n × d] row-major · present [n × d] 0 where a value does not count; null: all do */
  add(X: Float32Array, n: number, present: Float32Array | null = null): void {
    const d = this.sums.length
    const mean = new Float64Array(d)
    const count = new Float64Array(d)
    for (let row = 0, i = 0; row < n; row++)
      for (let column = 0; column < d; column++, i++) {
        if (present?.[i] === 0) continue
        mean[column] += X[i]
        count[column]++
      }
    for (let column = 0; column < d; column++) mean[column] /= Math.max(1, count[column])
    for (let row = 0, i = 0; row < n; row++)
      for (let column = 0; column < d; column++, i++) {
        if (present?.[i] === 0) continue
        const apart = X[i] - mean[column]
        this.sums[column] += apart * apart
      }
    // Two groups with different means: the spread of their means comes on top.
    for (let column = 0; column < d; column++) {
      if (count[column] === 0) continue
      const total = this.#n[column] + count[column]
      const shift = mean[column] - this.#mean[column]
      this.sums[column] += (shift ** 2 * this.#n[column] * count[column]) / total
      this.#mean[column] += (shift * count[column]) / total
      this.#n[column] = total
    }
  }
}

/** A column that never changes is explained when its error is rounding. */
const share = (error: number, spread: number): number => (spread > 0 ? error / spread : error > 1e-12 ? 1 : 0)
