/** Declarations as data: what a form, the command line and the documentation need to know of an operation and its parameters. */
import { z } from 'zod'
import type { OperationDescription } from '#common/contract/engine.ts'
import type { OperationDefinition } from './define.ts'

/** JSON Schema (draft 2020-12) of what a user may give; our meta keys (title, description, unit, paperTerm, group, advanced) travel along. */
export function describeParams(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return described
}

export function describeOperation(operation: OperationDefinition): OperationDescription {
  const inputs = Object.entries(operation.inputs).map(
    ([role, { kinds, optional = false, description }]) => [role, { kinds: kinds.map(String), optional, description }] as const,
  )
  return {
    id: operation.id,
    version: operation.version,
    title: operation.title,
    summary: operation.summary,
    citation: operation.citation ?? null,
    inputs: Object.fromEntries(inputs),
    produces: operation.produces,
    params: describeParams(operation.params),
  }
}
