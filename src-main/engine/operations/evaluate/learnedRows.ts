/** Rows of a dataset that went into results before they were held against labels. Memory: eight bytes per such row. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { MatrixMeta } from '#common/domain/results.ts'
import { choiceOf, type ScoresMeta } from '#common/domain/scores.ts'
import type { Project } from '../../project/project.ts'
import { lineage } from '../lineage.ts'
import { isDrawn } from '../score/threshold.ts'

/** Rows that models behind the results were trained on, and rows whose labels scores learned from. */
export const learnedRows = (project: Project, artifacts: readonly Artifact[], dataset: number): Float64Array[] => [
  ...trainedRows(project, artifacts, dataset),
  ...labelLearnedRows(project, artifacts),
]

/** Rows that models behind the results were trained on: once for each set of prepared rows. */
export function trainedRows(project: Project, artifacts: readonly Artifact[], dataset: number): Float64Array[] {
  const matrices = new Map<number, Artifact>()
  for (const { id } of artifacts)
    for (const behind of lineage(project, id))
      if (behind.kind === 'matrix' && (behind.meta as unknown as MatrixMeta).dataset === dataset) matrices.set(behind.id, behind)
  return [...matrices.values()].map(({ id, meta }) => wholeArray(project, id, 'trainIndex', (meta as unknown as MatrixMeta).trainRows))
}

/** Rows whose labels or reviews scores learned from. */
export const labelLearnedRows = (project: Project, artifacts: readonly Artifact[]): Float64Array[] =>
  artifacts.flatMap((artifact) => [...thresholdRows(artifact), ...storedLearned(project, artifact.id)])

const storedLearned = (project: Project, id: number): Float64Array[] =>
  lineage(project, id).flatMap(({ id: behind, arrays }) => {
    const stored = arrays.find(({ name }) => name === 'learned/row')
    return stored ? [wholeArray(project, behind, 'learned/row', stored.shape[0])] : []
  })

/** Rows that a threshold chosen afterwards took its labels from, if they have one: they are drawn by their number alone. */
function thresholdRows(artifact: Artifact): Float64Array[] {
  const labels = artifact.kind === 'scores' ? choiceOf(artifact)?.labels : undefined
  if (!labels) return []
  const { rows } = artifact.meta as unknown as ScoresMeta
  const drawn: number[] = []
  for (let row = 0; row < rows; row++) if (isDrawn(labels.seed, row, labels.share)) drawn.push(row)
  return [Float64Array.from(drawn)]
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
