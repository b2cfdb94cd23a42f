/** The engine's end of a thread that reads rows of a project file: blocks in order for who goes through all of them, shards for training. */
import { Worker } from 'node:worker_threads'
import { type ErrorReport, StratumError } from '#common/errors.ts'
import type { RowReader } from '../compute/rowReader.ts'
import type { ShardPlan } from './rowOrder.ts'
import type { RowsAnswer, RowsPlace, RowsRequest } from './rows.worker.ts'
import { sharedFloats } from '../analysis/threads/sharedMemory.ts'

/** Rows of a shard and the order of learning, both on shared memory. */
export interface ShardBuffer {
  /** [rows × columns] */
  readonly x: Float32Array
  readonly order: Int32Array
}

export interface StoredRows extends RowReader {
  readonly resident: null
  /** Two of `rows` rows; the same ones when asked again for as many. */
  buffers(rows: number): readonly [ShardBuffer, ShardBuffer]
  /** Puts the blocks of a shard side by side from row `room` on, and its order, which counts from there, from place `room` on. */
  readShard(plan: ShardPlan, into: ShardBuffer, room: number): Promise<void>
  /** What is being read now is not wanted any more: it ends as CANCELLED, after a block at the latest. */
  abandon(): void
  close(): Promise<void>
}

/** @param place  of a float32 or float16 array of two axes. Memory: what is read at once. Close it: it holds a thread and the file. */
export function openStoredRows(place: RowsPlace, rows: number, columns: number): StoredRows {
  // From source this is rows.worker.ts, bundled it is rows.worker.js beside the engine.
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  /** Number of the last request that is not wanted any more. */
  const abandoned = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL(`./rows.worker${extension}`, import.meta.url), {
    workerData: { place, abandoned },
    // Every piece read is a blob that is garbage at once. A small heap is swept often: 60 MB less at the same speed.
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 2 },
  })
  const waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>()
  let nextId = 1
  let failure: Error | null = null
  /** What the last two reads gave. */
  let blocks: readonly [Float32Array, Float32Array] = [new Float32Array(0), new Float32Array(0)]
  let pair: readonly [ShardBuffer, ShardBuffer] | null = null

  worker.unref()
  worker.on('message', ({ id, failed }: RowsAnswer) => {
    const asked = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) worker.unref()
    if (failed) asked?.reject(fromReport(failed))
    else asked?.resolve()
  })
  const fail = (error: Error): void => {
    failure ??= error
    for (const { reject } of waiting.values()) reject(failure)
    waiting.clear()
  }
  worker.on('error', fail)
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      fail(new Error('the thread that reads rows has ended'))
      resolve()
    })
  })

  type Unnumbered<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never
  function ask(request: Unnumbered<RowsRequest>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (failure) throw failure
      const id = nextId++
      worker.postMessage({ id, ...request })
      waiting.set(id, { resolve, reject })
      worker.ref()
    })
  }

  const abandon = (): void => {
    Atomics.store(abandoned, 0, nextId - 1)
  }

  return {
    rows,
    columns,
    resident: null,
    async read(from, count) {
      const [free, last] = blocks
      blocks = [last, free.length < count * columns ? sharedFloats(count * columns) : free]
      const into = blocks[1].subarray(0, count * columns)
      await ask({ kind: 'rows', from, count, into })
      return into
    },
    buffers(n) {
      if (pair?.[0].x.length !== n * columns) {
        const one = (): ShardBuffer => ({ x: sharedFloats(n * columns), order: new Int32Array(new SharedArrayBuffer(4 * n)) })
        pair = [one(), one()]
      }
      return pair
    },
    readShard: (plan, into, room) => ask({ kind: 'shard', plan, into, room }),
    abandon,
    async close() {
      abandon()
      if (failure) return
      worker.ref()
      worker.postMessage({ id: 0, kind: 'end' } satisfies RowsRequest)
      await ended
    },
  }
}

const fromReport = ({ code, message, hint, where }: ErrorReport): StratumError => new StratumError(code, message, hint, where)
