/**
 * Whether a table could be read as a time series: a column of times that follow one another at even steps, for all rows or for those of
 * each unit. Judged by the first rows alone, as every table is asked. Memory: those rows.
 */
import type { Finding, SourceReport } from '#common/domain/dataset.ts'
import { counted } from '#common/domain/words.ts'
import type { OpenSource, Reader } from '../dataset.ts'
import { isDays, dateAndTime, timeFieldsByName } from './keys.ts'
import { TimeColumn, type Times } from './time.ts'

type Cell = string | number | null

const [fewestRows, mostRows, mostColumns] = [24, 2000, 256]
/** Months are 28 to 31 days, so steps this near the usual one are as long as it; a weekend between working days is a longer one. */
const evenly = 0.15
const evenShare = 0.75
/** Equal times mean that rows of several units are mixed. */
const mostEqual = 0.02
const mostWithoutTime = 0.1
const fewestOfUnit = 3

const [minute, hour, day, year] = [60, 3600, 86_400, 365.2425 * 86_400]
/** What comes round again, in seconds: a window should hold one of them. */
const cycles = [minute, hour, day, 7 * day, year]
const [fewestPerCycle, mostPerCycle, withoutCycle] = [7, 300, 32]

/** What the import pane offers for a table; null where nothing speaks for a series. */
export async function seriesHint({ report, preview }: Pick<OpenSource, 'report' | 'preview'>): Promise<Finding | null> {
  if (report.kind !== 'table' || report.rows < fewestRows) return null
  const dates = report.columns.find(({ type }) => type === 'date')
  const byName = timeFieldsByName(report)
  const fields = byName.length > 0 ? byName : dates ? [dates.name] : []
  if (fields.length === 0 || report.findings.some(({ code, where }) => code === 'UNMARKED_DATES' && fields.includes(String(where?.column))))
    return null
  const { names, rows } = await preview(0, mostRows, mostColumns)
  const places = fields.map((field) => names.indexOf(field))
  if (places.includes(-1) || rows.length < fewestRows) return null
  const column = new TimeColumn(rows.length, 'auto', isDays(report, fields))
  for (const row of rows) column.add(dateAndTime(places.map((place) => cellOf(row[place]))))
  const times = column.finish()
  const known = times.values.filter((time) => !Number.isNaN(time))
  if (known.length < fewestRows || known.length < (1 - mostWithoutTime) * rows.length) return null
  const alone = evenStep(known)
  if (alone !== null) return finding(report, fields, alone, times, stackedUnit(report, names, rows))
  for (const [j, name] of names.entries()) {
    if (fields.includes(name)) continue
    const step = stepOfUnits(
      times.values,
      rows.map((row) => cellOf(row[j])),
    )
    if (step !== null) return finding(report, fields, step, times, name)
  }
  return null
}

/** The way back: what the same file is without windows. */
export const tableHint = ({ details }: SourceReport, { kind }: Pick<Reader, 'kind'>): Finding => ({
  severity: 'info',
  code: 'READ_AS_SERIES',
  message: `${details['window length'] === 1 ? 'Single rows with their time' : `Windows of ${details['window length']} rows`} are read from this ${kind === 'table' ? 'table' : 'matrix'}.`,
  hint: 'Without windows every row stands alone.',
  where: { kind },
})

const cellOf = (value: Cell | boolean | undefined): Cell => (typeof value === 'boolean' ? Number(value) : (value ?? null))

/** The usual step between times, which may stand in any order; null where they are equal, or spread unevenly. */
export function evenStep(times: Float64Array): number | null {
  const sorted = times.slice().sort()
  const steps = sorted.subarray(1).map((time, i) => time - (sorted[i] as number))
  const forward = steps.filter((step) => step > 0).sort()
  const usual = forward[forward.length >> 1]
  if (usual === undefined || forward.length < (1 - mostEqual) * steps.length) return null
  const even = forward.filter((step) => Math.abs(step - usual) <= evenly * usual).length
  return even >= evenShare * forward.length ? usual : null
}

/** The step that all units of a column have; null where the column tells no units apart. */
function stepOfUnits(times: Float64Array, units: readonly Cell[]): number | null {
  const byUnit = new Map<Cell, number[]>()
  for (const [i, unit] of units.entries()) {
    const time = times[i] as number
    if (Number.isNaN(time)) continue
    const known = byUnit.get(unit)
    if (known) known.push(time)
    else byUnit.set(unit, [time])
  }
  if (byUnit.size < 2 || byUnit.size * fewestOfUnit > times.length) return null
  const steps = [...byUnit.values()].filter(({ length }) => length >= fewestOfUnit).map((list) => evenStep(Float64Array.from(list)))
  if (steps.length < 2 || steps.includes(null)) return null
  const [least, most] = [Math.min(...(steps as number[])), Math.max(...(steps as number[]))]
  return most <= (1 + evenly) * least ? least : null
}

/** A category that is the same in all rows looked at, and not in all of the file: its units stand one after another. */
function stackedUnit({ columns, rows: all }: SourceReport, names: readonly string[], rows: readonly (readonly unknown[])[]): string | null {
  if (rows.length === all) return null
  const found = columns.find(({ name, categories }) => {
    const j = names.indexOf(name)
    return j >= 0 && (categories?.length ?? 0) > 1 && rows.every((row) => row[j] === rows[0]?.[j])
  })
  return found?.name ?? null
}

function finding({ rows }: SourceReport, fields: readonly string[], step: number, { isDate }: Times, unit: string | null): Finding {
  const [time = '', clock] = fields
  return {
    severity: 'info',
    code: 'COULD_BE_SERIES',
    message: `${fields.join(' and ')} ${fields.length === 1 ? 'counts' : 'count'} the time, one row every ${isDate ? durationOf(step) : step}${unit === null ? '' : ` of each ${unit}`}: this can be read as a time series.`,
    hint: 'Then rows that follow one another are learned from together, as windows; in a table every row stands alone.',
    where: {
      time,
      ...(clock === undefined ? {} : { clock }),
      ...(unit === null ? {} : { unit }),
      length: windowLength(step, isDate, rows),
    },
  }
}

/** Rows of a window: the shortest cycle of the clock or calendar that has enough of them, but always several windows. */
export function windowLength(step: number, isDate: boolean, rows: number): number {
  const perCycle = cycles.map((cycle) => Math.round(cycle / step)).find((n) => n >= fewestPerCycle && n <= mostPerCycle)
  return Math.max(1, Math.min(isDate && perCycle ? perCycle : withoutCycle, Math.floor(rows / 8)))
}

const units = [
  [year, 'year'],
  [7 * day, 'week'],
  [day, 'day'],
  [hour, 'hour'],
  [minute, 'minute'],
  [1, 'second'],
  [0.001, 'millisecond'],
] as const
/** Of a month, a quarter and half a year, which are not equally long. */
const daysOfMonths = [
  [28, 31, 1],
  [90, 92, 3],
  [181, 184, 6],
] as const

/** 900 → '15 minutes', 16 days → '16 days', and not 2.29 weeks: the longest unit that it is a whole number of. */
export function durationOf(seconds: number): string {
  const months = daysOfMonths.find(([least, most]) => seconds >= (least - 0.1) * day && seconds <= (most + 0.1) * day)
  if (months) return timesUnit(months[2], 'month')
  const isWhole = (count: number): boolean => count > 0.99 && count < 1000 && Math.abs(count - Math.round(count)) < 0.005
  const whole = units.find(([length]) => isWhole(seconds / length))
  if (whole) return timesUnit(Math.round(seconds / whole[0]), whole[1])
  const [length, word] = units.find(([unit]) => seconds >= unit) ?? units[units.length - 1]
  return timesUnit(Number((seconds / length).toPrecision(3)), word)
}

const timesUnit = (count: number, word: string): string => (count === 1 ? word : counted(count, word))
