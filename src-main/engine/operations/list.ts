/** Lists of operations: the registry, or a smaller one in a test. */
import { StratumError } from '#common/errors.ts'
import type { OperationDefinition } from './define.ts'
import { nearestName } from './nearest.ts'

/** A list in which an id is used once. */
export function operationList(...list: readonly OperationDefinition[]): readonly OperationDefinition[] {
  const seen = new Set<string>()
  for (const { id } of list) {
    if (seen.has(id)) throw new Error(`two operations are called '${id}'`)
    seen.add(id)
  }
  return list
}

/** @throws UNKNOWN_OPERATION with the nearest known name */
export function operationIn(list: readonly OperationDefinition[], id: string): OperationDefinition {
  const found = list.find((operation) => operation.id === id)
  if (found) return found
  const known = list.map((operation) => operation.id)
  const nearest = nearestName(id, known)
  throw new StratumError(
    'UNKNOWN_OPERATION',
    `There is no operation '${id}'.`,
    nearest ? `Did you mean '${nearest}'?` : `Known: ${known.join(', ')}.`,
    { operation: id },
  )
}
