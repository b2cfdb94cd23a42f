/**
 * Opens one sheet of an XLSX workbook as a table: one pass finds the table's extent and the types of its columns.
 * Memory: the texts that sheets share (bounded in workbook.ts) and one batch of rows.
 */
import type { Finding } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import {
  type ColumnBatch,
  type ColumnValues,
  type ColumnarFile,
  type StoredColumn,
  type StoredType,
  dateText,
} from '../../columns/columnar.ts'
import { usableNames } from '../../columns/names.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import type { XlsxOptions } from '../xlsx.ts'
import { openParts } from './parts.ts'
import { type Cell, type Row, sheetRows } from './sheet.ts'
import { type Workbook, readWorkbook } from './workbook.ts'

/** A column is of numbers or dates when at most this share of its cells is something else; those are then missing, and reported. */
const tolerated = 0.01
/** As spreadsheets keep a number that was typed or pasted as text. */
const plainNumber = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/
/** Rows in which the beginning of the table is sought. */
const topRows = 20
const batchValues = 1 << 18

class Tally {
  number = 0
  whole = 0
  date = 0
  boolean = 0
  text = 0
  /** Those of the texts that are plain numbers. */
  numeric = 0
  firstText: { row: number; value: string } | null = null

  add(cell: Cell, row: number): void {
    if (cell.kind === 'error') return
    this[cell.kind]++
    if (cell.kind === 'number' && Number.isInteger(cell.value)) this.whole++
    if (cell.kind !== 'text') return
    if (plainNumber.test(cell.value)) this.numeric++
    else this.firstText ??= { row, value: cell.value.slice(0, 40) }
  }

  get type(): StoredType {
    const { number, date, boolean, text, numeric } = this
    const all = number + date + boolean + text
    if (all === 0) return 'text'
    if (boolean === all) return 'boolean'
    if (date > 0 && date >= all * (1 - tolerated)) return 'date'
    if (number > 0 && number >= all * (1 - tolerated)) return this.whole === number && numeric === 0 ? 'integer' : 'number'
    if (numeric > 0 && number + numeric >= all * (1 - tolerated)) return 'number'
    return 'text'
  }
}

interface Extent {
  /** Numbers of rows, as Excel counts. */
  readonly first: number
  readonly last: number
  readonly names: (string | undefined)[]
  readonly tallies: readonly Tally[]
  readonly errors: { count: number; firstRow: number; value: string }
  readonly hasHeader: boolean
  /** Rows with something in them above the table. */
  readonly above: number
}

export async function openColumns(file: RandomAccessFile, options: XlsxOptions, signal?: AbortSignal): Promise<ColumnarFile> {
  const { path } = file
  const parts = await openParts(file)
  const workbook = await readWorkbook(parts, path, signal)
  const sheet = chooseSheet(workbook, options.sheet, path)
  const findings: Finding[] = []
  const rows = (stop?: AbortSignal): AsyncGenerator<Row[]> => sheetRows(parts, workbook, sheet.part, path, stop)
  const extent = await survey(rows(signal), options, path)
  // Columns that hold nothing at all are those between tables, or formatted ones.
  const used = extent.tallies.flatMap((tally, i) => (tally.number + tally.date + tally.boolean + tally.text > 0 ? [i] : []))
  const names = usableNames(
    used.map((i) => extent.names[i] ?? ''),
    findings,
  )
  const columns = used.map(
    (i, k): StoredColumn => ({ name: names[k] as string, type: (extent.tallies[i] as Tally).type, unit: null, width: 1 }),
  )
  noteSheets(workbook, sheet.name, extent, findings)
  columns.forEach(({ name, type }, k) => {
    noteOddCells(name, type, extent.tallies[used[k] as number] as Tally, findings)
  })
  return {
    path,
    sizeBytes: file.size,
    format: 'xlsx',
    formatTitle: 'Excel workbook',
    rows: Math.max(0, extent.last - extent.first + 1),
    columns,
    findings,
    details: {
      sheet: sheet.name,
      sheets: workbook.sheets
        .map(({ name }) => name)
        .slice(0, 50)
        .join(', '),
      header: extent.hasHeader,
      firstRow: extent.first,
    },
    byRows: true,
    read: (wanted, from, mostRows, stop) =>
      readBatches(
        rows(stop),
        extent,
        wanted.map((k) => ({ column: used[k] as number, type: (columns[k] as StoredColumn).type })),
        from,
        mostRows,
      ),
    close: () => file.close(),
  }
}

function chooseSheet({ sheets }: Workbook, wanted: string | undefined, path: string): { name: string; part: string } {
  const names = sheets
    .map(({ name }) => name)
    .slice(0, 20)
    .join(', ')
  const [first] = sheets
  if (!first) throw new StratumError('DATA_UNSUITABLE', 'The workbook has no sheet of cells.', 'Choose another file.', { path })
  if (wanted === undefined) return first
  const found = sheets.find(({ name }) => name === wanted)
  if (found) return found
  throw new StratumError('PARAMETER_INVALID', `There is no sheet called "${wanted}".`, `Sheets are ${names}.`, { path, sheet: wanted })
}

async function survey(batches: AsyncGenerator<Row[]>, { header, firstRow }: XlsxOptions, path: string): Promise<Extent> {
  const tallies: Tally[] = []
  const errors = { count: 0, firstRow: 0, value: '' }
  const top: Row[] = []
  let begun: { names: (string | undefined)[]; first: number; hasHeader: boolean; above: number } | null = null
  let last = 0

  function add({ number, cells }: Row): void {
    if (begun && number < begun.first) return
    last = number
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]
      if (!cell) continue
      while (tallies.length <= i) tallies.push(new Tally())
      tallies[i]?.add(cell, number)
      if (cell.kind === 'error' && errors.count++ === 0) Object.assign(errors, { firstRow: number, value: cell.value })
    }
  }
  function begin(): void {
    begun = beginning(top, header)
    for (const row of top) add(row)
  }
  for await (const rows of batches)
    for (const row of rows) {
      if (row.number < firstRow) continue
      if (begun) add(row)
      else if (top.push(row) === topRows) begin()
    }
  if (!begun && top.length > 0) begin()
  if (!begun) throw new StratumError('FILE_EMPTY', 'The sheet is empty.', 'Choose another sheet in the options.', { path })
  const { first } = begun as { first: number }
  return {
    ...(begun as { names: (string | undefined)[]; hasHeader: boolean; above: number }),
    first,
    last: Math.max(last, first - 1),
    tallies,
    errors,
  }
}

/** Where the table begins: titles above it fill fewer cells than its rows do. */
function beginning(
  top: readonly Row[],
  header: XlsxOptions['header'],
): { names: (string | undefined)[]; first: number; hasHeader: boolean; above: number } {
  const filled = ({ cells }: Row): number => cells.reduce((count, cell) => count + (cell ? 1 : 0), 0)
  const widest = top.reduce((most, row) => Math.max(most, filled(row)), 0)
  const above = top.findIndex((row) => filled(row) >= widest * 0.6)
  const { number, cells } = top[above] as Row
  const hasHeader = header === 'yes' || (header === 'auto' && cells.every((cell) => cell === undefined || cell.kind === 'text'))
  return {
    names: hasHeader ? Array.from(cells, (cell) => (cell === undefined ? undefined : String(cell.value))) : [],
    first: hasHeader ? number + 1 : number,
    hasHeader,
    above,
  }
}

function noteSheets({ sheets }: Workbook, chosen: string, { errors, hasHeader, first, last, above }: Extent, findings: Finding[]): void {
  if (sheets.length > 1)
    findings.push({
      severity: 'info',
      code: 'SEVERAL_SHEETS',
      message: `The workbook has ${sheets.length} sheets; "${chosen}" is read.`,
      hint: 'Choose another one in the option "sheet".',
    })
  if (above > 0)
    findings.push({
      severity: 'info',
      code: 'ROWS_ABOVE',
      message: `${above} rows above the table are passed over; it begins in row ${hasHeader ? first - 1 : first}.`,
      hint: 'If they belong to it, say in the option "firstRow" where it begins.',
    })
  if (!hasHeader && last >= first)
    findings.push({
      severity: 'info',
      code: 'NO_HEADER',
      message: 'The first row holds values, so the columns are numbered.',
      hint: 'If it does name the columns, set the header option to yes.',
    })
  if (errors.count > 0)
    findings.push({
      severity: 'warning',
      code: 'ERROR_CELLS',
      message: `${errors.count} cells hold errors such as ${errors.value}; they count as missing.`,
      hint: 'Correct their formulas if values are expected.',
      where: { row: errors.firstRow },
    })
}

function noteOddCells(name: string, type: StoredType, tally: Tally, findings: Finding[]): void {
  const { number, date, boolean, numeric, firstText } = tally
  const text = tally.text - (type === 'text' ? 0 : numeric)
  if (type === 'number' && numeric > 0)
    findings.push({
      severity: 'info',
      code: 'NUMBERS_AS_TEXT',
      message: `${numeric} numbers of "${name}" are stored as texts; they are read as numbers.`,
      hint: 'If these are names rather than numbers, they can be left out when the data are prepared.',
      where: { column: name },
    })
  if (type === 'text' && number + date + boolean > 0 && text > 0)
    findings.push({
      severity: 'info',
      code: 'MIXED_COLUMN',
      message: `"${name}" holds ${text} texts and ${number + date + boolean} numbers; all are read as texts.`,
      hint: 'If it should be numbers, correct these cells.',
      where: { column: name, row: firstText?.row ?? 0 },
    })
  if (text === 0 || !firstText || type === 'text') return
  findings.push({
    severity: 'warning',
    code: 'NOT_NUMBERS',
    message: `${text} cells of "${name}" are not numbers, first "${firstText.value}" in row ${firstText.row}; they count as missing.`,
    hint: 'Correct these cells.',
    where: { column: name, row: firstText.row },
  })
}

async function* readBatches(
  batches: AsyncGenerator<Row[]>,
  { first, last }: Extent,
  wanted: readonly { readonly column: number; readonly type: StoredType }[],
  from: number,
  mostRows: number,
): AsyncGenerator<ColumnBatch> {
  const most = Math.max(1, Math.min(mostRows, Math.floor(batchValues / Math.max(1, wanted.length))))
  let start = from
  let n = 0
  let values = empty()

  function empty(): ColumnValues[] {
    const count = Math.max(0, Math.min(most, last - first + 1 - start))
    return wanted.map(({ type }) =>
      type === 'text' ? new Array<string | null>(count).fill(null) : new Float64Array(count).fill(Number.NaN),
    )
  }
  function ended(): ColumnBatch {
    const batch = { start, n, values: values.map((column) => (column.length === n ? column : column.slice(0, n))) }
    start += n
    n = 0
    values = empty()
    return batch
  }
  for await (const rows of batches)
    for (const { number, cells } of rows) {
      const row = number - first
      if (row < start || number > last) continue
      // Rows without any value are not in the file, but they count.
      while (row >= start + most) {
        n = most
        yield ended()
      }
      n = row - start + 1
      wanted.forEach(({ column, type }, j) => {
        const cell = cells[column]
        if (cell) (values[j] as ColumnValues)[n - 1] = storedValue(cell, type) as never
      })
      if (n === most) yield ended()
    }
  if (n > 0) yield ended()
}

function storedValue(cell: Cell, type: StoredType): number | string | null {
  if (type === 'text') return textOf(cell)
  if (cell.kind === 'text') return type === 'number' && plainNumber.test(cell.value) ? Number(cell.value) : Number.NaN
  return typeof cell.value === 'number' && (cell.kind === 'date') === (type === 'date') ? cell.value : Number.NaN
}

function textOf(cell: Cell): string | null {
  if (cell.kind === 'text') return cell.value
  if (cell.kind === 'error') return null
  if (cell.kind === 'date') return dateText(cell.value)
  return cell.kind === 'boolean' ? (cell.value === 1 ? 'TRUE' : 'FALSE') : String(cell.value)
}
