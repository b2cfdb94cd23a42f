/** Artifacts that somebody asks for by number: what they are has to be looked at before they are read. */
import type { Artifact, ArtifactKind } from '#common/domain/artifact.ts'
import { StratumError } from '#common/errors.ts'
import type { Project } from './project.ts'

const spoken: Readonly<Record<ArtifactKind, string>> = {
  dataset: 'a dataset',
  examination: 'an examination',
  matrix: 'a set of prepared rows',
  model: 'a model',
  latents: 'a set of codes',
  clustering: 'a clustering',
  embedding2d: 'a 2-D embedding',
  scores: 'a set of anomaly scores',
  features: 'a list of features',
  comparison: 'a comparison',
  report: 'a report',
  sweep: 'a sweep',
  'step-sizes': 'a search for the step size',
  export: 'an exported file',
}

/** @throws ARTIFACT_NOT_FOUND, ARTIFACT_KIND, ARTIFACT_UNFINISHED */
export function finishedArtifact(project: Pick<Project, 'artifact'>, id: number, ...kinds: readonly ArtifactKind[]): Artifact {
  const artifact = project.artifact(id)
  if (!kinds.includes(artifact.kind)) {
    const wanted = kinds.map((kind) => spoken[kind]).join(' or ')
    throw new StratumError(
      'ARTIFACT_KIND',
      `“${artifact.name}” is ${spoken[artifact.kind]}; ${wanted} is needed here.`,
      `Choose ${wanted}.`,
      { artifact: id },
    )
  }
  if (artifact.status !== 'done')
    throw new StratumError('ARTIFACT_UNFINISHED', `“${artifact.name}” is not finished.`, 'Wait until it is, or start it again.', {
      artifact: id,
    })
  return artifact
}

/** @throws ARTIFACT_KIND where it was made of another dataset */
export function ofDataset(artifact: Artifact, dataset: Artifact): Artifact {
  if (artifact.meta.dataset === dataset.id) return artifact
  throw new StratumError('ARTIFACT_KIND', `“${artifact.name}” does not belong to “${dataset.name}”.`, 'Choose results of one dataset.', {
    artifact: artifact.id,
    dataset: dataset.id,
  })
}
