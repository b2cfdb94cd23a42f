/** How well rows come back: overall, by column and by row, and which rows show it best. Everything in prepared units. */
import type { RowChoice } from '#common/domain/report.ts'

/** [n × C] 1 where a value is known; null where all are. */
export type Present = Float32Array | null

export interface Fit {
  readonly error: number
  readonly explainedVariance: number
  /** [C] 1 − Σ(x − x̂)² / Σ(x − mean)² of each column. */
  readonly columns: Float32Array
  /** [n] mean squared error of each row. */
  readonly rows: Float32Array
}

/** Σ(x − mean)² of each column. @param x [n × C] row-major */
export function spreadOf(x: Float32Array, n: number, C: number, present: Present = null): Float64Array {
  const mean = new Float64Array(C)
  const known = new Float64Array(C)
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j < C; j++, at++) {
      if (present?.[at] === 0) continue
      known[j]++
      mean[j] += (x[at] - mean[j]) / known[j]
    }
  const spread = new Float64Array(C)
  for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < C; j++, at++) if (present?.[at] !== 0) spread[j] += (x[at] - mean[j]) ** 2
  return spread
}

/** @param spread  of spreadOf(x) */
export function fitOf(x: Float32Array, back: Float32Array, n: number, C: number, spread: Float64Array, present: Present = null): Fit {
  let known = 0
  const squares = new Float64Array(C)
  const rows = new Float32Array(n)
  for (let i = 0, at = 0; i < n; i++) {
    let sum = 0
    let knownOfRow = 0
    for (let j = 0; j < C; j++, at++) {
      if (present?.[at] === 0) continue
      knownOfRow++
      const square = (x[at] - back[at]) ** 2
      squares[j] += square
      sum += square
    }
    rows[i] = sum / Math.max(1, knownOfRow)
    known += knownOfRow
  }
  const total = sumOf(squares)
  return {
    error: total / Math.max(1, known),
    explainedVariance: 1 - share(total, sumOf(spread)),
    columns: Float32Array.from(squares, (square, j) => 1 - share(square, spread[j])),
    rows,
  }
}

export const sumOf = (values: Float64Array): number => values.reduce((a, b) => a + b, 0)
/** A column that never changes is explained when its error is rounding. */
const share = (error: number, spread: number): number => (spread > 0 ? error / spread : error > 1e-12 ? 1 : 0)

/** Rows with the smallest errors, around the median one, and with the largest errors; at most `each` of each kind and none twice. */
export function galleryRows(errors: Float32Array, each: number): { choice: RowChoice; at: number }[] {
  const order = Uint32Array.from(errors, (_, i) => i).sort((a, b) => errors[a] - errors[b] || a - b)
  const n = order.length
  const count = Math.min(each, Math.floor(n / 3))
  if (count === 0) return Array.from(order, (at) => ({ choice: 'typical' as const, at }))
  const from = Math.floor((n - count) / 2)
  const pick = (choice: RowChoice, places: Uint32Array) => Array.from(places, (at) => ({ choice, at }))
  return [
    ...pick('best', order.subarray(0, count)),
    ...pick('typical', order.subarray(from, from + count)),
    ...pick(
      'worst',
      order
        .subarray(n - count)
        .slice()
        .reverse(),
    ),
  ]
}

/** Columns that are explained worst, those of no variance left out. */
export const worstColumns = (model: Float32Array, pca: Float32Array, spread: Float64Array, most: number) =>
  Array.from(model, (explained, column) => ({ column, explained, pca: pca[column] }))
    .filter(({ column }) => spread[column] > 0)
    .sort((a, b) => a.explained - b.explained || a.column - b.column)
    .slice(0, most)
