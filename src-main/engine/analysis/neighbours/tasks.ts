/** A stretch of a search: carried out by a thread, or by the caller itself where there is little to do. */
import type { Searcher } from './searcher.ts'

interface Stretch {
  readonly from: number
  readonly to: number
  readonly k: number
  /** 0: all rows. */
  readonly probes: number
}
interface Found {
  /** [rows × k] of all stretches, shared. */
  readonly index: Int32Array
  readonly distance: Float32Array
}
interface Queries {
  /** [m × d], shared. */
  readonly Y: Float32Array
  readonly d: number
}
export type SearchTask =
  /** Of the rows at these places their neighbours but themselves. */
  | ({ readonly kind: 'places' } & Stretch & Found)
  /** Of rows of Y. */
  | ({ readonly kind: 'queries' } & Stretch & Found & Queries)
  /** Of rows of Y what each list adds. */
  | ({
      readonly kind: 'gains'
      /** [m × probes], shared. */
      readonly gains: Int32Array
    } & Stretch &
      Queries)

export function carryOut(task: SearchTask, searcher: Searcher): void {
  if (task.kind === 'places') findOwn(task, searcher)
  else if (task.kind === 'queries') find(task, searcher)
  else
    for (let i = task.from; i < task.to; i++)
      searcher.gains(task.Y, i * task.d, task.k, task.probes, task.gains.subarray(i * task.probes, (i + 1) * task.probes))
}

function find({ from, to, k, probes, index, distance, Y, d }: SearchTask & { kind: 'queries' }, searcher: Searcher): void {
  const { found, squared } = searcher
  for (let i = from; i < to; i++) {
    searcher.find(Y, i * d, k, probes)
    for (let c = 0; c < k; c++) {
      index[i * k + c] = found[c]
      distance[i * k + c] = Math.sqrt(squared[c])
    }
  }
}

function findOwn({ from, to, k, probes, index, distance }: SearchTask & { kind: 'places' }, searcher: Searcher): void {
  const { found, squared, rowAt } = searcher
  for (let i = from; i < to; i++) {
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
