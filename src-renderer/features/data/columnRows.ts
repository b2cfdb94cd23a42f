/** The columns of a dataset as rows of a table, with what an examination said of each. */
import type { Column, ColumnSummary, DatasetMeta } from '#common/domain/dataset.ts'
import type { ExaminationMeta } from '#common/domain/examination.ts'
import { formatNumber, formatSignificant } from '../../lib/format.ts'

export interface ColumnRow {
  readonly i: number
  readonly column: Column
  readonly summary: ColumnSummary | undefined
  readonly missingShare: number
  /** Short words: constant, copy of B3, −200? */
  readonly marks: string
}

export function columnRows(meta: DatasetMeta, examination: ExaminationMeta | null): ColumnRow[] {
  const marks = marksOf(meta, examination)
  return meta.columns.map((column, i) => {
    const summary = meta.summaries[i]
    return {
      i,
      column,
      summary,
      missingShare: (summary?.missing ?? 0) / Math.max(1, meta.validRows),
      marks: marks.get(i)?.join(', ') ?? '',
    }
  })
}

function marksOf({ columns, summaries }: DatasetMeta, examination: ExaminationMeta | null): Map<number, string[]> {
  const marks = new Map<number, string[]>()
  const add = (column: number, mark: string): void => {
    marks.set(column, [...(marks.get(column) ?? []), mark])
  }
  for (const [i, { min, max, valid }] of summaries.entries()) {
    if (valid === 0) add(i, 'empty')
    else if (min !== null && min === max) add(i, 'constant')
  }
  if (!examination) return marks
  const name = (i: number): string => columns[i]?.name ?? ''
  for (const { column, share } of examination.nearConstant) add(column, `${formatNumber(100 * share, 1)}\u202f% one value`)
  for (const {
    columns: [first = 0, ...others],
    kind,
  } of examination.copies)
    for (const other of others) add(other, kind === 'equal' ? `copy of ${name(first)}` : `follows from ${name(first)}`)
  for (const { column, value } of examination.sentinels) add(column, `${formatSignificant(value, 6)} is missing?`)
  for (const { code, columns: list = [] } of examination.findings) {
    if (code === 'ROW_NUMBER_COLUMN') for (const i of list) add(i, 'numbers the rows')
    if (code === 'SORTED_COLUMN') for (const i of list) add(i, 'sorted')
  }
  const told = new Map<number, string>()
  for (const { column, field } of examination.leakage) if (!told.has(column)) told.set(column, field)
  for (const [column, field] of told) add(column, `tells ${field}`)
  for (const { column } of examination.bands?.noisy ?? []) add(column, 'noisy')
  for (const { column, share } of examination.bands?.saturated ?? []) add(column, `${formatNumber(100 * share, 1)}\u202f% saturated`)
  for (const { column } of examination.bands?.striped ?? []) add(column, 'striped')
  return marks
}

/** A picture of a column in a table cell: steps of its 64 bins in a box of the given size; several bins fall together in a small one. */
export function tinyPath(counts: readonly number[], width: number, height: number, bars = 32): string {
  const each = Math.max(1, Math.ceil(counts.length / bars))
  const merged = Array.from({ length: Math.ceil(counts.length / each) }, (_, k) =>
    counts.slice(k * each, (k + 1) * each).reduce((sum, count) => sum + count, 0),
  )
  const most = Math.max(1, ...merged)
  const step = width / merged.length
  let path = `M0 ${height}`
  for (const [k, count] of merged.entries()) {
    // One row among thousands is still seen.
    const h = count === 0 ? 0 : Math.max(1, (count / most) * height)
    path += `V${(height - h).toFixed(1)}H${((k + 1) * step).toFixed(1)}`
  }
  return `${path}V${height}Z`
}

/** Names that hold every typed word, in any order. */
export function matching(rows: readonly ColumnRow[], wanted: string): readonly ColumnRow[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean)
  return words.length === 0
    ? rows
    : rows.filter(({ column, marks }) => words.every((word) => `${column.name} ${marks}`.toLowerCase().includes(word)))
}
