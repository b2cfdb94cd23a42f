/** How well a trained model gives rows back: overall, and column by column against the column's own spread. */
import { throwIfCancelled } from '#common/errors.ts'
import { blocksOf, firstOfEach, type RowReader, rowsOfBlock } from '../compute/rowReader.ts'
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

/**
 * Goes through the rows once, with sums in float64. Memory: two blocks of rows and what the model makes of one, 8 MB each.
 *
 * On the model's own scale where it has one.
 *
 * @param conditions  how many of the rows' last columns are given and not rebuilt
 */
export async function qualityOf(
  encoder: Pick<Encoder, 'reconstruct'> & Partial<Pick<Encoder, 'scale'>>,
  rows: RowReader,
  signal: AbortSignal,
  conditions = 0,
): Promise<Quality> {
  const d = rows.columns - conditions
  const squaredError = new Float64Array(d)
  const spread = new ColumnSpread(d)
  for await (const { n, X: given } of blocksOf(rows, rowsOfBlock(rows.columns, rowsAtOnce))) {
    throwIfCancelled(signal)
    const scaled = (values: Float32Array): Float32Array => encoder.scale?.of(values.subarray(0, n * d), n) ?? values
    const back = scaled(await encoder.reconstruct(given, n, signal))
    const X = scaled(firstOfEach(given, n, rows.columns, d))
    for (let i = 0; i < n * d; i++) squaredError[i % d] += (X[i] - back[i]) ** 2
    spread.add(X, n)
  }
  const total = (values: Float64Array): number => values.reduce((a, b) => a + b, 0)
  return {
    error: total(squaredError) / (rows.rows * d),
    explainedVariance: 1 - share(total(squaredError), total(spread.sums)),
    columnError: Array.from(squaredError, (e, column) => share(e, spread.sums[column])),
  }
}

/** Σ(x − mean)² of every column, block after block: Chan, Golub & LeVeque 1979. */
class ColumnSpread {
  readonly sums: Float64Array
  readonly #mean: Float64Array
  #n = 0

  constructor(d: number) {
    this.sums = new Float64Array(d)
    this.#mean = new Float64Array(d)
  }

  /** @param X  [n × d] row-major */
  add(X: Float32Array, n: number): void {
    const d = this.sums.length
    const mean = new Float64Array(d)
    for (let i = 0; i < n * d; i++) mean[i % d] += X[i]
    for (let column = 0; column < d; column++) mean[column] /= n
    for (let i = 0; i < n * d; i++) this.sums[i % d] += (X[i] - mean[i % d]) ** 2
    // Two groups with different means: the spread of their means comes on top.
    const total = this.#n + n
    for (let column = 0; column < d; column++) {
      const shift = mean[column] - this.#mean[column]
      this.sums[column] += (shift ** 2 * this.#n * n) / total
      this.#mean[column] += (shift * n) / total
    }
    this.#n = total
  }
}

/** A column that never changes is explained when its error is rounding. */
const share = (error: number, spread: number): number => (spread > 0 ? error / spread : error > 1e-12 ? 1 : 0)
