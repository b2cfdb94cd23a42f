/** What a field of text means: missing, a number, a truth value, a date. */

const missingTokens = new Set([
  '',
  'NA',
  'N/A',
  'n/a',
  '#N/A',
  'NaN',
  'nan',
  'NAN',
  '-nan',
  'null',
  'NULL',
  'Null',
  'None',
  'none',
  'nil',
  '?',
  '-',
  '--',
  '.',
])

export type Decimal = '.' | ','

export interface Dialect {
  readonly delimiter: string
  readonly quote: string
  readonly decimal: Decimal
  /** Besides the usual ones, e.g. '-200'. */
  readonly missing: ReadonlySet<string>
}

export const isMissing = (field: string, extra: ReadonlySet<string>): boolean =>
  missingTokens.has(field) || (extra.size > 0 && extra.has(field))

const grouped: Readonly<Record<Decimal, RegExp>> = {
  '.': /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/,
  ',': /^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?$/,
}

/** The number, or null when the field is none. `field` is trimmed and not missing. 1,234.5 counts; 0x10 does not. */
export function parseNumber(field: string, decimal: Decimal): number | null {
  if (!mayStartNumber(field.charCodeAt(0))) return null
  if (decimal === ',') {
    if (grouped[','].test(field)) return Number(field.replaceAll('.', '').replace(',', '.'))
    return plainNumber(field.replace(',', '.'))
  }
  return plainNumber(field) ?? (grouped['.'].test(field) ? Number(field.replaceAll(',', '')) : null)
}

/** A digit, a sign, a mark, or the i of infinity. */
const mayStartNumber = (code: number): boolean => (code >= 43 && code <= 57) || code === 73 || code === 105

function plainNumber(field: string): number | null {
  const value = Number(field)
  const second = field.charCodeAt(1) | 32
  // Number() also takes 0x, 0o and 0b.
  if (!Number.isNaN(value)) return second === 120 || second === 111 || second === 98 ? null : value
  return /^[+-]?inf$/i.test(field) ? (field.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : null
}

const truths: Readonly<Record<string, 0 | 1>> = { true: 1, false: 0, yes: 1, no: 0 }
export const parseBoolean = (field: string): 0 | 1 | null => (field.length <= 5 ? (truths[field.toLowerCase()] ?? null) : null)

const datePattern =
  /^(?:\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?$/
export const isDate = (field: string): boolean => field.length >= 8 && field.length <= 40 && datePattern.test(field)
