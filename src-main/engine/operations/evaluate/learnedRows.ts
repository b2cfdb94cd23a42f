/** Rows of a dataset that went into results before they were held against labels, in blocks. Memory: a block, eight bytes for each row held out. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { MatrixMeta } from '#common/domain/results.ts'
import { choiceOf, type ScoresMeta } from '#common/domain/scores.ts'
import type { Project } from '../../project/project.ts'
import { lineage } from '../lineage.ts'
import { isDrawn } from '../score/labelledRows.ts'

const rowsAtOnce = 2 ** 16

/** Rows that models behind the results were trained on, and rows whose labels scores learned from. */
export function* learnedRows(project: Project, artifacts: readonly Artifact[], dataset: number): Generator<Float64Array> {
  yield* trainedRows(project, artifacts, dataset)
  yield* labelLearnedRows(project, artifacts)
}

/** Rows that models behind the results were trained on: once for each set of prepared rows. */
export function* trainedRows(project: Project, artifacts: readonly Artifact[], dataset: number): Generator<Float64Array> {
  const matrices = new Map<number, Artifact>()
  for (const { id } of artifacts)
    for (const behind of lineage(project, id))
      if (behind.kind === 'matrix' && (behind.meta as unknown as MatrixMeta).dataset === dataset) matrices.set(behind.id, behind)
  for (const { id, meta } of matrices.values()) yield* storedRows(project, id, 'trainIndex', (meta as unknown as MatrixMeta).trainRows)
}

/** Rows whose labels or reviews scores learned from. */
export function* labelLearnedRows(project: Project, artifacts: readonly Artifact[]): Generator<Float64Array> {
  for (const artifact of artifacts) {
    yield* thresholdRows(artifact)
    for (const { id, arrays } of lineage(project, artifact.id)) {
      const stored = arrays.find(({ name }) => name === 'learned/row')
      if (stored) yield* storedRows(project, id, 'learned/row', stored.shape[0])
    }
  }
}

/** Rows that a threshold chosen afterwards took its labels from, if they have one: they are drawn by their number alone. */
function* thresholdRows(artifact: Artifact): Generator<Float64Array> {
  const labels = artifact.kind === 'scores' ? choiceOf(artifact)?.labels : undefined
  if (!labels) return
  const { rows } = artifact.meta as unknown as ScoresMeta
  const drawn = new Float64Array(rowsAtOnce)
  let n = 0
  for (let row = 0; row < rows; row++) {
    if (isDrawn(labels.seed, row, labels.share)) drawn[n++] = row
    if (n < rowsAtOnce) continue
    yield drawn
    n = 0
  }
  yield drawn.subarray(0, n)
}

function* storedRows(project: Project, artifact: number, name: string, rows: number): Generator<Float64Array> {
  if (rows === 0) return
  const stored = project.array(artifact, name)
  for (let from = 0; from < rows; from += rowsAtOnce) yield stored.read(from, Math.min(rows, from + rowsAtOnce)) as Float64Array
}

/** Held-out rows that the threshold of scores rests on; null where the project does not say. */
export function calibrationRows(project: Project, scores: Artifact, dataset: number): Float64Array | null {
  const matrix = lineage(project, scores.id).findLast(
    ({ kind, meta }) => kind === 'matrix' && (meta as unknown as MatrixMeta).dataset === dataset,
  )
  const { holdoutRows = 0 } = (matrix?.meta ?? {}) as Partial<MatrixMeta>
  return matrix && holdoutRows > 0 ? wholeArray(project, matrix.id, 'holdoutIndex', holdoutRows) : null
}

const wholeArray = (project: Project, artifact: number, name: string, rows: number): Float64Array =>
  rows === 0 ? new Float64Array(0) : (project.array(artifact, name).read(0, rows) as Float64Array)
