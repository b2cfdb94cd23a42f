/** Between which values each number of the code lies: what traversals go along. */
import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '#common/errors.ts'
import { quantileOfSorted } from '#engine/analysis/statistics/quantiles.ts'

/** min, 1st percentile, median, 99th percentile, max */
export const rangeStride = 5

/** Sorted between two looks at the cancel flag. */
const numbersAtOnce = 500_000

/** @param codes  [n × Z], n ≥ 1 · result [Z × 5]. Memory: one column. */
export async function rangesOf(codes: Float32Array, n: number, Z: number, signal?: AbortSignal): Promise<Float32Array> {
  const columnsAtOnce = Math.max(1, Math.floor(numbersAtOnce / n))
  const ranges = new Float32Array(Z * rangeStride)
  const column = new Float32Array(n)
  for (let j = 0; j < Z; j++) {
    if (j % columnsAtOnce === 0) {
      if (signal) throwIfCancelled(signal)
      await setImmediate()
    }
    for (let i = 0; i < n; i++) column[i] = codes[i * Z + j]
    column.sort()
    ranges.set(
      [column[0], quantileOfSorted(column, 0.01), quantileOfSorted(column, 0.5), quantileOfSorted(column, 0.99), column[n - 1]],
      j * rangeStride,
    )
  }
  return ranges
}
