/** The prepared rows of a whole dataset, again and again, without conditions. Memory: a chunk of the source and what it becomes. */
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { type MatrixMeta, rebuiltOf } from '#common/domain/results.ts'
import { throwIfCancelled } from '#common/errors.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import { firstOfEach } from '../../compute/rowReader.ts'
import { openDataset } from '../../data/import.ts'
import { openReplay } from '../../data/pipeline/replay.ts'
import { withinRegion } from '../region.ts'

export interface PreparedBlock {
  readonly start: number
  readonly n: number
  /** [n × D] */
  readonly X: Float32Array
  /** [n] 0 = no data, or outside the region. */
  readonly valid: Uint8Array
}

const chunkBytes = 8 * 2 ** 20

export async function* preparedRows(
  projectPath: string,
  dataset: Artifact,
  matrix: MatrixMeta,
  region: string | null,
  signal: AbortSignal,
): AsyncGenerator<PreparedBlock> {
  const meta = dataset.meta as unknown as DatasetMeta
  const open = await openDataset(meta, projectPath, signal)
  try {
    const { columns, width, prepare } = await openReplay(matrix, { ...dataset, meta }, open, signal)
    const wanted = await withinRegion(open, meta, region, signal)
    const maxBytes = Math.max(1, Math.floor((chunkBytes * columns.length) / Math.max(columns.length, width)))
    for await (const { start, n, X, valid } of wanted.chunks({ columns, maxBytes, signal })) {
      throwIfCancelled(signal)
      yield { start, n, X: firstOfEach(prepare(X, n, start, valid), n, width, rebuiltOf(matrix).length), valid }
      await new Promise((resolve) => setImmediate(resolve))
    }
  } finally {
    await open.close()
  }
}
