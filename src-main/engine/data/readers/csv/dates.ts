/**
 * Dates as texts → days since 1970-01-01, UTC; a text without a zone is taken as UTC. Read are year-month-day with '-', '/', '.' or
 * nothing between, day.month.year and month/day/year, years of two digits (69 … 99 are 1969 … 1999), names of months in English,
 * and a time behind: 'T' or a blank, 12 or 24 hours, fractions of a second, a zone.
 */

/** Which of the first two numbers is the day, where it is not the year that comes first. */
export type DateOrder = 'dmy' | 'mdy'

export interface DateText {
  readonly year: number
  /** The first two numbers of d.m.y or m/d/y; of a text with the year first or a named month, month and day. */
  readonly a: number
  readonly b: number
  /** Month and day are told apart by the text itself. */
  readonly plain: boolean
  readonly separator: string
  /** Fraction of a day, zone included. */
  readonly time: number
}

const time = String.raw`(?:(?:[T ]|, )\s*(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp]\.?[Mm]\.?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?`
const yearFirst = new RegExp(String.raw`^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})${time}$`)
const yearLast = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})${time}$`)
const dayName = new RegExp(String.raw`^(\d{1,2})[- ]([A-Za-z]{3,9})\.?[- ,]\s?(\d{4}|\d{2})${time}$`)
const nameDay = new RegExp(String.raw`^([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})${time}$`)
/** As ISO 8601 writes it without marks: 20180903, 20180903T101500Z. */
const unmarked = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(?::?(\d{2}))(?::?(\d{2})(?:[.,](\d{1,9}))?)?()(Z|[+-]\d{2}(?::?\d{2})?)?)?$/
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** The parts of a date, or null when the text is none. */
export function dateParts(text: string): DateText | null {
  if (text.length < 6 || text.length > 40) return null
  const first = text.charCodeAt(0)
  if (first >= 48 && first <= 57) {
    let found = yearFirst.exec(text)
    if (found) return checked(Number(found[1]), Number(found[3]), Number(found[4]), true, found[2] as string, timeOf(found, 5))
    found = yearLast.exec(text)
    if (found) return checked(fullYear(found[4] as string), Number(found[1]), Number(found[3]), false, found[2] as string, timeOf(found, 5))
    found = unmarked.exec(text)
    if (found) return checked(Number(found[1]), Number(found[2]), Number(found[3]), true, '', timeOf(found, 4))
    found = dayName.exec(text)
    return found && checked(fullYear(found[3] as string), monthOf(found[2] as string), Number(found[1]), true, '', timeOf(found, 4))
  }
  const found = nameDay.exec(text)
  return found && checked(Number(found[3]), monthOf(found[1] as string), Number(found[2]), true, '', timeOf(found, 4))
}

const [firstDay, lastDay] = [1800_01_01, 2199_12_31]
const daysOfMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Whether a number can be a day written without marks: 20180903. Of 700 numbers with eight digits one is. */
export function isUnmarkedDay(value: number): boolean {
  if (value < firstDay || value > lastDay || value !== Math.floor(value)) return false
  const [month, day] = [Math.floor(value / 100) % 100, value % 100]
  return day >= 1 && day <= (daysOfMonth[month - 1] ?? 0)
}

/** Days since 1970-01-01 with the time of day as a fraction; NaN when month and day cannot be in this order. */
export function daysOf(parts: DateText, order: DateOrder): number {
  const [month, day] = parts.plain || order === 'mdy' ? [parts.a, parts.b] : [parts.b, parts.a]
  if (month > 12) return Number.NaN
  const ms = Date.UTC(2000, month - 1, day)
  const date = new Date(ms)
  date.setUTCFullYear(parts.year, month - 1, day)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() / 86_400_000 + parts.time : Number.NaN
}

function checked(year: number, a: number, b: number, plain: boolean, separator: string, time: number): DateText | null {
  if (Number.isNaN(time) || a < 1 || b < 1 || a > 31 || b > 31 || (plain ? a > 12 : a > 12 && b > 12)) return null
  return { year, a, b, plain, separator, time }
}

/** Fraction of a day from the groups hour, minute, second, fraction, half, zone; NaN for a time that is none. */
function timeOf(found: RegExpExecArray, at: number): number {
  if (found[at] === undefined) return 0
  let hour = Number(found[at])
  const minute = Number(found[at + 1])
  const second = Number(`${found[at + 2] ?? 0}.${found[at + 3] ?? 0}`)
  const half = found[at + 4]
  if (half) {
    if (hour < 1 || hour > 12) return Number.NaN
    hour = (hour % 12) + (/^p/i.test(half) ? 12 : 0)
  }
  if (hour > 24 || minute > 59 || second >= 61) return Number.NaN
  const zone = found[at + 5] ?? 'Z'
  const minutes = /^[+-]/.test(zone) ? Number(zone.slice(1, 3)) * 60 + Number(zone.replace(':', '').slice(3) || 0) : 0
  return (hour * 3600 + minute * 60 + second - (zone.startsWith('-') ? -minutes : minutes) * 60) / 86_400
}

const fullYear = (text: string): number => (text.length === 4 ? Number(text) : Number(text) + (Number(text) >= 69 ? 1900 : 2000))

/** 1 … 12; 0 when it names no month. */
const monthOf = (name: string): number => (name.length <= 9 ? months.indexOf(name.slice(0, 3).toLowerCase()) + 1 : 0)
