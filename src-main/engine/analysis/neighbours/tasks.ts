/** A stretch of a search: carried out by a thread, or by the caller itself where there is little to do. */
import type { Searcher } from './searcher.ts'

interface Stretch {
  readonly from: number
  readonly to: number
  readonly k: number
  readonly probes: number
  /** [rows × k] of all stretches, shared. */
  readonly index: Int32Array
  readonly distance: Float32Array
}
export type SearchTask =
  /** Of the rows at these places their neighbours but themselves. */
  | ({ readonly kind: 'places' } & Stretch)
  /** Of rows of Y [m × d]. */
  | ({ readonly kind: 'queries'; readonly Y: Float32Array; readonly d: number } & Stretch)

export function carryOut(task: SearchTask, searcher: Searcher): void {
  const { from, to, k, probes, index, distance } = task
  const { found, squared, rowAt } = searcher
  for (let i = from; i < to; i++) {
    if (task.kind === 'queries') {
      searcher.find(task.Y, i * task.d, k, probes)
      for (let c = 0; c < k; c++) {
        index[i * k + c] = found[c]
        distance[i * k + c] = Math.sqrt(squared[c])
      }
      continue
    }
    const row = rowAt[i]
    if (row < 0) continue
    searcher.findOf(i, k + 1, probes)
    // Among many equal rows it need not be found itself: then the last one found is one too many.
    let out = row * k
    for (let c = 0; c <= k && out < (row + 1) * k; c++) {
      if (found[c] === row) continue
      index[out] = found[c]
      distance[out++] = Math.sqrt(squared[c])
    }
  }
}
