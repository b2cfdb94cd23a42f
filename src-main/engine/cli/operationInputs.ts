/** Artifacts that were named by position as the inputs of an operation, and the steps that bring them there. */
import type { Artifact, ArtifactKind } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { holdsRawCells } from '#common/domain/proposedModel.ts'
import { StratumError } from '#common/errors.ts'
import { preparationFor } from '../models/define.ts'
import { models } from '../models/registry.ts'
import type { OperationDefinition } from '../operations/define.ts'
import type { RunRequest } from '../operations/runner.ts'
import { modelChoice, trainsModel } from './operationParameters.ts'
import type { Values } from './values.ts'
import type { Workspace } from './workspace.ts'

/** Steps with good defaults that fill a gap: what they are made from → how. */
export const bridges: readonly {
  readonly from: ArtifactKind
  readonly to: ArtifactKind
  readonly operation: string
  readonly role: string
  /** Only for this operation, and then before others. */
  readonly only?: string
}[] = [
  { from: 'dataset', to: 'matrix', operation: 'prepare-as', role: 'dataset', only: 'import-model' },
  { from: 'dataset', to: 'matrix', operation: 'prepare', role: 'dataset' },
  { from: 'model', to: 'latents', operation: 'encode', role: 'model' },
]

/** What the step in between needs to know of the operation it is for: models and presets may want their own preparation of the source. */
function bridgeParams(bridge: string, operation: OperationDefinition, source: Artifact, params: Values): Values {
  if (bridge === 'prepare-as') return { path: params.path }
  if (bridge !== 'prepare' || !trainsModel(operation)) return {}
  const { model, preset } = modelChoice(operation, params)
  return preparationFor(model, preset, source.kind === 'dataset' && holdsRawCells(source.meta as unknown as DatasetMeta))
}

/** @throws ARTIFACT_NOT_FOUND, which says so where a model to train is meant */
function findInput({ project }: Workspace, operation: OperationDefinition, reference: string): Artifact {
  try {
    return project.find(reference)
  } catch (thrown) {
    const isModel = 'model' in operation.params.shape && models.some(({ id }) => id === reference)
    if (!isModel || !(thrown instanceof StratumError)) throw thrown
    throw new StratumError(
      thrown.code,
      `There is no artifact named '${reference}' in this project.`,
      `To train that model, write --model ${reference}.`,
      thrown.where,
      thrown,
    )
  }
}

/** Artifacts by position → roles. One that does not fit is brought to a kind that does, where one step with its defaults can. */
export async function inputsFor(
  workspace: Workspace,
  operation: OperationDefinition,
  references: readonly string[],
  params: Values,
  base: Pick<RunRequest, 'seed' | 'device'>,
): Promise<Record<string, number>> {
  const inputs: Record<string, number> = {}
  // All are looked up before anything is computed for the first.
  for (const artifact of references.map((reference) => findInput(workspace, operation, reference))) {
    const open = Object.entries(operation.inputs).filter(([role]) => inputs[role] === undefined)
    const declared = (kind: ArtifactKind) => open.find(([, { kinds }]) => kinds.includes(kind))
    const accepted = (kind: ArtifactKind) =>
      open.find(([role, { kinds }]) => kinds.includes(kind) && (operation.accepts?.(role, kind, params) ?? true))
    const bridge = bridges.find(({ from, to, only = operation.id }) => only === operation.id && from === artifact.kind && accepted(to))
    const fitting = accepted(artifact.kind) ?? (bridge ? undefined : declared(artifact.kind))
    if (fitting) {
      inputs[fitting[0]] = artifact.id
      continue
    }
    const role = bridge && accepted(bridge.to)?.[0]
    if (!bridge || role === undefined) throw unfitting(operation, artifact, open.length === 0)
    const { seed, device } = base
    inputs[role] = (
      await workspace.compute({
        operation: bridge.operation,
        inputs: { [bridge.role]: artifact.id },
        params: bridgeParams(bridge.operation, operation, artifact, params),
        seed,
        device,
      })
    ).id
  }
  return inputs
}

export function unfitting(operation: OperationDefinition, artifact: Artifact, isFull: boolean): StratumError {
  const wanted = [...new Set(Object.values(operation.inputs).flatMap(({ kinds }) => kinds))]
  const message = isFull
    ? `${operation.title} takes no further artifact; '${artifact.name}' is one too many.`
    : `${operation.title} needs ${wanted.join(' or ')}; artifact ${artifact.id} (${artifact.name}) is ${artifact.kind}.`
  return new StratumError('ARTIFACT_KIND', message, 'List the artifacts with `stratum list` and choose another.', { artifact: artifact.id })
}
