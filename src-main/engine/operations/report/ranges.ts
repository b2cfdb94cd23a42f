/** Between which values each number of the code lies: what traversals go along. */
import { quantileOfSorted } from '../../analysis/quantiles.ts'

/** min, 1st percentile, median, 99th percentile, max */
export const rangeStride = 5

/** @param codes  [n × Z], n ≥ 1 · result [Z × 5]. Memory: one column. */
export function rangesOf(codes: Float32Array, n: number, Z: number): Float32Array {
  const ranges = new Float32Array(Z * rangeStride)
  const column = new Float32Array(n)
  for (let j = 0; j < Z; j++) {
    for (let i = 0; i < n; i++) column[i] = codes[i * Z + j]
    column.sort()
    ranges.set(
      [column[0], quantileOfSorted(column, 0.01), quantileOfSorted(column, 0.5), quantileOfSorted(column, 0.99), column[n - 1]],
      j * rangeStride,
    )
  }
  return ranges
}
