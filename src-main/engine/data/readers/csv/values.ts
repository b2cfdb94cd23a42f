/** What a field of text means: missing, a number, a truth value, a date, or nothing but a text. */
import { type DateOrder, dateParts, daysOf } from './dates.ts'

/** Those of R, NumPy, pandas, SQL, spreadsheets and the collections of the web. */
const missingTexts = [
  ...['', 'NA', 'N/A', 'n/a', 'na', '<NA>', '#N/A', '#NA', '#N/A N/A', 'NaN', 'nan', 'NAN', '-nan', '-NaN', 'null', 'NULL', 'Null'],
  ...['?', '.', '1.#IND', '-1.#IND', '1.#QNAN', '-1.#QNAN', '\\N', '#DIV/0!', '#VALUE!', '#REF!'],
]

/** No value among numbers and dates; among texts they may be one: "None" of some kinds of damage, '-' of a strand that is '+' or '-'. */
const doubtful = new Set(['None', 'none', 'nil', '-', '--'])
export const isDoubtful = (field: string): boolean => doubtful.has(field)
/** Those of them that are a value of a category only beside a '+'. */
export const isDash = (field: string): boolean => field === '-' || field === '--'

export type Decimal = '.' | ','

export interface Meaning {
  readonly decimal: Decimal
  /** Between groups of three digits; '' when none is looked for. */
  readonly thousands: string
  /** Texts that mean no value, besides the usual ones. */
  readonly missing: readonly string[]
}

export const missingSet = ({ missing }: Pick<Meaning, 'missing'>): ReadonlySet<string> => new Set([...missingTexts, ...missing])

/** Those of the chosen texts that are numbers mean the number, however it is written. */
export const missingNumbers = (meaning: Meaning): number[] =>
  meaning.missing.map((text) => parseNumber(text.trim(), meaning)).filter((value) => value !== null)

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
const groupings = new Map<string, RegExp>()

function groupingOf(decimal: Decimal, thousands: string): RegExp {
  const key = decimal + thousands
  let grouping = groupings.get(key)
  if (!grouping) {
    // A narrow or unbreakable blank, as its bytes in UTF-8 or Windows-1252, is a blank too.
    const between = thousands === ' ' ? String.raw`(?: |\xc2?\xa0|\xe2\x80[\x89\xaf])` : escaped(thousands)
    grouping = new RegExp(`^[+-]?\\d{1,3}(?:${between}\\d{3})+(?:${escaped(decimal)}\\d*)?$`)
    groupings.set(key, grouping)
  }
  return grouping
}

/** The number, or null when the field is none. `field` is trimmed and not missing. 1,234.5 counts; 0x10 does not. */
export function parseNumber(field: string, { decimal, thousands }: Pick<Meaning, 'decimal' | 'thousands'>): number | null {
  if (!mayStartNumber(field.charCodeAt(0))) return null
  const plain = plainNumber(decimal === ',' ? field.replace(',', '.') : field)
  // With a decimal comma '1.234' is a plain number by its looks only.
  if (plain !== null && !(decimal === ',' && field.includes('.'))) return plain
  if (thousands === '' || !groupingOf(decimal, thousands).test(field)) return decimal === ',' && field.includes(',') ? null : plain
  const digits = thousands === ' ' ? field.replace(/[^\d.,+-]/g, '') : field.replaceAll(thousands, '')
  return Number(decimal === ',' ? digits.replace(',', '.') : digits)
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

/** Days since 1970, or null. */
export function parseDate(field: string, order: DateOrder): number | null {
  const parts = dateParts(field)
  const days = parts ? daysOf(parts, order) : Number.NaN
  return Number.isNaN(days) ? null : days
}

/**
 * bytes[from … to) as text of one character per byte, without blanks around: those of ASCII only, as bytes above may be part of a
 * character.
 */
export function latin1Text(bytes: Uint8Array, from: number, to: number, most = Number.POSITIVE_INFINITY): string {
  let a = from
  let b = to
  while (a < b && (bytes[a] as number) <= 32) a++
  while (b > a && (bytes[b - 1] as number) <= 32) b--
  return Buffer.from(bytes.buffer, bytes.byteOffset + a, Math.min(b - a, most)).toString('latin1')
}

/** The same cut short: nothing that is not free text is so long. */
export const asciiText = (bytes: Uint8Array, from: number, to: number): string => latin1Text(bytes, from, to, 200)
