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
import { noteOddCells, noteSheets } from './notes.ts'
import { openParts } from './parts.ts'
import { type Cell, type Row, sheetRows } from './sheet.ts'
import { type Extent, type Tally, plainNumber, survey } from './survey.ts'
import { type Workbook, readWorkbook } from './workbook.ts'

const batchValues = 1 << 18

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
    (i, k): StoredColumn => ({
      name: names[k] as string,
      type: (extent.tallies[i] as Tally).type,
      unit: extent.units?.[i] ?? null,
      width: 1,
    }),
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
