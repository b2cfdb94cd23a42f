/** The views of the window, and in which of them a result is looked at. */
import type { Artifact, ArtifactKind } from '#common/domain/artifact.ts'

export type ViewId = 'start' | 'data' | 'model' | 'train' | 'latents' | 'anomalies' | 'map' | 'compare' | 'export' | 'settings' | 'help'

export const viewOfKind: Readonly<Record<ArtifactKind, ViewId>> = {
  dataset: 'data',
  examination: 'data',
  matrix: 'model',
  model: 'train',
  latents: 'latents',
  clustering: 'latents',
  embedding2d: 'latents',
  scores: 'anomalies',
  features: 'latents',
  comparison: 'compare',
  report: 'latents',
  sweep: 'train',
  'step-sizes': 'train',
  export: 'export',
}

/** Classes and scores of a scene are a layer of its map, too. */
export const viewsShowing = (artifact: Pick<Artifact, 'kind' | 'operation'>, isOfScene: boolean): readonly ViewId[] =>
  isOfScene && (artifact.kind === 'clustering' || artifact.kind === 'scores') ? [viewOf(artifact), 'map'] : [viewOf(artifact)]

/** A look for drift is a comparison, too, and stands where thresholds are judged. */
export const viewOf = ({ kind, operation }: Pick<Artifact, 'kind' | 'operation'>): ViewId =>
  operation === 'drift' ? 'anomalies' : viewOfKind[kind]
