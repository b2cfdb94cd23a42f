/** Where a stage's rows come from: all of them in memory, or shard after shard from disk. */
import { permutation } from '../compute/random/counter.ts'
import type { HostArray } from '../compute/step.ts'
import type { Batches } from './batches.ts'

/** Rows in memory from which some consecutive steps learn. */
export interface Shard {
  /** [n, D], of the same shape in every shard of a source. */
  readonly x: HostArray
  /** The first step that needs other rows; Infinity when these are all there are. */
  readonly endStep: number
  /** Positions in `x` of the rows of `steps` steps from `step` on, a fresh array of steps · batch. */
  rowsOf(step: number, steps: number): Int32Array<ArrayBuffer>
}

export interface RowSource {
  /** The shard that step `step` needs. Steps are asked for in ascending order, but a resumed run begins anywhere. */
  shardAt(step: number): Promise<Shard>
  close(): Promise<void>
}

/** The order of one pass. Memory: 4 bytes per row. */
export const passOrder = (rows: number, seed: number, stage: number, pass: number): Int32Array =>
  permutation(rows, seed, `order/${stage}/${pass}`)

/** @param x  all rows, on shared memory. Memory: the order of one pass, 4 bytes per row. */
export function residentRows(x: HostArray, { rows, size }: Batches, seed: number, stage: number): RowSource {
  let known: { pass: number; order: Int32Array } | null = null
  function orderOf(pass: number): Int32Array {
    if (known?.pass !== pass) known = { pass, order: passOrder(rows, seed, stage, pass) }
    return known.order
  }
  const shard: Shard = {
    x,
    endStep: Number.POSITIVE_INFINITY,
    rowsOf(step, steps) {
      const picked = new Int32Array(steps * size)
      for (let done = 0; done < picked.length; ) {
        const at = step * size + done
        const within = at % rows
        const part = orderOf(Math.floor(at / rows)).subarray(within, within + picked.length - done)
        picked.set(part, done)
        done += part.length
      }
      return picked
    },
  }
  return { shardAt: async () => shard, close: async () => {} }
}
