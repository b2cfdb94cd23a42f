/** Times as they stand in tables → seconds. Texts without an offset are taken as they are, as UTC, so that steps stay what they were. */
import type { Finding } from '#common/domain/dataset.ts'

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

/** @param days numbers are days since 1970, as columns of dates have them */
export function readTimes(cells: readonly Cell[], order: DateOrder, days: boolean): Times {
  const values = new Float64Array(cells.length).fill(Number.NaN)
  const findings: Finding[] = []
  const dayFirst = order === 'auto' ? findOrder(cells, findings) : order === 'day-first'
  let isDate = days
  let unreadable = 0
  let firstUnreadable: Times['firstUnreadable'] = null
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row] as Cell
    if (cell === null || cell === '') continue
    if (typeof cell === 'number') {
      values[row] = days ? cell * 86_400 : cell
      continue
    }
    const text = cell.trim()
    const seconds = parseDate(text, dayFirst)
    if (seconds !== null) {
      values[row] = seconds
      isDate = true
      continue
    }
    const number = text === '' ? Number.NaN : Number(text)
    if (Number.isFinite(number)) values[row] = number
    else {
      unreadable++
      firstUnreadable ??= { row, text }
    }
  }
  return { values, isDate, unreadable, firstUnreadable, findings }
}

/** A day above 12 in first place decides; when none is found anywhere, the day is taken to come first and that is said. */
function findOrder(cells: readonly Cell[], findings: Finding[]): boolean {
  let example: string | null = null
  for (const cell of cells) {
    const match = typeof cell === 'string' ? yearLast.exec(cell.trim()) : null
    if (!match) {
      // Tables are all of one kind: the first value tells whether there is anything to find.
      if (typeof cell === 'string' && cell.trim() !== '') return true
      continue
    }
    if (Number(match[1]) > 12) return true
    if (Number(match[2]) > 12) return false
    example ??= match[0]
  }
  if (example !== null)
    findings.push({
      severity: 'warning',
      code: 'DATE_ORDER',
      message: `Whether the day or the month comes first in dates such as ${example} cannot be told; the day is taken.`,
      hint: 'Choose the order of dates if that is wrong.',
    })
  return true
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
