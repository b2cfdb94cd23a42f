/**
 * The nearest of the rows learned from, for detectors: a row that is one of them is not its own neighbour. Exact up to 10 000 rows
 * learned from, beyond nearly so (neighbours.ts). Memory: the rows once more, 8 k bytes for each row asked for.
 */
import type { MethodRun } from '../methods/define.ts'
import { openNeighbours } from '../neighbours/neighbours.ts'

/** Of a row that is so far away that squares of float32 overflow. */
export const farthest = 3e38
const wantedRecall = 0.99

export interface NearestRows {
  /** [m × k] rising; 3·10³⁸ where there are fewer. */
  readonly distance: Float32Array
  /** [m × k] −1 where there are fewer. */
  readonly index: Int32Array
}

export interface NearestSearch {
  /** @param own see define.ts */
  find(Y: Float32Array, m: number, own: Int32Array | undefined, report?: (fraction: number) => void): Promise<NearestRows>
  close(): Promise<void>
}

/** @param k at most n · run.report is told how far the opening is */
export async function openNearest(X: Float32Array, n: number, d: number, k: number, run: MethodRun): Promise<NearestSearch> {
  const neighbours = await openNeighbours(X, n, d, { k, recall: wantedRecall, ...(run.report && { opening: run.report }) }, run)
  const { signal } = run
  return {
    async find(Y, m, own, report) {
      const extra = own ? 1 : 0
      const found = await neighbours.query(Y, m, k + extra, { ...(signal && { signal }), ...(report && { report }) })
      const distance = new Float32Array(m * k)
      const index = new Int32Array(m * k)
      for (let i = 0; i < m; i++) {
        const from = i * (k + extra)
        let itself = own && own[i] >= 0 ? found.index.subarray(from, from + k).indexOf(own[i]) : k
        // Among many copies of itself it may not be one of those found: any of them is as good.
        if (itself < 0) itself = k
        for (let j = 0; j < k; j++) {
          const at = from + j + (j >= itself ? 1 : 0)
          index[i * k + j] = found.index[at]
          distance[i * k + j] = Math.min(farthest, found.distance[at])
        }
      }
      return { distance, index }
    },
    close: () => neighbours.close(),
  }
}
