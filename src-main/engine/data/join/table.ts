/** A table to be joined: any file that is read as a table, or a list in an .npy. */
import { basename, extname } from 'node:path'
import { StratumError } from '#common/errors.ts'
import { dateText } from '../columns/columnar.ts'
import type { OpenSource } from '../dataset.ts'

type Label = string | number | null

export interface Table {
  readonly path: string
  /** File name. */
  readonly name: string
  readonly rows: number
  readonly fields: readonly string[]
  /** Columns beyond those taken. */
  readonly leftOut: number
  values(field: string): Promise<Label[]>
  close(): Promise<void>
}

/** A table of more columns than this describes nothing beside vectors. */
const mostFields = 1000

/** @throws DATA_UNSUITABLE when the file is no table, and what opening it throws */
export async function openTable(path: string, signal?: AbortSignal): Promise<Table> {
  // The registry lists the readers that come here, so it is only asked once they run.
  const { readerFor } = await import('../readers/registry.ts')
  const reader = await readerFor(path)
  const source = await reader.open(path, {}, signal)
  const { report } = source
  const isList = report.kind === 'embedding' && report.columns.length === 1
  if (report.kind !== 'table' && !isList) {
    await source.close()
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The metadata file is read as ${reader.title}, which is no table.`,
      'Choose a CSV, Parquet, Arrow or XLSX table with one row per vector.',
      { path },
    )
  }
  const listName = basename(path, extname(path))
  const all = isList ? [listName] : [...report.metadataFields, ...report.columns.map((column) => column.name)]
  return {
    path,
    name: basename(path),
    rows: report.rows,
    fields: all.slice(0, mostFields),
    leftOut: Math.max(0, all.length - mostFields),
    values: (field) => (isList ? columnValues(source, 0) : fieldValues(source, field)),
    close: () => source.close(),
  }
}

async function fieldValues(source: OpenSource, field: string): Promise<Label[]> {
  const position = source.report.columns.findIndex((column) => column.name === field)
  if (position >= 0 && !source.report.metadataFields.includes(field)) return columnValues(source, position)
  if (source.metadata) return source.metadata(field)
  throw new StratumError('PARAMETER_INVALID', `The table has no column called "${field}".`, 'Choose another one.', { field })
}

/** A column that is learned from, as labels: categories and dates as texts. */
async function columnValues(source: OpenSource, position: number): Promise<Label[]> {
  const column = source.report.columns[position]
  const values: Label[] = []
  for await (const { n, X } of source.chunks({ columns: [position] }))
    for (let i = 0; i < n; i++) {
      const value = X[i] as number
      if (!Number.isFinite(value)) values.push(null)
      else if (column?.type === 'category') values.push(column.categories?.[value] ?? null)
      else values.push(column?.type === 'date' ? dateText(value) : value)
    }
  return values
}
