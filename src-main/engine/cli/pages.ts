/** The page of text that says what an artifact holds, by its kind: printed by the command that makes it, and by `show`. */
import type { Artifact, ArtifactKind } from '#common/domain/artifact.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import type { StepSizesMeta } from '#common/domain/stepSizes.ts'
import type { SweepMeta } from '#common/domain/sweep.ts'
import type { Project } from '../project/project.ts'
import { comparisonText } from './comparisonText.ts'
import { evaluationText } from './evaluationText.ts'
import { examinationText } from './examinationText.ts'
import { featuresText } from './featuresText.ts'
import { reportText } from './reportText.ts'
import { clusteringText, datasetText, embeddingText, exportText, latentsText, matrixText, modelText } from './resultText.ts'
import { scoresText } from './scoresText.ts'
import { stepSizesText, sweepText } from './trainingText.ts'

const pages: Partial<Record<ArtifactKind, (project: Project, artifact: Artifact) => string>> = {
  dataset: datasetText,
  matrix: matrixText,
  model: modelText,
  latents: latentsText,
  clustering: clusteringText,
  embedding2d: embeddingText,
  export: exportText,
  examination: examinationText,
  report: reportText,
  features: featuresText,
  scores: scoresText,
  sweep: (_, { meta }) => sweepText(meta as unknown as SweepMeta),
  comparison: (project, artifact) =>
    [comparisonText(artifact.meta as unknown as ComparisonMeta), evaluationText(project, artifact)]
      .filter((page) => page !== '')
      .join('\n\n'),
  'step-sizes': (_, { meta }) => stepSizesText(meta as unknown as StepSizesMeta),
}

/** What was said while it was made: findings of a preparation, warnings of a training. */
export function remarksOn({ kind, meta }: Artifact): string {
  const remarks = kind === 'matrix' ? meta.findings : kind === 'model' ? meta.warnings : undefined
  const lines = (remarks ?? []) as readonly { readonly severity?: string; readonly message: string; readonly hint: string }[]
  return lines.map(({ severity = 'warning', message, hint }) => `\n  ${severity}  ${message} ${hint}`).join('')
}

/** Empty for a kind that has none, and for what is not finished. */
export const pageOf = (project: Project, artifact: Artifact): string =>
  artifact.status === 'done' ? (pages[artifact.kind]?.(project, artifact) ?? '') : ''
