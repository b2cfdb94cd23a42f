/** Where a stage's rows come from: all of them in memory, or shard after shard from disk. Which of the two changes no result. */
import type { HostArray } from '../compute/step.ts'
import type { Batches } from './batches.ts'
import { type RowOrder, type ShardPlan, shuffled } from './rowOrder.ts'

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
  /**
   * The shard that step `step` needs. Steps are asked for in ascending order, but a resumed run begins anywhere. The rows of the
   * shard before stay as they are until the first `rowsOf` of this one.
   */
  shardAt(step: number): Promise<Shard>
  /** Waits for what is being read. */
  close(): Promise<void>
}

/** @param x  all rows, on shared memory. Memory: the order of one shard, 8 bytes per row of it. */
export function residentRows(x: HostArray, order: RowOrder, { size }: Batches): RowSource {
  let known: { readonly start: number; readonly order: Int32Array } | null = null
  function picksAt(row: number): { readonly start: number; readonly order: Int32Array } {
    if (known && row >= known.start && row < known.start + known.order.length) return known
    const { pass, shard } = order.place(row)
    const plan = order.shard(pass, shard)
    known = { start: plan.start, order: inData(plan) }
    return known
  }
  const shard: Shard = {
    x,
    endStep: Number.POSITIVE_INFINITY,
    rowsOf(step, steps) {
      const picked = new Int32Array(steps * size)
      for (let done = 0; done < picked.length; ) {
        const at = step * size + done
        const picks = picksAt(at)
        const part = picks.order.subarray(at - picks.start, at - picks.start + picked.length - done)
        picked.set(part, done)
        done += part.length
      }
      return picked
    },
  }
  return { shardAt: async () => shard, close: async () => {} }
}

/** A shard's order as positions among all rows of the data. */
function inData(plan: ShardPlan): Int32Array {
  const order = shuffled(plan)
  const positions = new Int32Array(plan.rows)
  let filled = 0
  for (const { from, count } of plan.blocks) for (let i = 0; i < count; i++) positions[filled++] = from + i
  return order.map((position) => positions[position])
}
