/**
 * What the columns of a table hold, counted over every record. A survey of a piece of the file can be sent to another thread
 * and added to that of the pieces before it; the sum is the same however the file was cut.
 */
import { StratumError } from '#common/errors.ts'
import { ByteTable } from './byteTable.ts'
import { dateParts, isUnmarkedDay } from './dates.ts'
import { addTextCheck, checkUtf8 } from './encoding.ts'
import type { Layout } from './layout.ts'
import { type Receiver, Scanner, everyField, unpaddedNumbers } from './scanner.ts'
import { type SurveyResult, count, emptyResult, mostCategories, mostPlaces, perColumn } from './surveyResult.ts'
import { type Meaning, asciiText, isDoubtful, missingNumbers, missingSet, parseBoolean, parseNumber } from './values.ts'

/** How to survey; goes to other threads. */
export interface SurveyPlan {
  readonly layout: Layout
  readonly meaning: Meaning
  readonly width: number
  readonly checkUtf8: boolean
  /** Columns whose numbers are counted as texts too, so that their categories are complete. */
  readonly everyField: readonly number[]
}

const meant = { missing: 0, number: 1, boolean: 2, date: 3, text: 4, doubtful: 5 } as const
/** A small file can name so many columns that its rows, filled up with missing values, would take hours and gigabytes. */
const mostAbsent = 1e8
const mostAbsentShare = 50

const nearlyAllAbsent = (line: number, fields: number, width: number): StratumError =>
  new StratumError(
    'FILE_CORRUPT',
    `The heading names ${width} columns, but nearly all rows have few fields; line ${line} has ${fields}.`,
    'Check the delimiter, or export the table again.',
    { line, fields, columns: width },
  )

interface ColumnTable {
  readonly table: ByteTable
  readonly times: number[]
  readonly kinds: number[]
  readonly values: number[]
}

export class Survey implements Receiver {
  readonly scanner: Scanner
  readonly #plan: SurveyPlan
  readonly #missing: ReadonlySet<string>
  readonly #missingNumbers: readonly number[]
  readonly #tables = new Map<number, ColumnTable | null>()
  readonly #result: SurveyResult
  #raggedFields = 0

  /** @param closed columns that are known to have too many distinct texts */
  constructor(plan: SurveyPlan, closed: readonly number[]) {
    const { width, layout, meaning } = plan
    this.#plan = plan
    this.#missing = missingSet(meaning)
    this.#missingNumbers = missingNumbers(meaning)
    for (const column of closed) this.#tables.set(column, null)
    const kinds = new Uint8Array(width).fill(unpaddedNumbers)
    for (const column of plan.everyField) kinds[column] = everyField
    this.scanner = new Scanner(
      layout,
      kinds,
      Int32Array.from({ length: width }, (_, i) => i),
      this,
    )
    this.#result = emptyResult(width)
  }

  result(): SurveyResult {
    this.scanner.flush()
    const distinct = this.#result.distinct
    for (const [column, held] of this.#tables)
      distinct.set(column, held && { texts: held.times.map((_, i) => textOf(held.table.text(i))), times: held.times })
    return { ...this.#result, lines: this.scanner.line, comments: this.scanner.comments, openQuote: this.scanner.openQuote }
  }

  /** Notes whether the bytes, which begin on this line, are UTF-8. */
  readonly checkText = (bytes: Uint8Array, line: number): void => {
    if (this.#plan.checkUtf8) addTextCheck(this.#result.text, checkUtf8(bytes, line))
  }

  ragged(line: number, fields: number): void {
    const { ragged } = this.#result
    ragged.count++
    this.#raggedFields += fields
    const present = (this.#result.rows - ragged.count) * this.#plan.width + this.#raggedFields
    const absent = ragged.count * this.#plan.width - this.#raggedFields
    if (absent > mostAbsent && absent > mostAbsentShare * present) throw nearlyAllAbsent(line, fields, this.#plan.width)
    if (ragged.first.length < mostPlaces) ragged.first.push({ line, fields })
  }

  /** The number; NaN for whatever is none. */
  field(column: number, line: number, bytes: Uint8Array, begin: number, end: number): number {
    let from = begin
    let to = end
    while (from < to && (bytes[from] as number) <= 32) from++
    while (to > from && (bytes[to - 1] as number) <= 32) to--
    const at = column * perColumn
    const { counts, firstOther } = this.#result
    if (from === to) {
      counts[at + count.missing] = (counts[at + count.missing] as number) + 1
      return Number.NaN
    }
    let held = this.#tables.get(column)
    if (held === undefined) {
      held = { table: new ByteTable(mostCategories), times: [], kinds: [], values: [] }
      this.#tables.set(column, held)
    }
    let kind: number
    let value = Number.NaN
    const known = held ? held.table.indexOf(bytes, from, to, true) : -1
    if (held && known < 0) this.#tables.set(column, null)
    if (held && known >= 0 && known < held.times.length) {
      kind = held.kinds[known] as number
      value = held.values[known] as number
      held.times[known] = (held.times[known] as number) + 1
      if (kind === meant.date) this.#noteDate(at, asciiText(bytes, from, to))
    } else {
      const text = asciiText(bytes, from, to)
      const number = this.#missing.has(text) ? Number.NaN : parseNumber(text, this.#plan.meaning)
      if (number !== null) {
        value = number
        kind = Number.isNaN(number) || this.#missingNumbers.includes(number) ? meant.missing : meant.number
      } else if (isDoubtful(text)) kind = meant.doubtful
      else if (parseBoolean(text) !== null) kind = meant.boolean
      else kind = this.#noteDate(at, text) ? meant.date : meant.text
      if (held && known >= 0) {
        held.times.push(1)
        held.kinds.push(kind)
        held.values.push(value)
      }
    }
    if (kind === meant.missing) {
      counts[at + count.missing] = (counts[at + count.missing] as number) + 1
      return Number.NaN
    }
    if (kind === meant.number) {
      if (isPadded(bytes, from, to)) this.#notePadded(at, to - from)
      return value
    }
    if (kind === meant.doubtful) {
      counts[at + count.doubtful] = (counts[at + count.doubtful] as number) + 1
      return Number.NaN
    }
    const which = at + (kind === meant.boolean ? count.booleans : kind === meant.date ? count.dates : count.texts)
    counts[which] = (counts[which] as number) + 1
    if (!firstOther.has(column)) firstOther.set(column, { line, text: asciiText(bytes, from, to).slice(0, 40) })
    return Number.NaN
  }

  #notePadded(at: number, digits: number): void {
    const { counts } = this.#result
    counts[at + count.padded] = (counts[at + count.padded] as number) + 1
    counts[at + count.leastDigits] = Math.min(counts[at + count.leastDigits] as number, digits)
    counts[at + count.mostDigits] = Math.max(counts[at + count.mostDigits] as number, digits)
  }

  #noteDate(at: number, text: string): boolean {
    const parts = dateParts(text)
    if (!parts) return false
    if (parts.plain) return true
    const { counts } = this.#result
    const evidence = at + (parts.a > 12 ? count.dayFirst : parts.b > 12 ? count.monthFirst : count.eitherOrder)
    counts[evidence] = (counts[evidence] as number) + 1
    if (parts.separator === '.') counts[at + count.pointed] = (counts[at + count.pointed] as number) + 1
    return true
  }

  rows(X: Float64Array, n: number): void {
    const { counts } = this.#result
    const d = this.#plan.width
    const none = this.#missingNumbers
    this.#result.rows += n
    for (let j = 0; j < d; j++) {
      const at = j * perColumn
      let numbers = 0
      let fractions = 0
      let skippedOnes = 0
      let days = 0
      let min = counts[at + count.min] as number
      let minTimes = counts[at + count.minTimes] as number
      let secondMin = counts[at + count.secondMin] as number
      let max = counts[at + count.max] as number
      let maxTimes = counts[at + count.maxTimes] as number
      let secondMax = counts[at + count.secondMax] as number
      for (let i = j, end = n * d; i < end; i += d) {
        const value = X[i] as number
        // biome-ignore lint/suspicious/noSelfCompare: NaN alone differs from itself, and this is the innermost loop
        if (value !== value) continue
        if (none.length > 0 && none.includes(value)) {
          skippedOnes++
          continue
        }
        numbers++
        if (value - value !== 0) continue
        if (value !== Math.floor(value)) fractions++
        else if (isUnmarkedDay(value)) days++
        if (value <= min) {
          if (value === min) minTimes++
          else {
            secondMin = min
            min = value
            minTimes = 1
          }
        } else if (value < secondMin) secondMin = value
        if (value >= max) {
          if (value === max) maxTimes++
          else {
            secondMax = max
            max = value
            maxTimes = 1
          }
        } else if (value > secondMax) secondMax = value
      }
      counts[at + count.numbers] = (counts[at + count.numbers] as number) + numbers
      counts[at + count.fractions] = (counts[at + count.fractions] as number) + fractions
      counts[at + count.missing] = (counts[at + count.missing] as number) + skippedOnes
      counts[at + count.days] = (counts[at + count.days] as number) + days
      counts[at + count.min] = min
      counts[at + count.minTimes] = minTimes
      counts[at + count.secondMin] = secondMin
      counts[at + count.max] = max
      counts[at + count.maxTimes] = maxTimes
      counts[at + count.secondMax] = secondMax
    }
  }
}

/** 00123, but neither 0 nor 0.5 nor 00.5 */
function isPadded(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 2 || bytes[from] !== 48) return false
  for (let i = from + 1; i < to; i++) if (((bytes[i] as number) ^ 48) >= 10) return false
  return true
}

const textOf = (bytes: Uint8Array): string => asciiText(bytes, 0, bytes.length)
