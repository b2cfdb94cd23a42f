/** Declarations as data: what a form, the command line and the documentation need to know of an operation and its parameters. */
import { z } from 'zod'
import type { OperationDescription } from '#common/contract/engine.ts'
import type { OperationDefinition } from './define.ts'

/** Keys of ours and of JSON Schema that describe a parameter as a whole, whatever kind of value it takes. */
const wholeKeys = new Set(['title', 'description', 'default', 'unit', 'paperTerm', 'group', 'advanced', 'showWhen', 'kinds', 'automatic'])

/** JSON Schema (draft 2020-12) of what a user may give; our meta keys (title, description, unit, paperTerm, group, advanced) travel along. */
export function describeParams(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return spreadTypes(described) as Record<string, unknown>
}

/** zod writes some optional values as type [string, null] and others as anyOf; here all are anyOf, so that readers know one form. */
function spreadTypes(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(spreadTypes)
  if (typeof node !== 'object' || node === null) return node
  const entries = Object.entries(node).map(([key, value]) => [key, key === 'default' ? value : spreadTypes(value)] as const)
  const { type } = node as { type?: unknown }
  if (!Array.isArray(type)) return Object.fromEntries(entries)
  const own = entries.filter(([key]) => key !== 'type' && !wholeKeys.has(key))
  const whole = entries.filter(([key]) => wholeKeys.has(key))
  return {
    ...Object.fromEntries(whole),
    anyOf: type.map((it) => (it === 'null' ? { type: it } : { ...Object.fromEntries(own), type: it })),
  }
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
