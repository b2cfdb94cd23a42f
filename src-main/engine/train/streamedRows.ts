/**
 * Rows that do not fit into memory: while steps learn from one shard, another thread reads and shuffles the next.
 *
 * A step that ends a shard takes its last rows from the next one. So every shard begins with room for what the one before left
 * over (fewer rows than a batch); these are copied there, and the buffer they came from is free to be filled again.
 *
 *   x      [ left over … | rows of the shard ]
 *   order  [ …left over  | shuffled positions ]   read on without a gap
 *
 * Memory: twice a shard and its order, whatever the size of the data.
 */
import type { Batches } from './batches.ts'
import type { RowOrder, ShardPlan } from './rowOrder.ts'
import type { RowSource, Shard } from './rowSource.ts'
import type { ShardBuffer, StoredRows } from './storedRows.ts'

interface Reading {
  readonly plan: ShardPlan
  readonly buffer: ShardBuffer
  readonly done: Promise<void>
}

/** @param signal  a cancel does not wait for what is being read */
export function streamedRows(rows: StoredRows, order: RowOrder, { size }: Batches, signal: AbortSignal): RowSource {
  signal.addEventListener('abort', rows.abandon)
  /** Room for what a shard can leave over. */
  const room = size - 1
  const columns = order.columns
  const buffers = rows.buffers(room + order.shardRows)
  let current: Reading | null = null
  let ahead: Reading | null = null

  const read = (plan: ShardPlan, buffer: ShardBuffer): Reading => {
    const done = rows.readShard(plan, buffer, room)
    // A failure is met where the shard is wanted, which may be never.
    done.catch(() => undefined)
    return { plan, buffer, done }
  }
  const otherThan = (buffer: ShardBuffer): ShardBuffer => (buffer === buffers[0] ? buffers[1] : buffers[0])
  const planAt = (row: number): ShardPlan => {
    const { pass, shard } = order.place(row)
    return order.shard(pass, shard)
  }
  const endOf = (plan: ShardPlan): number => plan.start + plan.rows
  const firstStep = (plan: ShardPlan): number => Math.floor(plan.start / size)

  /** The last rows of the stream before `plan`, which are in `from`, as the first of `to`. */
  function carry(from: Reading, plan: ShardPlan, to: ShardBuffer): void {
    const left = plan.start % size
    for (let i = 0; i < left; i++) {
      const row = from.buffer.order[room + from.plan.rows - left + i]
      to.x.set(from.buffer.x.subarray(row * columns, (row + 1) * columns), i * columns)
      to.order[room - left + i] = i
    }
  }

  function shardOf({ plan, buffer }: Reading): Shard {
    const first = room - (plan.start % size)
    return {
      x: { shape: [room + order.shardRows, columns], values: buffer.x },
      endStep: Math.floor(endOf(plan) / size),
      rowsOf(step, steps) {
        // Not before: until now somebody may have gone back to the shard before.
        ahead ??= read(planAt(endOf(plan)), otherThan(buffer))
        const at = first + (step - firstStep(plan)) * size
        const picked = new Int32Array(steps * size)
        picked.set(buffer.order.subarray(at, at + picked.length))
        return picked
      },
    }
  }

  return {
    async shardAt(step) {
      const plan = planAt((step + 1) * size - 1)
      const buffer = current ? otherThan(current.buffer) : buffers[0]
      const reading = ahead?.plan.start === plan.start ? ahead : read(plan, buffer)
      const left = step === firstStep(plan) ? plan.start % size : 0
      // A run that goes on exactly where two shards meet needs the end of the first once more.
      const before = left > 0 ? (current ?? read(planAt(plan.start - 1), otherThan(reading.buffer))) : null
      await before?.done
      await reading.done
      if (before) carry(before, plan, reading.buffer)
      current = reading
      ahead = null
      return shardOf(reading)
    },
    async close() {
      signal.removeEventListener('abort', rows.abandon)
      rows.abandon()
      await ahead?.done.catch(() => undefined)
    },
  }
}
