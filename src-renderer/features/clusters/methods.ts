/** The methods of an operation, as the enum of its parameter `method` describes them. */

interface MethodChoice {
  readonly id: string
  readonly title: string
  readonly summary: string
  readonly useWhen: string
  readonly paper: string
}
interface MethodNode {
  readonly enum?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly methods?: readonly MethodChoice[]
}

/** In the order of the enum; one without a description of its own has its title alone. */
export function methodsOf(schema: Readonly<Record<string, unknown>>): MethodChoice[] {
  const { properties } = schema as { properties?: Readonly<Record<string, MethodNode>> }
  const { enum: ids = [], labels = {}, methods = [] } = properties?.method ?? {}
  return ids.map((id) => methods.find((m) => m.id === id) ?? { id, title: labels[id] ?? id, summary: '', useWhen: '', paper: '' })
}

/** The method that is taken when none is chosen. */
export const defaultMethod = (schema: Readonly<Record<string, unknown>>): string =>
  String((schema as { properties?: { method?: { default?: unknown } } }).properties?.method?.default ?? '')
