/** Codes and rows of a dataset going by together, a few at a time. */
import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '#common/errors.ts'
import type { OpenSource } from '../../data/dataset.ts'
import type { Replay } from '../../data/pipeline/replay.ts'
import type { ArrayReader } from '../../project/project.ts'

/** Of codes and of rows read at once. */
const blockBytes = 4 * 2 ** 20
const chunkBytes = 16 * 2 ** 20

const rowsOf = (width: number): number => Math.max(1, Math.floor(blockBytes / (4 * width)))

/** Blocks of codes in order. Memory: 4 MB, or one row. */
export async function* codeBlocks(codes: ArrayReader, signal: AbortSignal) {
  const [rows, M] = codes.shape
  for (let from = 0; from < rows; from += rowsOf(M)) {
    throwIfCancelled(signal)
    await setImmediate()
    const to = Math.min(rows, from + rowsOf(M))
    yield { from, n: to - from, codes: codes.read(from, to) as Float32Array }
  }
}

/** The same with their rows as the model takes them [n × width]. Memory: 16 MB of the source beside it. */
export async function* codesWithRows(codes: ArrayReader, source: OpenSource, replay: Replay, signal: AbortSignal) {
  const M = codes.shape[1]
  const d = replay.columns.length
  const step = rowsOf(Math.max(M, replay.width, d))
  for await (const { start, n, X, valid } of source.chunks({ columns: replay.columns, maxBytes: chunkBytes, signal }))
    for (let from = 0; from < n; from += step) {
      throwIfCancelled(signal)
      await setImmediate()
      const rows = Math.min(step, n - from)
      const prepared = replay.prepare(X.slice(from * d, (from + rows) * d), rows, start + from, valid.subarray(from, from + rows))
      const at = start + from
      yield { from: at, n: rows, X: prepared, codes: codes.read(at, at + rows) as Float32Array, groups: replay.groupsOf(at, rows) }
    }
}
