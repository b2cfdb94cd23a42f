/** The prepared rows of a whole dataset, again and again, without conditions. Memory: a chunk of the source and what it becomes. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { type MatrixMeta, rebuiltOf } from '#common/domain/results.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { firstOfEach } from '../../compute/rowReader.ts'
import { openDataset } from '../../data/import.ts'
import { openReplay } from '../../data/pipeline/replay.ts'
import type { ArrayReader, Project } from '../../project/project.ts'
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

/**
 * That two preparations learn from the same rows and hold out the same: only then models of both compare.
 * Memory: a block of row numbers of each. @throws ARTIFACT_KIND
 */
export function checkSameSplit(project: Project, first: Artifact, second: Artifact): void {
  const [a, b] = [first, second].map(({ meta }) => meta as unknown as MatrixMeta)
  const isSame =
    a.dataset === b.dataset &&
    (['trainIndex', 'holdoutIndex'] as const).every((name) => sameNumbers(project.array(first.id, name), project.array(second.id, name)))
  if (isSame) return
  throw new StratumError(
    'ARTIFACT_KIND',
    `“${first.name}” and “${second.name}” do not learn from the same rows, so models of both do not compare.`,
    'Prepare both with the same seed, rows and split.',
    { first: first.id, second: second.id },
  )
}

function sameNumbers(a: ArrayReader, b: ArrayReader): boolean {
  const [rows] = a.shape
  if (b.shape[0] !== rows) return false
  for (let from = 0; from < rows; from += a.chunkRows) {
    const to = Math.min(rows, from + a.chunkRows)
    const other = b.read(from, to)
    if (a.read(from, to).some((value, i) => value !== other[i])) return false
  }
  return true
}
