/** Options whose values the file itself lists become choices: a layer among its layers, a sheet among its sheets. */
import type { SourceReport } from '#common/domain/dataset.ts'

type Schema = Readonly<Record<string, unknown>>

/** An option `layer` is a choice where the details say `layers: 'X, raw/X'`; a single value leaves nothing to choose. */
export function withChoices(schema: Schema, details: SourceReport['details']): Schema {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>
  const entries = Object.entries(properties).map(([name, node]): [string, Schema] => {
    const listed = details[`${name}s`]
    const values = typeof listed === 'string' ? listed.split(', ').filter(Boolean) : []
    const isText = node.type === 'string' || (node.anyOf as readonly Schema[] | undefined)?.some(({ type }) => type === 'string')
    if (values.length < 2 || !isText || node.enum) return [name, node]
    const { anyOf: _, ...rest } = node
    // What a file calls its own parts is not put into other words.
    return [name, { ...rest, type: 'string', enum: values, labels: Object.fromEntries(values.map((value) => [value, value])) }]
  })
  return { ...schema, properties: Object.fromEntries(entries) }
}
