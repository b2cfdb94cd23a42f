/**
 * Lloyd's iteration over all rows, read again for every pass: the centres that a sample gave go on until they settle, so that the result is
 * that of k-means on every row. Sums are taken in the order of the rows. Memory: one block and k centres, whatever the number of rows.
 */
import type { Clustering } from '../../analysis/clustering/define.ts'
import { assign } from '#engine/analysis/clustering/kmeans/kmeans.ts'
import type { ArrayReader } from '../../project/project.ts'
import { eachCodeBlock } from './codes.ts'

interface Streamed {
  /** Told after every pass, with how far the centres moved and when that is little: squared, in code units. */
  readonly report: (pass: number, shift: number, limit: number) => void
  readonly signal: AbortSignal
  readonly maxIterations: number
}

/** As the k-means of analysis/clustering/kmeans/kmeans.ts: the centres' squared shift over the mean variance of the columns. */
const tolerance = 1e-4

/** @param found of k-means, whose centres are where to begin; its labels are not used */
export async function streamedLloyd(
  codes: ArrayReader,
  found: Clustering,
  { report, signal, maxIterations }: Streamed,
): Promise<{ centres: Float32Array; passes: number; inertia: number }> {
  const d = codes.shape[1]
  const { k } = found
  const centres = Float32Array.from(found.centres)
  let inertia = 0
  let passes = 0
  let shift = Number.POSITIVE_INFINITY
  let limit = 0
  while (passes < maxIterations && shift > limit) {
    const sums = new Float64Array(k * d)
    const counts = new Float64Array(k)
    const squares = new Float64Array(d)
    inertia = 0
    await eachCodeBlock(codes, signal, (_, block, n) => {
      const labels = new Uint16Array(n)
      inertia += assign(block, n, d, centres, k, labels)
      for (let i = 0, at = 0; i < n; i++, at += d) {
        if (Number.isNaN(block[at])) continue
        const c = labels[i]
        counts[c]++
        for (let j = 0; j < d; j++) {
          const value = block[at + j]
          sums[c * d + j] += value
          squares[j] += value * value
        }
      }
    })
    passes++
    limit = tolerance * meanVariance(sums, squares, counts, d)
    shift = 0
    for (let at = 0; at < k * d; at++) {
      const count = counts[Math.floor(at / d)]
      // A class without rows stays where it is.
      if (count === 0) continue
      const next = Math.fround(sums[at] / count)
      shift += (next - centres[at]) ** 2
      centres[at] = next
    }
    report(passes, shift, limit)
  }
  return { centres, passes, inertia }
}

function meanVariance(sums: Float64Array, squares: Float64Array, counts: Float64Array, d: number): number {
  const n = counts.reduce((sum, count) => sum + count, 0)
  let total = 0
  for (let j = 0; j < d; j++) {
    let sum = 0
    for (let at = j; at < sums.length; at += d) sum += sums[at]
    total += Math.max(0, squares[j] / n - (sum / n) ** 2)
  }
  return total / d
}
