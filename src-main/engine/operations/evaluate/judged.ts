import type { Artifact } from '#common/domain/artifact.ts'
import type { EvaluationFinding } from '#common/domain/evaluation.ts'
import type { Project } from '../../project/project.ts'
import type { EvaluatedFigures } from './classes.ts'
import type { EvaluateParams } from './params.ts'
import type { Truth } from './truth.ts'

/** Results that were held against labels, as what is to know of them is told from. */
export interface Judged {
  readonly project: Project
  readonly dataset: Artifact
  readonly artifacts: readonly Artifact[]
  readonly truth: Truth
  /** Labelled rows of each class. */
  readonly sizes: readonly number[]
  readonly evaluated: readonly EvaluatedFigures[]
  readonly params: EvaluateParams
  readonly signal: AbortSignal
}

/** Of one result. */
export type Found = Omit<EvaluationFinding, 'rows'>
