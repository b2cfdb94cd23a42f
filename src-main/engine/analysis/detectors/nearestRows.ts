/**
 * The k nearest of the rows learned from, by looking at all of them: exact, and fast enough for some ten thousand. Blocks of queries go
 * over blocks of rows that stay in the cache. Memory: k distances and numbers for each query of a block.
 */
import { createPace } from '../pace.ts'

/** [n × k] ascending; entries beyond the rows there are: Infinity and −1. */
export interface NearestRows {
  readonly distance: Float64Array
  readonly index: Int32Array
}

const rowBlock = 256
const queryBlock = 64

/** @param own see define.ts: that row is left out */
export async function nearestRows(
  X: Float32Array,
  n: number,
  d: number,
  Y: Float32Array,
  m: number,
  k: number,
  own: Int32Array | undefined,
  signal?: AbortSignal,
): Promise<NearestRows> {
  const distance = new Float64Array(m * k).fill(Number.POSITIVE_INFINITY)
  const index = new Int32Array(m * k).fill(-1)
  const pace = createPace(signal)
  for (let from = 0; from < m; from += queryBlock) {
    const to = Math.min(m, from + queryBlock)
    for (let first = 0; first < n; first += rowBlock) {
      const last = Math.min(n, first + rowBlock)
      for (let q = from; q < to; q++) {
        const at = q * d
        const best = q * k
        let worst = distance[best + k - 1]
        const self = own ? own[q] : -1
        for (let r = first; r < last; r++) {
          if (r === self) continue
          let sum = 0
          for (let j = 0, row = r * d; j < d; j++) {
            const difference = Y[at + j] - X[row + j]
            sum += difference * difference
          }
          if (sum >= worst) continue
          let i = best + k - 1
          for (; i > best && distance[i - 1] > sum; i--) {
            distance[i] = distance[i - 1]
            index[i] = index[i - 1]
          }
          distance[i] = sum
          index[i] = r
          worst = distance[best + k - 1]
        }
      }
      if (pace.due()) await pace.rest()
    }
  }
  for (let i = 0; i < distance.length; i++) distance[i] = Math.sqrt(distance[i])
  return { distance, index }
}
