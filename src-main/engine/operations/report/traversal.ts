/** One number of the code varied, the others at their medians or as they are for a row, and what the model makes of each. */
import type { Forward } from './forward.ts'
import { rangeStride } from './ranges.ts'

/**
 * @param ranges  [Z × 5] of ranges.ts
 * @param X       one prepared row [D], or null for the medians
 * @returns       the values taken, ascending, and x̂ of each [steps × rebuilt] in prepared units. Memory: steps · (Z + D) numbers.
 */
export async function traversal(
  forward: Forward,
  ranges: Float32Array,
  unit: number,
  steps: number,
  X: Float32Array | null,
): Promise<{ values: Float32Array; decoded: Float32Array }> {
  const Z = forward.codeSize
  const at = X ? await forward.codes(X, 1) : Float32Array.from({ length: Z }, (_, j) => ranges[j * rangeStride + 2])
  const [min, p1, , p99, max] = ranges.subarray(unit * rangeStride, (unit + 1) * rangeStride)
  const [from, to] = p99 > p1 ? [p1, p99] : [min, max]
  const values = Float32Array.from({ length: steps }, (_, i) => from + ((to - from) * i) / (steps - 1))
  const z = new Float32Array(steps * Z)
  const given = X && new Float32Array(steps * forward.columns)
  for (let i = 0; i < steps; i++) {
    z.set(at, i * Z)
    z[i * Z + unit] = values[i]
    if (X) given?.set(X, i * forward.columns)
  }
  return { values, decoded: await forward.decode(z, steps, given ?? undefined) }
}
