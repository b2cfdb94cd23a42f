/**
 * Form fields from a JSON Schema made by zod (draft 2020-12 with our meta keys title, description, unit, paperTerm, group,
 * advanced, labels, showWhen, kinds). What a form cannot show, such as a record, is left out and keeps its default.
 */
interface Node {
  /** zod writes a plain nullable value as ['number', 'null'], others as anyOf. */
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly unit?: string
  readonly paperTerm?: string
  readonly group?: string
  readonly advanced?: boolean
  /** Words for the values of an enum; of a list, under '', for what none stands for. */
  readonly labels?: Readonly<Record<string, string>>
  readonly showWhen?: Readonly<Record<string, readonly unknown[]>>
  readonly kinds?: readonly string[]
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Node[]
  readonly items?: Node
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly minItems?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Node>>
}

interface Common {
  readonly name: string
  readonly title: string
  readonly help: string
  readonly unit: string
  readonly term: string | null
  readonly group: string
  readonly advanced: boolean
  readonly initial: unknown
  /** Other fields with the values under which this one matters. */
  readonly showWhen: Readonly<Record<string, readonly unknown[]>>
  /** Kinds of dataset for which it matters; empty for all. */
  readonly kinds: readonly string[]
  /** An empty field is an answer: the engine then chooses. */
  readonly nullable: boolean
  /** What an empty list stands for, where that is not all there is. */
  readonly empty?: string
}
export type FormField = Common &
  (
    | { readonly kind: 'number'; readonly integer: boolean; readonly min?: number; readonly max?: number }
    | { readonly kind: 'numbers'; readonly integer: boolean; readonly min?: number; readonly max?: number; readonly least: number }
    | { readonly kind: 'choice'; readonly options: readonly { readonly value: string | number; readonly label: string }[] }
    | { readonly kind: 'boolean' }
    | { readonly kind: 'words' }
    | { readonly kind: 'text' }
  )

export function fieldsOf(schema: Readonly<Record<string, unknown>>): FormField[] {
  const { properties = {}, required = [] } = schema as Node
  return Object.entries(properties).flatMap(([name, node]) => fieldOf(name, node, required.includes(name)) ?? [])
}

/** Whether a field changes anything, given the values of the others and the kind of data. */
export const matters = ({ showWhen, kinds }: FormField, values: Readonly<Record<string, unknown>>, kind: string | null = null): boolean =>
  Object.entries(showWhen).every(([name, allowed]) => allowed.includes(values[name])) &&
  (kind === null || kinds.length === 0 || kinds.includes(kind))

/** Values the user set, without those that change nothing beside the others: two runs that are the same are then one. */
export function thatMatter(
  schema: Readonly<Record<string, unknown>>,
  values: Readonly<Record<string, unknown>>,
  preset: Readonly<Record<string, unknown>> = {},
  kind: string | null = null,
): Record<string, unknown> {
  const all = { ...defaultsOf(schema), ...preset, ...values }
  const idle = new Set(fieldsOf(schema).flatMap((field) => (matters(field, all, kind) ? [] : field.name)))
  return Object.fromEntries(Object.entries(values).filter(([name]) => !idle.has(name)))
}

/** Starting values: the defaults of the schema. */
export const defaultsOf = (schema: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(fieldsOf(schema).map((field) => [field.name, field.initial]))

function fieldOf(name: string, outer: Node, required: boolean): FormField | null {
  const alternatives = outer.anyOf?.filter((option) => option.type !== 'null')
  const node: Node = alternatives?.length === 1 ? { ...alternatives[0], ...withoutUnion(outer) } : outer
  const types = typeof node.type === 'string' ? [node.type] : (node.type ?? [])
  const type = types.find((candidate) => candidate !== 'null')
  const optional = !required && outer.default === undefined
  const nullable = optional || types.includes('null') || (outer.anyOf?.some((option) => option.type === 'null') ?? false)
  const common: Common = {
    name,
    title: node.title ?? readable(name),
    help: node.description ?? '',
    unit: node.unit ?? '',
    term: node.paperTerm ?? null,
    group: node.group ?? '',
    advanced: node.advanced ?? false,
    initial: node.default ?? null,
    showWhen: node.showWhen ?? {},
    kinds: node.kinds ?? [],
    nullable,
    ...(node.labels?.[''] !== undefined && { empty: node.labels[''] }),
  }
  const constants =
    alternatives && alternatives.length > 1 && alternatives.every((option) => option.const !== undefined)
      ? alternatives.map((option) => option.const)
      : undefined
  const values = node.enum?.filter((value) => value !== null) ?? constants
  if (values) {
    const options = values.filter((value): value is string | number => typeof value === 'string' || typeof value === 'number')
    return {
      ...common,
      kind: 'choice',
      options: options.map((value) => ({ value, label: node.labels?.[String(value)] ?? optionWord(value) })),
    }
  }
  if (type === 'number' || type === 'integer') return { ...common, kind: 'number', integer: type === 'integer', ...bounds(node, type) }
  if (type === 'boolean') return { ...common, kind: 'boolean' }
  if (type === 'string') return { ...common, kind: 'text' }
  if (type === 'array' && (node.items?.type === 'integer' || node.items?.type === 'number'))
    return {
      ...common,
      kind: 'numbers',
      integer: node.items.type === 'integer',
      least: node.minItems ?? 0,
      ...bounds(node.items, node.items.type),
    }
  if (type === 'array' && node.items?.type === 'string') return { ...common, kind: 'words' }
  return null
}

const withoutUnion = ({ anyOf: _, ...rest }: Node): Node => rest

/** zod writes the range of safe integers for a plain integer; that is no limit worth naming. An exclusive bound of an integer moves by one. */
function bounds(node: Node, type: string): { min?: number; max?: number } {
  const step = type === 'integer' ? 1 : 0
  const min = node.minimum ?? (node.exclusiveMinimum === undefined ? undefined : node.exclusiveMinimum + step)
  const max = node.maximum ?? (node.exclusiveMaximum === undefined ? undefined : node.exclusiveMaximum - step)
  return {
    ...(min !== undefined && min > Number.MIN_SAFE_INTEGER ? { min } : {}),
    ...(max !== undefined && max < Number.MAX_SAFE_INTEGER ? { max } : {}),
  }
}

/** learningRate → Learning rate, for parameters without a title. */
const readable = (name: string): string => {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const knownWords: Readonly<Record<string, string>> = {
  selu: 'SELU',
  relu: 'ReLU',
  elu: 'ELU',
  gelu: 'GELU',
  tanh: 'tanh',
  adam: 'Adam',
  auto: 'Chosen for you',
  '.': 'Point',
  '\t': 'Tab',
  ',': 'Comma',
  ';': 'Semicolon',
  '|': 'Bar',
  ' ': 'Space',
}
const optionWord = (value: string | number): string => {
  const text = String(value)
  if (knownWords[text]) return knownWords[text]
  // Names with a hyphen, such as z-score or k-means, keep their own spelling.
  return text.includes('-') || typeof value === 'number' ? text : readable(text)
}

export interface FieldGroup {
  readonly title: string
  readonly fields: readonly FormField[]
}

/** In the order of first appearance; fields without a group come first. */
export function groupsOf(fields: readonly FormField[]): FieldGroup[] {
  const titles = [...new Set(fields.map((field) => field.group))].sort((a, b) => (a === '' ? -1 : b === '' ? 1 : 0))
  return titles.map((title) => ({ title, fields: fields.filter((field) => field.group === title) }))
}

/** '64, 16, 4' → [64, 16, 4]; undefined when it is not allowed. */
export function parseNumbers(text: string, field: Extract<FormField, { kind: 'numbers' }>): number[] | null | undefined {
  if (text.trim() === '') return field.nullable ? null : field.least === 0 ? [] : undefined
  const numbers = text
    .split(/[,;\s\u2013\u2192-]+/)
    .filter(Boolean)
    .map(Number)
  const fits = (n: number): boolean =>
    Number.isFinite(n) &&
    (!field.integer || Number.isInteger(n)) &&
    n >= (field.min ?? Number.NEGATIVE_INFINITY) &&
    n <= (field.max ?? Number.POSITIVE_INFINITY)
  return numbers.length >= field.least && numbers.every(fits) ? numbers : undefined
}

/** As it stands in the field and in “Preset says …”. */
export function written(value: unknown, field: FormField): string {
  if (value === null || value === undefined) return field.empty ?? 'chosen for you'
  if (Array.isArray(value)) return value.length === 0 ? (field.empty ?? 'none') : value.join(', ')
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (field.kind === 'choice') return field.options.find((option) => option.value === value)?.label ?? String(value)
  if (typeof value === 'number')
    return value.toLocaleString('en-US', { maximumSignificantDigits: 7 }).replace(/,/g, '\u202f').replace('-', '−')
  return String(value)
}

export const sameValue = (a: unknown, b: unknown): boolean =>
  Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((value, i) => value === b[i]) : (a ?? null) === (b ?? null)
