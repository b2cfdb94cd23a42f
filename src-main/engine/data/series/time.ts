/** Times as they stand in tables → seconds. Texts without an offset are taken as they are, as UTC, so that steps stay what they were. */
import type { Finding } from '#common/domain/dataset.ts'
import { dateParts, daysOf } from '../readers/csv/dates.ts'

export type DateOrder = 'auto' | 'day-first' | 'month-first'
type Cell = string | number | null

export interface Times {
  /** Seconds since 1970 for dates, the numbers themselves otherwise; NaN where there is no time. */
  readonly values: Float64Array
  readonly isDate: boolean
  /** Rows that hold something else than a time, and the first of them. */
  readonly unreadable: number
  readonly firstUnreadable: { readonly row: number; readonly text: string } | null
  readonly findings: readonly Finding[]
}

const clock = String.raw`(\d{1,2})[:.h](\d{2})(?:[:.m](\d{2}(?:[.,]\d+)?)s?)?\s*([ap]m)?`
const offset = String.raw`\s*(Z|UTC|[+-]\d{2}:?\d{2})?`
const yearFirst = new RegExp(String.raw`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:(?:T|\s+)${clock})?${offset}$`, 'i')
const yearLast = new RegExp(String.raw`^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:(?:T|,?\s+)${clock})?${offset}$`, 'i')

/**
 * Times cell by cell. Whether day or month comes first in dates such as 03/04/2005 is known at the end: a number above 12 decides,
 * and when there is none, the day is taken to come first and that is said. Memory: 8 bytes per row, 16 with such dates.
 */
export class TimeColumn {
  readonly #order: DateOrder
  readonly #days: boolean
  readonly #values: Float64Array
  /** The same dates with the month first, from the first such date on. */
  #monthFirst: Float64Array | null = null
  /** Dates that can be read with the day first, and with the month first, alone. */
  #onlyDayFirst = 0
  #onlyMonthFirst = 0
  #example = ''
  #n = 0
  #isDate: boolean
  #unreadable = 0
  #firstUnreadable: Times['firstUnreadable'] = null

  /** @param days numbers are days since 1970, as columns of dates have them */
  constructor(rows: number, order: DateOrder, days: boolean) {
    this.#order = order
    this.#days = days
    this.#isDate = days
    this.#values = new Float64Array(rows).fill(Number.NaN)
  }

  add(cell: Cell): void {
    const row = this.#n++
    if (cell === null || cell === '') return
    if (typeof cell === 'number') {
      this.#put(row, this.#days ? cell * 86_400 : cell)
      return
    }
    const text = cell.trim()
    if (this.#addDate(row, text)) return
    const number = text === '' ? Number.NaN : Number(text)
    const parts = this.#days ? dateParts(text) : null
    if (parts?.plain) this.#put(row, 86_400 * daysOf(parts, 'dmy'))
    else if (Number.isFinite(number)) this.#put(row, number)
    else {
      this.#unreadable++
      this.#firstUnreadable ??= { row, text }
    }
  }

  finish(): Times {
    const findings: Finding[] = []
    const isUndecided = this.#onlyDayFirst === 0 && this.#onlyMonthFirst === 0
    const monthFirst = this.#order === 'month-first' || (this.#order === 'auto' && this.#onlyMonthFirst > this.#onlyDayFirst)
    if (this.#monthFirst && this.#order === 'auto' && isUndecided)
      findings.push({
        severity: 'warning',
        code: 'DATE_ORDER',
        message: `Whether the day or the month comes first in dates such as ${this.#example} cannot be told; the day is taken.`,
        hint: 'Choose the order of dates if that is wrong.',
      })
    return {
      values: monthFirst && this.#monthFirst ? this.#monthFirst : this.#values,
      isDate: this.#isDate,
      unreadable: this.#unreadable,
      firstUnreadable: this.#firstUnreadable,
      findings,
    }
  }

  #put(row: number, time: number): void {
    this.#values[row] = time
    if (this.#monthFirst) this.#monthFirst[row] = time
  }

  #addDate(row: number, text: string): boolean {
    const dayFirst = parseDate(text, true)
    const isLocal = yearLast.test(text)
    const monthFirst = isLocal ? parseDate(text, false) : dayFirst
    if (dayFirst === null && monthFirst === null) return false
    this.#isDate = true
    if (isLocal && this.#monthFirst === null) {
      this.#monthFirst = this.#values.slice()
      this.#example = text
    }
    if (dayFirst === null) this.#onlyMonthFirst++
    if (monthFirst === null) this.#onlyDayFirst++
    this.#values[row] = dayFirst ?? Number.NaN
    if (this.#monthFirst) this.#monthFirst[row] = monthFirst ?? Number.NaN
    return true
  }
}

function parseDate(text: string, dayFirst: boolean): number | null {
  const iso = yearFirst.exec(text)
  if (iso) return seconds(iso[1], iso[2], iso[3], iso.slice(4))
  const local = yearLast.exec(text)
  if (!local) return null
  return dayFirst ? seconds(local[3], local[2], local[1], local.slice(4)) : seconds(local[3], local[1], local[2], local.slice(4))
}

function seconds(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  rest: readonly (string | undefined)[],
): number | null {
  const [hour = '0', minute = '0', second = '0', half, zone] = rest
  const [y, m, d] = [Number(year), Number(month), Number(day)]
  const midnight = Date.UTC(y, m - 1, d) / 1000
  // 31 April would be 1 May.
  if (new Date(midnight * 1000).getUTCDate() !== d || m > 12) return null
  const twelve = half === undefined ? 0 : (half.toLowerCase() === 'pm' ? 12 : 0) - (Number(hour) === 12 ? 12 : 0)
  const [h, min, s] = [Number(hour) + twelve, Number(minute), Number(second.replace(',', '.'))]
  if (h > 24 || min > 59 || s >= 61) return null
  return midnight + h * 3600 + min * 60 + s - offsetSeconds(zone)
}

function offsetSeconds(zone: string | undefined): number {
  const match = zone === undefined ? null : /^([+-])(\d{2}):?(\d{2})$/.exec(zone)
  if (!match) return 0
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3]) * 60)
}

/** 2014-05-14T01:14:00, with milliseconds only where there are any. */
export const timeText = (secondsSince1970: number): string =>
  new Date(Math.round(secondsSince1970 * 1000)).toISOString().replace(/(\.000)?Z$/, '')
