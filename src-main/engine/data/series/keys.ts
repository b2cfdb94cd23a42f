/** Times, units and labels of the rows of a table, read once when it is opened as a time series. */
import { createHash } from 'node:crypto'
import type { Finding, SourceReport } from '#common/domain/dataset.ts'
import { counted, nounFor } from '#common/domain/words.ts'
import { StratumError } from '#common/errors.ts'
import { memoryOf } from '../chunkStore/chunkStore.ts'
import type { OpenSource } from '../dataset.ts'
import { inBatches } from '../fields.ts'
import type { SeriesOptions } from './options.ts'
import type { RowKeys } from './plan.ts'
import { decodeKeys, encodeKeys } from './storedKeys.ts'
import { TimeColumn, type Times } from './time.ts'

type Cell = string | number | null

export interface Keys extends RowKeys {
  /** Columns that the times were read from; empty when rows are taken in order. */
  readonly timeFields: readonly string[]
  readonly isDate: boolean
  readonly findings: Finding[]
}

const timeNames = ['timestamp', 'datetime', 'date_time', 'date time', 'time', 'date', 'ds', 'zeitstempel', 'zeit', 'datum']
/** As many rows may be without a time before a column that was found by name is not taken for one. */
const mostUnreadableShare = 0.1

/** Tables of fewer rows are read in no time. */
const fewestRemembered = 50_000

/** Remembered beside the decoded rows where the table was opened through the chunk store. */
export async function readKeys(source: OpenSource, options: SeriesOptions, signal?: AbortSignal): Promise<Keys> {
  const { rows } = source.report
  const memory = rows < fewestRemembered ? null : memoryOf(source)
  if (memory === null) return findKeys(source, options, signal)
  const chosen = [options['series.time'], options['series.unit'], options['series.dateOrder']]
  const name = `times-${createHash('sha256').update(JSON.stringify(chosen)).digest('hex').slice(0, 16)}`
  const stored = await memory.load(name)
  const known = stored === null ? null : decodeKeys(stored, rows)
  if (known !== null) return known
  const keys = await findKeys(source, options, signal)
  await memory.save(name, encodeKeys(keys))
  return keys
}

async function findKeys(source: OpenSource, options: SeriesOptions, signal?: AbortSignal): Promise<Keys> {
  const { report } = source
  const findings: Finding[] = []
  const { times, fields } = await timesOf(source, options, findings, signal)
  const unitField = options['series.unit']
  if (unitField === null) return { times: times.values, units: null, unitNames: [''], timeFields: fields, isDate: times.isDate, findings }
  const positions = new Map<string, number>()
  const units = new Uint32Array(report.rows)
  let row = 0
  for await (const batch of batchesOf(source, [unitField], signal)) {
    for (const [cell] of batch) {
      const name = String(cell ?? '')
      const position = positions.get(name) ?? positions.size
      positions.set(name, position)
      units[row++] = position
    }
  }
  return { times: times.values, units, unitNames: [...positions.keys()], timeFields: fields, isDate: times.isDate, findings }
}

async function timesOf(
  source: OpenSource,
  options: SeriesOptions,
  findings: Finding[],
  signal?: AbortSignal,
): Promise<{ times: Times; fields: readonly string[] }> {
  const { report } = source
  const chosen = options['series.time']
  const fields = chosen.length > 0 ? chosen : timeFieldsByName(report)
  if (fields.length > 0) {
    const column = new TimeColumn(report.rows, options['series.dateOrder'], isDays(report, fields))
    for await (const batch of batchesOf(source, fields, signal)) for (const cells of batch) column.add(dateAndTime(cells))
    const times = column.finish()
    const known = times.values.reduce((sum, time) => sum + Number(!Number.isNaN(time)), 0)
    const isUsable = known > 0 && (chosen.length > 0 || times.unreadable <= mostUnreadableShare * report.rows)
    if (isUsable) {
      findings.push(...times.findings)
      noteMissing(times, report.rows - known, fields, findings)
      return { times, fields }
    }
    if (chosen.length > 0)
      throw new StratumError(
        'DATA_UNSUITABLE',
        `No time can be read from ${fields.join(' and ')}${times.firstUnreadable ? `; row ${times.firstUnreadable.row + 1} holds “${times.firstUnreadable.text}”` : ''}.`,
        'Choose another time column, or write times as 2024-05-31 14:00:00.',
        { path: report.path, parameter: 'series.time' },
      )
  }
  findings.push({
    severity: 'info',
    code: 'NO_TIME',
    message: 'No column with a time was found: the rows are taken in order, one step apart.',
    hint: 'Choose the time column if there is one; without it gaps are not seen.',
  })
  const values = Float64Array.from({ length: report.rows }, (_, i) => i)
  return { times: { values, isDate: false, unreadable: 0, firstUnreadable: null, findings: [] }, fields: [] }
}

function noteMissing({ unreadable, firstUnreadable }: Times, without: number, fields: readonly string[], findings: Finding[]): void {
  if (without === 0) return
  findings.push({
    severity: 'warning',
    code: 'ROWS_WITHOUT_TIME',
    message: `${counted(without, 'row')} ${nounFor(without, 'has', 'have')} no time in ${fields.join(' and ')}${unreadable > 0 && firstUnreadable ? `, first “${firstUnreadable.text}”` : ''}; ${nounFor(without, 'it is', 'they are')} left out.`,
    hint: 'Correct these fields if the rows matter.',
    ...(firstUnreadable ? { where: { row: firstUnreadable.row + 1 } } : {}),
  })
}

/** A date with a time of day beside it, or the first column called like a time. */
export function timeFieldsByName(report: SourceReport): string[] {
  const all = [...report.metadataFields, ...report.columns.map(({ name }) => name)]
  const called = (name: string): string | undefined => all.find((field) => field.trim().toLowerCase() === name)
  const [date, time] = [called('date'), called('time')]
  if (date !== undefined && time !== undefined) return [date, time]
  const first = timeNames.map(called).find((field) => field !== undefined)
  return first === undefined ? [] : [first]
}

export const isDays = (report: SourceReport, fields: readonly string[]): boolean =>
  fields.length === 1 && report.columns.some(({ name, type }) => name === fields[0] && type === 'date')

/** A date and a time of day as one. */
export function dateAndTime([first = null, second]: readonly Cell[]): Cell {
  if (second === undefined || first === null) return first
  return second === null ? null : `${dateOnly(first)} ${clockOnly(second)}`
}
const dateOnly = (cell: string | number): string =>
  String(cell)
    .trim()
    .replace(/[T ]00:00(:00(\.0+)?)?Z?$/, '')
/** 18.00.00 is written for 18:00:00, too. */
const clockOnly = (cell: string | number): string =>
  String(cell)
    .trim()
    .replace(/^(\d{1,2})\.(\d{2})\.(\d{2})$/, '$1:$2:$3')

/** Cells of fields row by row; from readers that can, a batch at a time. */
async function* batchesOf(
  source: OpenSource,
  fields: readonly string[],
  signal?: AbortSignal,
): AsyncGenerator<readonly (readonly Cell[])[]> {
  for (const field of fields) requireField(source.report, field)
  if (source.metadataBatches && source.report.kind === 'table') {
    yield* source.metadataBatches(fields, signal)
    return
  }
  const columns: Cell[][] = []
  for (const field of fields) columns.push(await readField(source, field, signal))
  yield* inBatches(columns, source.report.rows)
}

/** @throws PARAMETER_INVALID naming the columns there are */
export function requireField(report: SourceReport, field: string): void {
  if (report.metadataFields.includes(field) || report.columns.some(({ name }) => name === field)) return
  throw new StratumError(
    'PARAMETER_INVALID',
    `There is no column called “${field}”.`,
    `Columns are ${[...report.metadataFields, ...report.columns.map(({ name }) => name)].slice(0, 20).join(', ')}.`,
    { path: report.path, field },
  )
}

/** The value of each row of a field, whether it goes along or is learned from. */
export async function readField(source: OpenSource, field: string, signal?: AbortSignal): Promise<Cell[]> {
  const { report, metadata } = source
  const column = report.columns.findIndex(({ name }) => name === field)
  requireField(report, field)
  if (column < 0 || (metadata && report.kind === 'table')) return metadata ? metadata.call(source, field) : []
  const cells: Cell[] = []
  const { categories } = report.columns[column] as SourceReport['columns'][number]
  for await (const { n, X } of source.chunks({ columns: [column], signal })) {
    for (let i = 0; i < n; i++) {
      const value = X[i] as number
      cells.push(Number.isNaN(value) ? null : (categories?.[value] ?? value))
    }
  }
  return cells
}
