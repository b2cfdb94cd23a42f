/**
 * A table as windows of a time series: the rows of a unit in the order of time, `length` of them every `stride` rows, never
 * across a gap and never of two units. Times and units are read once; values stream.
 *
 * Memory: some 40 bytes per row of the table while it is opened (and its texts, where the reader gives them all at once) and 16 after, 40 per window, and `length` rows of every unit
 * that is open at once, refused beyond 512 MB. A table that is not in order is held whole, up to 256 MB, and refused beyond.
 */
import type { Finding, SourceReport } from '#common/domain/dataset.ts'
import { counted as countOf, nounFor } from '#common/domain/words.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, RowChunk } from '../dataset.ts'
import { type Keys, readField, readKeys, requireField } from './keys.ts'
import { labelOf } from './labels.ts'
import { type SeriesOptions, seriesOptions } from './options.ts'
import { findDisorder, planWindows, type RowOrder, sortRows, unitEnds, usualSteps, walk, type WindowTable } from './plan.ts'
import { timeText } from './time.ts'
import { shapeOf } from './values.ts'
import { Windower, type WindowerOptions } from './windower.ts'

const mostSortedBytes = 256e6
const mostOpenBytes = 512e6
const mostColumns = 100_000
const readBytes = 8 << 20
/** Of which fields are told at once. */
const windowsAtOnce = 16_384

/** Takes over the table: closing the windows closes it. */
export async function openSeries(table: OpenSource, given: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<OpenSource> {
  const options = parseOptions(given, table.report.path)
  const length = options['series.length'] ?? 1
  const stride = options['series.stride'] ?? length
  const keys = await readKeys(table, options, signal)
  if (signal) throwIfCancelled(signal)

  const labelFields = options['series.label'] === null ? (table.report.labelFields ?? []) : [options['series.label']]
  for (const field of labelFields) requireField(table.report, field)
  const apart = new Set([...keys.timeFields, options['series.unit'], ...labelFields])
  const learned = table.report.columns.flatMap(({ name }, i) => (apart.has(name) ? [] : [i]))
  const baseColumns = learned.map((i) => table.report.columns[i] as SourceReport['columns'][number])
  const shape = shapeOf(baseColumns, length, options['series.aggregate'])
  if (shape.columns.length > mostColumns)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `Windows of ${length} rows of ${learned.length} columns have ${shape.columns.length} values; at most ${mostColumns} can be learned from.`,
      'Choose shorter windows, fewer columns, or the statistics of each window.',
      { path: table.report.path, parameter: 'series.length' },
    )

  const order = orderOf(table.report, keys, learned.length)
  const { lastOf, mostOpen } = unitEnds(keys, order)
  checkOpenUnits(table.report, mostOpen, length * (learned.length * 4 + 16))
  const cutting: Omit<WindowerOptions, 'columns'> = {
    length,
    stride,
    gaps: options['series.gaps'],
    gapFactor: options['series.gapFactor'],
    maxGap: options['series.maxGap'],
    usualStep: keys.timeFields.length > 0 ? usualSteps(keys, order) : new Float64Array(keys.unitNames.length),
  }
  const windows = planWindows(keys, order, lastOf, cutting)
  if (windows.count === 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `There is no window of ${countOf(length, 'row')}: the longest stretch without a gap has ${windows.longest}.`,
      `Choose shorter windows, let gaps be filled, or say what a gap is: now everything longer than ${options['series.gapFactor']} usual steps, so that a weekend between working days is one.`,
      { path: table.report.path, parameter: 'series.length' },
    )

  const unitField = options['series.unit']
  const ownFields = [
    ...(unitField === null ? [] : [unitField]),
    ...labelFields,
    ...(keys.timeFields.length > 0 ? ['start time', 'end time'] : []),
    'first row',
  ]
  const otherFields = table.report.metadataFields.filter((field) => !apart.has(field) && !ownFields.includes(field))
  const report = describe(table.report, keys, windows, cutting, shape.columns, [...ownFields, ...otherFields], labelFields)

  async function* chunks({ columns, maxBytes = 32 << 20, signal: stop }: ChunkOptions = {}): AsyncGenerator<RowChunk> {
    const wanted = columns ?? shape.columns.map((_, i) => i)
    const base = shape.needs(wanted)
    const d = base.length
    const write = shape.writer(wanted, base)
    const perChunk = Math.max(1, Math.floor(maxBytes / Math.max(1, wanted.length * 4)))
    let start = 0
    let n = 0
    let { X, valid } = room(perChunk, windows.count, wanted.length)
    const full: RowChunk[] = []
    const repeated = base.map((j) => ['category', 'boolean', 'text'].includes(baseColumns[j]?.type ?? 'number'))
    const windower = new Windower({ ...cutting, columns: d, repeated }, (_, ring) => {
      valid[n] = Number(write(ring, X, n * wanted.length))
      if (++n < valid.length) return
      full.push({ start, n, X, valid })
      start += n
      n = 0
      ;({ X, valid } = room(perChunk, windows.count - start, wanted.length))
    })
    const { times, units } = keys
    for await (const rows of rowsInOrder(
      table,
      base.map((j) => learned[j] as number),
      order,
      stop,
    )) {
      for (let i = 0; i < rows.n; i++) {
        const row = rows.rows === null ? rows.start + i : (rows.rows[i] as number)
        const time = times[row] as number
        const unit = units === null ? 0 : (units[row] as number)
        if (!Number.isNaN(time)) windower.push(unit, time, row, rows.X, i * d)
        if (row === lastOf[unit]) windower.close(unit)
      }
      for (let chunk = full.shift(); chunk; chunk = full.shift()) yield chunk
    }
    if (n > 0) yield { start, n, X: X.subarray(0, n * wanted.length), valid: valid.subarray(0, n) }
  }

  /** What a window says of itself; null of a field that the table has to be read for. */
  function cellOf(field: string): ((window: number) => string | number) | null {
    const times = field === 'start time' ? windows.start : field === 'end time' ? windows.end : null
    if (times !== null && ownFields.includes(field)) return (i) => (keys.isDate ? timeText(times[i]) : times[i])
    if (field === 'first row' && ownFields.includes(field)) return (i) => windows.first[i]
    return field === unitField ? (i) => keys.unitNames[windows.unit[i]] : null
  }

  async function metadata(field: string): Promise<(string | number | null)[]> {
    const cell = cellOf(field)
    if (cell) return Array.from({ length: windows.count }, (_, i) => cell(i))
    const cells = await readField(table, field, signal)
    if (!labelFields.includes(field)) return Array.from(windows.last, (row) => cells[row] ?? null)
    const labels: (string | number | null)[] = []
    walk(keys, order, lastOf, cutting, (_, ring) => labels.push(labelOf(ring, cells, options['series.labelRule'])))
    return labels
  }

  async function* metadataBatches(fields: readonly string[]): AsyncGenerator<(string | number | null)[][]> {
    const cells: ((window: number) => string | number | null)[] = []
    for (const field of fields) {
      const own = cellOf(field)
      const values = own ? [] : await metadata(field)
      cells.push(own ?? ((i) => values[i] ?? null))
    }
    for (let from = 0; from < windows.count; from += windowsAtOnce)
      yield Array.from({ length: Math.min(windowsAtOnce, windows.count - from) }, (_, i) => cells.map((cell) => cell(from + i)))
  }

  return {
    report,
    ...(table.files ? { files: table.files } : {}),
    chunks,
    metadata,
    metadataBatches,
    preview: (offset, limit, maxColumns) => preview({ report, chunks, metadata, ownFields }, offset, limit, maxColumns),
    close: () => table.close(),
  }
}

function parseOptions(given: Readonly<Record<string, unknown>>, path: string): SeriesOptions {
  const parsed = seriesOptions.strict().safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new StratumError(
    'PARAMETER_INVALID',
    `Time series: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
    `Options are ${Object.keys(seriesOptions.shape).join(', ')}.`,
    { path },
  )
}

const room = (perChunk: number, left: number, columns: number): { X: Float32Array; valid: Uint8Array } => {
  const n = Math.max(1, Math.min(perChunk, left))
  return { X: new Float32Array(n * columns), valid: new Uint8Array(n) }
}

/** As it stands where that is in order, else sorted where the table can be held. */
function orderOf(report: SourceReport, keys: Keys, columns: number): RowOrder {
  const { disorder, repeated, firstRepeated } = findDisorder(keys)
  if (repeated > 0)
    keys.findings.push({
      severity: 'warning',
      code: 'REPEATED_TIMES',
      message: `${countOf(repeated, 'row')} ${nounFor(repeated, 'has', 'have')} the time of the row before, first row ${firstRepeated + 1}.`,
      hint: keys.units === null ? 'If rows of several machines are mixed, choose the unit column.' : 'Nothing is left out.',
      where: { row: firstRepeated + 1 },
    })
  if (disorder === null) return null
  const unit = disorder.unit === '' ? '' : ` of ${disorder.unit}`
  if (report.rows * columns * 4 > mostSortedBytes)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `Row ${disorder.row + 1}${unit} is earlier than the one before it, and the table is too large to be sorted in memory.`,
      keys.units === null
        ? 'Sort the file by time; if it holds several machines, choose the unit column.'
        : 'Sort the file by unit and time.',
      { path: report.path, row: disorder.row + 1 },
    )
  keys.findings.push({
    severity: 'warning',
    code: 'NOT_IN_ORDER',
    message: `Row ${disorder.row + 1}${unit} is earlier than the one before it; the rows are sorted by time.`,
    hint: keys.units === null ? 'If rows of several machines are mixed, choose the unit column.' : 'Nothing to do.',
    where: { row: disorder.row + 1 },
  })
  return sortRows(keys)
}

function checkOpenUnits(report: SourceReport, mostOpen: number, bytesEach: number): void {
  if (mostOpen * bytesEach <= mostOpenBytes) return
  throw new StratumError(
    'MEMORY_EXCEEDED',
    `Rows of ${mostOpen} units are mixed; their windows take ${Math.round((mostOpen * bytesEach) / 1e6)} MB at once.`,
    'Sort the file by unit, or choose shorter windows.',
    { path: report.path, parameter: 'series.length' },
  )
}

interface OrderedRows {
  readonly start: number
  readonly n: number
  /** Row numbers; null when they are start, start + 1, … */
  readonly rows: Uint32Array | null
  readonly X: Float32Array
}

async function* rowsInOrder(
  table: OpenSource,
  columns: readonly number[],
  order: RowOrder,
  signal?: AbortSignal,
): AsyncGenerator<OrderedRows> {
  const d = columns.length
  if (order === null) {
    for await (const { start, n, X } of table.chunks({ columns, maxBytes: readBytes, signal })) yield { start, n, rows: null, X }
    return
  }
  const all = new Float32Array(table.report.rows * d)
  for await (const { start, n, X } of table.chunks({ columns, maxBytes: readBytes, signal })) all.set(X.subarray(0, n * d), start * d)
  const perBlock = Math.max(1, Math.floor(readBytes / Math.max(1, 4 * d)))
  for (let from = 0; from < order.length; from += perBlock) {
    if (signal) throwIfCancelled(signal)
    const rows = order.subarray(from, from + perBlock)
    const X = new Float32Array(rows.length * d)
    for (let i = 0; i < rows.length; i++) X.set(all.subarray((rows[i] as number) * d, (rows[i] as number) * d + d), i * d)
    yield { start: 0, n: rows.length, rows, X }
  }
}

function describe(
  table: SourceReport,
  keys: Keys,
  windows: WindowTable,
  { length, stride, gaps, usualStep }: Omit<WindowerOptions, 'columns'>,
  columns: SourceReport['columns'],
  metadataFields: string[],
  labelFields: readonly string[],
): SourceReport {
  const findings: Finding[] = [...table.findings, ...keys.findings]
  const { counted } = windows
  const units = keys.unitNames.length
  if (counted.gaps > 0)
    findings.push({
      severity: 'info',
      code: 'TIME_GAPS',
      message: `${countOf(counted.gaps, 'gap')} in time, the first before row ${counted.firstGap + 1}; ${gaps === 'break' ? 'no window crosses one' : `${countOf(counted.filledRows, 'row')} ${nounFor(counted.filledRows, 'was', 'were')} filled in`}.`,
      hint: gaps === 'break' ? 'Gaps can be filled in instead.' : 'Longer gaps are not crossed.',
      where: { row: counted.firstGap + 1 },
    })
  const without = units - new Set(windows.unit).size
  if (without > 0)
    findings.push({
      severity: 'warning',
      code: 'SHORT_UNITS',
      message: `${without} of ${units} units ${nounFor(without, 'has', 'have')} no stretch of ${countOf(length, 'row')} and ${nounFor(without, 'gives', 'give')} no window.`,
      hint: 'Shorter windows would take them in.',
    })
  const steps = usualStep.filter((step) => step > 0).sort()
  const step = steps.length > 0 ? (steps[steps.length >> 1] as number) : null
  const shown = length === 1 ? 'rows with their time' : `windows of ${countOf(length, 'row')}`
  return {
    ...table,
    formatTitle: `${table.formatTitle}, ${shown}`,
    kind: 'series',
    rows: windows.count,
    columns: [...columns],
    nodata: columns.map(() => null),
    metadataFields,
    labelFields: [...labelFields],
    matrixBytes: windows.count * columns.length * 4,
    findings,
    details: {
      ...table.details,
      'window length': length,
      stride,
      'rows of the table': table.rows,
      units,
      ...(keys.timeFields.length > 0 ? { time: keys.timeFields.join(' ') } : {}),
      ...(step === null ? {} : { [keys.isDate ? 'usual step in seconds' : 'usual step']: step }),
      ...(keys.timeFields.length > 0 ? { gaps: counted.gaps, 'rows filled in': counted.filledRows } : {}),
    },
  }
}

async function preview(
  {
    report,
    chunks,
    metadata,
    ownFields,
  }: Pick<OpenSource, 'report' | 'chunks'> & {
    metadata(field: string): Promise<(string | number | null)[]>
    ownFields: readonly string[]
  },
  offset: number,
  limit: number,
  maxColumns: number,
): Promise<{ names: string[]; rows: (number | string | boolean | null)[][] }> {
  const fields = ownFields.slice(0, maxColumns)
  const wanted = report.columns.map((_, i) => i).slice(0, Math.max(0, maxColumns - fields.length))
  const to = Math.min(report.rows, offset + limit)
  const rows: (number | string | boolean | null)[][] = Array.from({ length: Math.max(0, to - offset) }, () => [])
  for (const field of fields) {
    const values = await metadata(field)
    for (const [i, row] of rows.entries()) row.push(values[offset + i] ?? null)
  }
  if (rows.length === 0 || wanted.length === 0) return { names: [...fields, ...wanted.map((i) => report.columns[i]?.name ?? '')], rows }
  for await (const { start, n, X } of chunks({ columns: wanted, maxBytes: 1 << 20 })) {
    for (let i = Math.max(0, offset - start); i < n && start + i < to; i++) {
      const values = X.subarray(i * wanted.length, (i + 1) * wanted.length)
      for (const [j, value] of values.entries()) {
        const categories = report.columns[wanted[j] as number]?.categories
        rows[start + i - offset]?.push(Number.isNaN(value) ? null : (categories?.[value] ?? value))
      }
    }
    if (start + n >= to) break
  }
  return { names: [...fields, ...wanted.map((i) => report.columns[i]?.name ?? '')], rows }
}
