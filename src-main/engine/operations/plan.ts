/** What was asked, checked: which operation on which artifacts with which parameters, and the content key of the outcome. */
import type { Artifact } from '#common/domain/artifact.ts'
import { StratumError } from '#common/errors.ts'
import type { ProjectFile } from '../project/open.ts'
import { contentKey } from './contentKey.ts'
import type { OperationDefinition } from './define.ts'
import { operationIn } from './list.ts'
import { parseParams } from './parameters.ts'

export interface RunRequest {
  readonly operation: string
  /** Role → artifact id. */
  readonly inputs?: Readonly<Record<string, number>>
  readonly params?: Readonly<Record<string, unknown>>
  /** Default 7. */
  readonly seed?: number
  /** Default 'cpu'. */
  readonly device?: string
  /** Default: what the operation proposes. A number is added when it is taken. */
  readonly name?: string
}

export interface Plan {
  readonly operation: OperationDefinition
  readonly params: Readonly<Record<string, unknown>>
  readonly inputs: Readonly<Record<string, Artifact>>
  readonly seed: number
  readonly device: string
  readonly name: string | undefined
}

/** @throws UNKNOWN_OPERATION, PARAMETER_INVALID, ARTIFACT_… */
export function planOf(project: ProjectFile, operations: readonly OperationDefinition[], request: RunRequest): Plan {
  const operation = operationIn(operations, request.operation)
  const params = parseParams(operation.title, operation.params, request.params ?? {})
  const inputs = checkInputs(project, operation, request.inputs ?? {})
  const seed = operation.ignores?.includes('seed') ? 0 : (request.seed ?? 7)
  const device = operation.ignores?.includes('device') ? 'cpu' : (request.device ?? 'cpu')
  return { operation, params, inputs, seed, device, name: request.name?.trim() || undefined }
}

export const inputIds = ({ inputs }: Plan): Record<string, number> =>
  Object.fromEntries(Object.entries(inputs).map(([role, { id }]) => [role, id]))

/** `identity` is what the operation says of the world outside the project. */
export function keyOf({ operation, params, inputs, seed, device }: Plan, identity: string | null): string {
  const inputKeys = Object.fromEntries(Object.entries(inputs).map(([role, artifact]) => [role, artifact.contentKey]))
  const parts = { operation: operation.id, version: operation.version, inputs: inputKeys, seed, device, identity }
  return contentKey({ ...parts, params: operation.keyed?.(params) ?? params })
}

/** The finished artifact that answers a plan, also under the key of versions whose keys held all parameters; null where it must be made. */
export function answerTo(project: ProjectFile, plan: Plan, identity: string | null): Artifact | null {
  const { keyed, ...whole } = plan.operation
  const known =
    project.finishedWithKey(keyOf(plan, identity)) ??
    (keyed ? project.finishedWithKey(keyOf({ ...plan, operation: whole }, identity)) : null)
  return known && !plan.operation.isStale?.(known) ? known : null
}

function checkInputs(
  project: ProjectFile,
  operation: OperationDefinition,
  given: Readonly<Record<string, number>>,
): Record<string, Artifact> {
  const roles = Object.keys(operation.inputs)
  const unknown = Object.keys(given).find((role) => !roles.includes(role))
  if (unknown !== undefined)
    throw new StratumError(
      'PARAMETER_INVALID',
      `${operation.title} has no input '${unknown}'.`,
      `Its inputs: ${roles.join(', ') || 'none'}.`,
      { input: unknown },
    )
  const checked: Record<string, Artifact> = {}
  for (const [role, { kinds, optional, description }] of Object.entries(operation.inputs)) {
    const id = given[role]
    if (id === undefined) {
      if (optional) continue
      throw new StratumError(
        'PARAMETER_INVALID',
        `${operation.title} needs an input: ${description} (${kinds.join(' or ')}).`,
        'Choose an artifact of that kind.',
        { input: role },
      )
    }
    const artifact = project.artifact(id)
    if (!kinds.includes(artifact.kind))
      throw new StratumError(
        'ARTIFACT_KIND',
        `${operation.title} needs ${kinds.join(' or ')} as ${role}; artifact ${id} (${artifact.name}) is ${artifact.kind}.`,
        'Choose another artifact.',
        { artifact: id, input: role },
      )
    if (artifact.status !== 'done')
      throw new StratumError(
        'ARTIFACT_UNFINISHED',
        `Artifact ${id} (${artifact.name}) is not finished.`,
        'Wait until it is, or start it again.',
        { artifact: id, input: role },
      )
    checked[role] = artifact
  }
  return checked
}
