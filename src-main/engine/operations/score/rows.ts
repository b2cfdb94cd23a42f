/**
 * Rows on their way to a score: a dataset's, as stored errors, as stored codes or prepared anew; and the rows a model learned from or was
 * held out. Memory: a block of 8 MB of each.
 */
import { setImmediate } from 'node:timers/promises'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { MatrixMeta } from '#common/domain/results.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { openDataset } from '../../data/import.ts'
import { openReplay, type Replay } from '../../data/pipeline/replay.ts'
import type { ArrayReader, Project } from '../../project/project.ts'

const blockBytes = 8 * 2 ** 20

export interface RowBlock {
  readonly start: number
  readonly n: number
  /** [n × width], whatever was asked for. */
  readonly X: Float32Array
}

const rowsOf = (width: number): number => Math.max(1, Math.floor(blockBytes / (4 * width)))

/** Rows [0, rows) of a stored array. */
export async function* storedRows(reader: ArrayReader, rows: number, signal: AbortSignal): AsyncGenerator<RowBlock> {
  const width = reader.shape.length > 1 ? (reader.shape[1] as number) : 1
  // Whole chunks, so that none is read twice.
  const step = Math.max(1, Math.round(rowsOf(width) / reader.chunkRows)) * reader.chunkRows
  for (let start = 0; start < rows; start += step) {
    throwIfCancelled(signal)
    const n = Math.min(step, rows - start)
    yield { start, n, X: reader.read(start, start + n) as Float32Array }
    await setImmediate()
  }
}

interface RawBlock extends RowBlock {
  /** [n × columns read] as the source has them, before the preparation. */
  readonly read: Float32Array
  readonly replay: Replay
}

/** All rows of a dataset through a preparation, conditions with them. */
export async function* preparedBlocks(
  project: Project,
  dataset: Artifact,
  matrix: MatrixMeta,
  signal: AbortSignal,
  keepRead = false,
): AsyncGenerator<RawBlock> {
  const meta = dataset.meta as unknown as DatasetMeta
  const open = await openDataset(meta, project.path, signal)
  try {
    const replay = await openReplay(matrix, { ...dataset, meta }, open, signal)
    const { columns, width } = replay
    const maxBytes = Math.max(1, Math.floor((blockBytes * columns.length) / Math.max(columns.length, width)))
    for await (const { start, n, X, valid } of open.chunks({ columns, maxBytes, signal })) {
      throwIfCancelled(signal)
      const read = keepRead ? X.slice() : X
      yield { start, n, X: replay.prepare(X, n, start, valid), read, replay }
      await setImmediate()
    }
  } finally {
    await open.close()
  }
}

/** The rows at ascending places of a matrix's part, or of any stored rows. Memory: the rows and a chunk. */
export function rowsAt(reader: ArrayReader, places: ArrayLike<number>): Float32Array {
  const width = reader.shape.length > 1 ? (reader.shape[1] as number) : 1
  const out = new Float32Array(places.length * width)
  let from = 0
  let block: Float32Array = new Float32Array()
  for (let i = 0; i < places.length; i++) {
    const place = places[i]
    if (place < from || place >= from + block.length / width) {
      from = place - (place % reader.chunkRows)
      block = reader.read(from, Math.min(reader.shape[0] as number, from + reader.chunkRows)) as Float32Array
    }
    out.set(block.subarray((place - from) * width, (place - from + 1) * width), i * width)
  }
  return out
}
