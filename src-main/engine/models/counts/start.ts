import type { RowSample } from '../define.ts'

/** A gene that no row of the sample has is taken to have this part of one count in all of them together. */
const unseen = 0.5

/** ln of the mean share of each gene, for a decoder to begin with; without rows all are equal. Sums in float64. */
export function meanLogShares(rows: RowSample | undefined, D: number): Float32Array {
  if (!rows) return new Float32Array(D)
  const totals = new Float64Array(D).fill(unseen)
  for (let at = 0; at < rows.n * D; at++) totals[at % D] += rows.values[at]
  const all = totals.reduce((a, b) => a + b, 0)
  return Float32Array.from(totals, (total) => Math.log(total / all))
}
