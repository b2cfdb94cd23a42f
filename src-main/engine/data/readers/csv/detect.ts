/** Delimiter, quotes, decimal mark and header of a table, judged by its first records. Texts have one character per byte. */
import { dateParts } from './dates.ts'
import { type Layout, byteOf, carriageReturn, lineFeed } from './layout.ts'
import { type Receiver, Scanner, everyField } from './scanner.ts'
import { type Decimal, type Meaning, isDoubtful, latin1Text, missingSet, parseBoolean, parseNumber } from './values.ts'

export interface SampleRecord {
  /** From 0. */
  readonly line: number
  readonly fields: string[]
}

const mostSampleRecords = 1000
const judgedBytes = 32 << 10
const candidates: readonly (readonly [delimiter: string, runs: boolean])[] = [
  [',', false],
  [';', false],
  ['\t', false],
  ['|', false],
  [' ', true],
]

/** The records of a sample as texts; the last one is left out when the sample may have cut it. */
export function sampleRecords(sample: Uint8Array, layout: Layout, complete: boolean): { records: SampleRecord[]; oddQuotes: number } {
  const records: SampleRecord[] = []
  const receiver: Receiver = {
    field(column, line, bytes, from, to) {
      let last = records.at(-1)
      if (last?.line !== line) {
        // Beyond these, quotes are counted and nothing is kept.
        if (records.length === mostSampleRecords) return 0
        last = { line, fields: [] }
        records.push(last)
      }
      const { fields } = last
      if (column < fields.length) return 0
      fields.push(latin1Text(bytes, from, to))
      return 0
    },
    ragged() {},
    rows() {},
  }
  const width = 1 + mostDelimiters(sample, layout)
  const scanner = new Scanner(layout, new Uint8Array(width).fill(everyField), new Int32Array(width).fill(-1), receiver)
  const bytes = new Uint8Array(sample.length + 1)
  bytes.set(sample)
  bytes[sample.length] = lineFeed
  scanner.run(bytes, 0, sample.length, sample.length, complete)
  return { records, oddQuotes: scanner.oddQuotes }
}

/** Of a line, or of a stretch without line ends, so that no record has more. */
function mostDelimiters(sample: Uint8Array, { delimiter, runs }: Layout): number {
  let most = 0
  let here = 0
  for (const byte of sample) {
    if (byte === delimiter || (runs && byte === 9)) most = Math.max(most, ++here)
    else if (byte === lineFeed || byte === carriageReturn) here = 0
  }
  // A record may go on over several lines.
  return 2 * most
}

export interface Marks {
  readonly delimiter: string | undefined
  readonly quote: string | undefined
  readonly comment: string
}

/** 32 kB, or as many whole lines as it takes. */
function judgedEnd(sample: Uint8Array): number {
  if (sample.length <= judgedBytes) return sample.length
  let lines = 0
  for (let i = 0; i < sample.length; i++) {
    if (sample[i] === lineFeed || sample[i] === carriageReturn) lines++
    if (i >= judgedBytes && lines >= 4) return i + 1
  }
  return sample.length
}

/** The marks that split most records into the same number (≥ 2) of fields; the larger number decides between equals. */
export function detectLayout(sample: Uint8Array, complete: boolean, marks: Marks): Layout {
  const part = sample.subarray(0, judgedEnd(sample))
  const whole = complete && part.length === sample.length
  const text = Buffer.from(part).toString('latin1')
  const quote = marks.quote ?? (singleQuoted(text) ? "'" : '"')
  const escapes = quote !== '' && text.includes(`\\${quote}`) ? [0, byteOf('\\')] : [0]
  const tried = marks.delimiter === undefined ? candidates : ([[marks.delimiter, marks.delimiter === ' ']] as const)
  const base = { quote: quote === '' ? 0 : byteOf(quote), comment: marks.comment === '' ? 0 : byteOf(marks.comment), mark: byteOf('.') }
  let best: { layout: Layout; score: number; fields: number } | null = null
  for (const [delimiter, runs] of tried) {
    for (const backslash of escapes) {
      const layout: Layout = { ...base, delimiter: byteOf(delimiter), runs, escape: backslash }
      const { records, oddQuotes } = sampleRecords(part, layout, whole)
      const { fields, count } = mostCommonWidth(records)
      if (records.length === 0 || (fields < 2 && tried.length > 1)) continue
      if (runs && tried.length > 1 && !mostlyNumbers(records)) continue
      const score = count / records.length - Math.min(0.5, oddQuotes / records.length)
      const closer = best !== null && score > best.score - 0.05
      // "1,5;2,7": the comma also splits evenly, but the semicolon leaves numbers.
      const leavesDecimals = closer && best?.layout.delimiter === byteOf(',') && score > 0.8 && decimalOf(records) === ','
      const isSemicolon = best?.layout.delimiter === byteOf(';')
      if (!best || leavesDecimals || score > best.score + 0.05 || (closer && fields > best.fields && !isSemicolon))
        best = { layout, score, fields }
    }
  }
  return best?.layout ?? { ...base, delimiter: byteOf(marks.delimiter ?? ','), runs: false, escape: escapes.at(-1) as number }
}

/** Fields begin and end with ', and none with ". */
function singleQuoted(text: string): boolean {
  const fields = text.match(/(?:^|[,;\t|\r\n])'[^'\r\n]*'(?=[,;\t|\r\n]|$)/g)?.length ?? 0
  return fields > 0 && !/(?:^|[,;\t|\r\n])"/.test(text)
}

function mostlyNumbers(records: readonly SampleRecord[]): boolean {
  let numbers = 0
  let fields = 0
  for (const record of records) {
    fields += record.fields.length
    for (const field of record.fields) if (parseNumber(field, plain) !== null) numbers++
  }
  return numbers > fields / 2
}

const plain = { decimal: '.', thousands: '' } as const

export function mostCommonWidth(records: readonly SampleRecord[]): { fields: number; count: number } {
  const counts = new Map<number, number>()
  for (const { fields } of records) counts.set(fields.length, (counts.get(fields.length) ?? 0) + 1)
  let best = { fields: 1, count: 0 }
  for (const [fields, count] of counts) if (count > best.count || (count === best.count && fields > best.fields)) best = { fields, count }
  return best
}

/** As many certain fields for each hundred that can be read either way are believed. */
const certainPerHundred = 2

/**
 * The mark that more fields can only have as a decimal mark: 118,65 and 1.428,17 and 1.841.179 speak for the comma. What groups of
 * three digits look like (89.504, 1,500) says nothing by itself; where nothing is certain it is the point.
 */
export function decimalOf(records: readonly SampleRecord[]): Decimal {
  const certain = { ',': 0, '.': 0 }
  const doubtful = { ',': 0, '.': 0 }
  for (const { fields } of records) {
    for (const field of fields) {
      const marks = /^[+-]?\d*([.,])[\d.,]*\d(?:[eE][+-]?\d+)?$/.exec(field)?.[1] as Decimal | undefined
      if (marks === undefined) continue
      const other = marks === ',' ? '.' : ','
      if (/^[+-]?[1-9]\d{0,2}[.,]\d{3}$/.test(field)) doubtful[marks]++
      else if (/^[+-]?\d*[.,]\d+(?:[eE][+-]?\d+)?$/.test(field)) certain[marks]++
      else if (isGrouped(field, marks, other)) certain[other]++
    }
  }
  return certain[','] > certain['.'] && certain[','] * 100 >= certainPerHundred * doubtful['.'] ? ',' : '.'
}

/** 1.428,17 and 1.841.179: groups by one mark, decimals, if any, by the other. */
const isGrouped = (field: string, group: Decimal, decimal: Decimal): boolean => {
  const [whole = '', ...rest] = field.split(decimal)
  const groups = whole.split(group)
  return rest.length <= 1 && groups.length > (rest.length === 0 ? 2 : 1) && groups.slice(1).every((part) => /^\d{3}$/.test(part))
}

/** What groups digits: the other one of point and comma, or an apostrophe or blank where fields show it. */
export function thousandsOf(records: readonly SampleRecord[], decimal: Decimal): string {
  for (const { fields } of records) {
    for (const field of fields) {
      if (/^[+-]?\d{1,3}(?:'\d{3})+(?:[.,]\d*)?$/.test(field)) return "'"
      if (/^[+-]?\d{1,3}(?:(?: |\xc2?\xa0|\xe2\x80[\x89\xaf])\d{3})+(?:[.,]\d*)?$/.test(field)) return ' '
    }
  }
  return decimal === ',' ? '.' : ','
}

/** Records above the table: titles and notes that have not half as many fields as the records that follow. */
export function preambleOf(records: readonly SampleRecord[]): number {
  const { fields: width, count } = mostCommonWidth(records)
  if (width < 2 || count < 2) return 0
  let n = 0
  while (n < Math.min(50, records.length) && (records[n] as SampleRecord).fields.length <= width / 2) n++
  const rest = records.slice(n)
  return n > 0 && rest.filter(({ fields }) => fields.length === width).length >= 0.9 * rest.length ? n : 0
}

/**
 * Whether the first record names the columns. It does when none of its fields is a value (number, date, truth) while
 * below at least one column has values, or when it has texts where all below are numbers; without any values below, when its
 * fields occur nowhere else.
 */
export function detectHeader(records: readonly SampleRecord[], meaning: Meaning): boolean {
  const first = records[0]?.fields
  if (!first) return false
  const none = missingSet(meaning)
  const isNumber = (field: string): boolean => !none.has(field) && parseNumber(field, meaning) !== null
  const below = records.slice(1).map(({ fields }) => fields)
  // 'yes' over numbers is a name, over 'no' and 'yes' a value.
  const isTruth = (field: string, column: number): boolean =>
    parseBoolean(field) !== null && (below.length === 0 || below.some((fields) => parseBoolean(fields[column] ?? '') !== null))
  const isValue = (field: string, column: number): boolean =>
    !none.has(field) && (isDoubtful(field) || parseNumber(field, meaning) !== null || dateParts(field) !== null || isTruth(field, column))
  if (first.every((field) => field === '')) return false
  if (first.some(isValue)) return namesByYear(first, below, isValue) || textsOverNumbers(first, below, none, isNumber, isValue)
  if (below.some((fields) => fields.some(isValue))) return true
  return new Set(first).size === first.length && !below.some((fields) => fields.some((field, column) => field === first[column]))
}

/** A unit is short, and a line of units leaves out the columns that have none. */
const longestUnit = 24
const fewestBelowUnits = 3

/**
 * The first record below the names, where it says in which units the columns are: short texts over columns that hold nothing but
 * numbers, and nothing over the others. Null for a record like the others.
 */
export function unitsOf(below: readonly SampleRecord[], meaning: Meaning): readonly string[] | null {
  const [units, ...rows] = below.map(({ fields }) => fields)
  if (!units || rows.length < fewestBelowUnits) return null
  const none = missingSet(meaning)
  const given = units.flatMap((field, column) => (field.trim() === '' ? [] : [column]))
  const isNumber = (field: string): boolean => parseNumber(field, meaning) !== null
  const standsOver = (column: number): boolean => {
    const unit = units[column] as string
    if (unit.length > longestUnit || none.has(unit) || isDoubtful(unit) || isNumber(unit) || dateParts(unit) !== null) return false
    const present = rows.map((fields) => fields[column] ?? '').filter((field) => !none.has(field) && !isDoubtful(field))
    return present.length >= fewestBelowUnits && present.filter((field) => !isNumber(field)).length <= present.length / 100
  }
  return given.length > 0 && given.every(standsOver) ? units : null
}

const isYear = (field: string): boolean => /^(?:1[89]|20)\d\d$/.test(field)

/** 'station,2019,2020' or 'country,code,indicator,1960,1961,…': years that differ, beside texts, over values that are no years. */
function namesByYear(first: readonly string[], below: readonly string[][], isValue: (field: string, column: number) => boolean): boolean {
  const columns = first.flatMap((field, column) => (isYear(field) ? [column] : []))
  const years = columns.map((column) => Number(first[column]))
  if (years.length < 2 || new Set(years).size < years.length || below.length === 0) return false
  if (first.some((field, column) => !isYear(field) && isValue(field, column))) return false
  const yearsBelow = below.flatMap((fields) => columns.filter((column) => isYear(fields[column] ?? ''))).length
  // Years one after another name columns even where a count below happens to look like a year.
  const follow = years.length >= 3 && years.every((year, i) => i === 0 || year - years[i - 1] === 1)
  return yearsBelow <= (follow ? (columns.length * below.length) / 4 : 0)
}

/** '150,4,setosa,versicolor' over five columns of numbers. */
function textsOverNumbers(
  first: readonly string[],
  below: readonly string[][],
  none: ReadonlySet<string>,
  isNumber: (field: string) => boolean,
  isValue: (field: string, column: number) => boolean,
): boolean {
  const columns = first.flatMap((field, column) => (none.has(field) || isValue(field, column) ? [] : [column]))
  const overNumbers = (column: number): boolean => {
    const present = below.map((fields) => fields[column] ?? '').filter((field) => !none.has(field) && !isDoubtful(field))
    return present.length >= 3 && present.every(isNumber)
  }
  return columns.length > 0 && columns.length >= first.length / 2 && columns.every(overNumbers)
}

/** Where the line begins, counted from 0. */
export function beginOfLine(sample: Uint8Array, line: number): number {
  let at = 0
  let i = 0
  while (at < line && i < sample.length) {
    const byte = sample[i++]
    if (byte === carriageReturn && sample[i] === lineFeed) i++
    if (byte === lineFeed || byte === carriageReturn) at++
  }
  return i
}
