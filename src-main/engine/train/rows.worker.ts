/** A thread that reads rows of one array of a project file into shared memory; see storedRows.ts for the other end. */
import { parentPort, workerData } from 'node:worker_threads'
import { cancelled, type ErrorReport, toReport } from '#common/errors.ts'
import { openStoredArray } from '../project/storedArray.ts'
import { type ShardPlan, shuffled } from './rowOrder.ts'
import type { ShardBuffer } from './storedRows.ts'

export interface RowsPlace {
  readonly path: string
  readonly artifact: number
  readonly array: string
}
export type RowsRequest = { readonly id: number } & (
  | { readonly kind: 'rows'; readonly from: number; readonly count: number; readonly into: Float32Array }
  | { readonly kind: 'shard'; readonly plan: ShardPlan; readonly into: ShardBuffer; readonly room: number }
  | { readonly kind: 'end' }
)
export interface RowsAnswer {
  readonly id: number
  readonly failed: ErrorReport | null
}

const port = parentPort
if (!port) throw new Error('rows.worker.ts runs in a worker thread only')
const { place, abandoned } = workerData as { readonly place: RowsPlace; readonly abandoned: Int32Array }

let opened: ReturnType<typeof openStoredArray> | null = null
const stored = (): ReturnType<typeof openStoredArray> => (opened ??= openStoredArray(place.path, place.artifact, place.array))

function throwIfAbandoned(id: number): void {
  if (Atomics.load(abandoned, 0) >= id) throw cancelled()
}

function readRows(id: number, from: number, count: number, into: Float32Array): void {
  const { array } = stored()
  const columns = into.length / count
  for (let at = 0; at < count; at += array.chunkRows) {
    throwIfAbandoned(id)
    const n = Math.min(array.chunkRows, count - at)
    array.readInto(from + at, from + at + n, into.subarray(at * columns, (at + n) * columns))
  }
}

function readShard(id: number, plan: ShardPlan, { x, order }: ShardBuffer, room: number): void {
  const { array } = stored()
  const columns = array.shape[1]
  let filled = room
  for (const { from, count } of plan.blocks) {
    throwIfAbandoned(id)
    array.readInto(from, from + count, x.subarray(filled * columns, (filled + count) * columns))
    filled += count
  }
  const positions = shuffled(plan)
  for (let i = 0; i < positions.length; i++) order[room + i] = room + positions[i]
}

function answer(request: RowsRequest): RowsAnswer {
  const { id } = request
  try {
    if (request.kind === 'rows') readRows(id, request.from, request.count, request.into)
    else if (request.kind === 'shard') readShard(id, request.plan, request.into, request.room)
    return { id, failed: null }
  } catch (thrown) {
    return { id, failed: toReport(thrown) }
  }
}

port.on('message', (request: RowsRequest) => {
  if (request.kind === 'end') {
    opened?.close()
    port.close()
  } else port.postMessage(answer(request))
})
