/** Delimiter, decimal mark and header of a table, judged by its first records. */
import { splitRecords } from './records.ts'
import { type Decimal, isDate, isMissing, parseBoolean, parseNumber } from './values.ts'

const candidates = [',', ';', '\t', '|'] as const
const sampleRecords = 200
const none: ReadonlySet<string> = new Set()

/** Records of the sample; the last one is left out when the sample may have cut it. */
export function sampleOf(text: string, delimiter: string, quote: string, complete: boolean): string[][] {
  return splitRecords(text, delimiter, quote, 1, complete).records.slice(0, sampleRecords)
}

/** The one that splits most records into the same number (≥ 2) of fields; the larger number decides between equals. */
export function detectDelimiter(text: string, quote: string, complete: boolean): string {
  let best: { delimiter: string; share: number; fields: number } = { delimiter: ',', share: 0, fields: 1 }
  for (const delimiter of candidates) {
    const records = sampleOf(text, delimiter, quote, complete)
    const { fields, count } = mostCommonWidth(records)
    if (fields < 2) continue
    const share = count / records.length
    // "1,5;2,7": the comma also splits evenly, but the semicolon leaves numbers.
    const leavesDecimals = delimiter !== ',' && best.delimiter === ',' && share > 0.8 && decimalOf(records) === ','
    if (leavesDecimals || share > best.share + 0.05 || (share > best.share - 0.05 && fields > best.fields && best.delimiter !== ';'))
      best = { delimiter, share, fields }
  }
  return best.delimiter
}

export function mostCommonWidth(records: readonly (readonly string[])[]): { fields: number; count: number } {
  const counts = new Map<number, number>()
  for (const record of records) counts.set(record.length, (counts.get(record.length) ?? 0) + 1)
  let best = { fields: 1, count: 0 }
  for (const [fields, count] of counts) if (count > best.count || (count === best.count && fields > best.fields)) best = { fields, count }
  return best
}

/** ',' when more fields read 1,5 than 1.5, and not all of them look like thousands (1,500). */
export function decimalOf(records: readonly (readonly string[])[]): Decimal {
  let commas = 0
  let points = 0
  let notThousands = 0
  for (const record of records) {
    for (const raw of record) {
      const field = raw.trim()
      if (/^[+-]?\d*\.\d+(?:[eE][+-]?\d+)?$/.test(field)) points++
      else if (/^[+-]?\d*,\d+(?:[eE][+-]?\d+)?$/.test(field)) {
        commas++
        if (!/^[+-]?\d{1,3},\d{3}$/.test(field)) notThousands++
      }
    }
  }
  return commas > points && notThousands > 0 ? ',' : '.'
}

/**
 * Whether the first record names the columns. It does when none of its fields is a value (number, date, truth) while
 * below at least one column has values; without any values below, when its fields occur nowhere else.
 */
export function detectHeader(records: readonly (readonly string[])[], decimal: Decimal): boolean {
  const first = records[0]
  if (!first) return false
  const isValue = (raw: string): boolean => {
    const field = raw.trim()
    return !isMissing(field, none) && (parseNumber(field, decimal) !== null || isDate(field) || parseBoolean(field) !== null)
  }
  const below = records.slice(1)
  if (first.every((field) => field.trim() === '')) return false
  if (first.some(isValue)) return namesByYear(first, below, decimal)
  if (below.some((record) => record.some(isValue))) return true
  const names = first.map((field) => field.trim())
  return new Set(names).size === names.length && !below.some((record) => record.some((field, column) => field.trim() === names[column]))
}

/** 'station,2019,2020' over text and fractions: whole numbers in the first record only. */
function namesByYear(first: readonly string[], below: readonly (readonly string[])[], decimal: Decimal): boolean {
  const years = first.filter((field) => /^(?:1[89]|20)\d\d$/.test(field.trim()))
  if (years.length < 2 || years.length < first.length - 2) return false
  return (
    new Set(years).size === years.length &&
    below.length > 0 &&
    below.every((record) =>
      record.every((field) => !/^(?:1[89]|20)\d\d$/.test(field.trim()) || parseNumber(field.trim(), decimal) === null),
    )
  )
}
