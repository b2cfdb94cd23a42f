/**
 * Conditions on rows, as text: `label = 0`, `year >= 2008 and region in north, south`, `date < 2020-05-01`, `note is not missing`.
 * Parts are joined by `and`; names with spaces or signs stand in quotes. Numbers and dates compare as such, everything else as text.
 * Nothing is evaluated as code.
 */
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import type { OpenSource } from './dataset.ts'
import { asText, type FieldValue, fieldValues, parseTime } from './fields.ts'

interface Condition {
  readonly field: string
  readonly holds: (value: FieldValue) => boolean
}

const shape = /^\s*(?:"([^"]+)"|'([^']+)'|(.+?))\s*(<=|>=|!=|==|=|<|>|\sis\s+not\s|\sis\s|\snot\s+in\s|\sin\s)\s*(.+?)\s*$/i
const millisecondsPerDay = 86_400_000

/** [rows] 1 where all conditions hold. Memory: a byte per row; see `fieldValues`. @throws PARAMETER_INVALID */
export async function rowsWhere(
  source: OpenSource,
  meta: Pick<DatasetMeta, 'rows' | 'columns' | 'metadataFields'>,
  text: string,
  parameter: string,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const passes = new Uint8Array(meta.rows).fill(1)
  for (const { field, holds } of parseConditions(text, meta, parameter)) {
    let row = 0
    for await (const batch of fieldValues(source, meta, field, parameter, signal))
      for (const value of batch) {
        if (passes[row] === 1 && !holds(value ?? null)) passes[row] = 0
        row++
      }
    // A field may end before the rows do: nothing is known of the others.
    if (!holds(null)) passes.fill(0, row)
  }
  return passes
}

export function parseConditions(text: string, meta: Pick<DatasetMeta, 'columns'>, parameter: string): Condition[] {
  return text.split(/\s+and\s+/i).map((part) => {
    const found = shape.exec(part)
    if (!found)
      throw new StratumError(
        'PARAMETER_INVALID',
        `“${part.trim()}” is no condition.`,
        'Write a field, a comparison and a value, such as label = 0, or year >= 2008 and region in north, south.',
        { parameter },
      )
    const field = found[1] ?? found[2] ?? found[3]
    const isDate = meta.columns.find(({ name }) => name === field)?.type === 'date'
    return { field, holds: comparison(found[4].trim().toLowerCase().replace(/\s+/g, ' '), found[5], isDate) }
  })
}

function comparison(operator: string, wanted: string, isDate: boolean): Condition['holds'] {
  const unquoted = (value: string): string => value.trim().replace(/^(["'])(.*)\1$/, '$2')
  const isMissing = wanted.toLowerCase() === 'missing'
  const one = equals(unquoted(wanted), isDate)
  const several = wanted.split(',').map((value) => equals(unquoted(value), isDate))
  switch (operator) {
    case 'is':
      return isMissing ? (value) => value === null : one
    case 'is not':
      return isMissing ? (value) => value !== null : (value) => !one(value)
    case 'in':
      return (value) => several.some((is) => is(value))
    case 'not in':
      return (value) => !several.some((is) => is(value))
    case '=':
    case '==':
      return one
    case '!=':
      return (value) => !one(value)
    default:
      return ordered(operator, unquoted(wanted), isDate)
  }
}

function equals(wanted: string, isDate: boolean): Condition['holds'] {
  const number = numberOf(wanted, isDate)
  return (value) => value !== null && (asText(value) === wanted || (!Number.isNaN(number) && value !== '' && Number(value) === number))
}

function ordered(operator: string, wanted: string, isDate: boolean): Condition['holds'] {
  const number = numberOf(wanted, isDate)
  const compare = (value: string | number): number => {
    // A text is neither more nor less than a number: no comparison holds.
    if (!Number.isNaN(number)) return value === '' ? Number.NaN : Number(value) - number
    const [a, b] = [parseTime(String(value)), parseTime(wanted)]
    if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b
    return String(value) < wanted ? -1 : String(value) > wanted ? 1 : 0
  }
  const fits: Readonly<Record<string, (difference: number) => boolean>> = {
    '<': (difference) => difference < 0,
    '<=': (difference) => difference <= 0,
    '>': (difference) => difference > 0,
    '>=': (difference) => difference >= 0,
  }
  return (value) => value !== null && fits[operator](compare(value))
}

/** A date column holds days since 1970. */
function numberOf(text: string, isDate: boolean): number {
  const number = text === '' ? Number.NaN : Number(text)
  return isDate && Number.isNaN(number) ? parseTime(text) / millisecondsPerDay : number
}
