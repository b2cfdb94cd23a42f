/**
 * A table with one line per row of the dataset: its number from 0, what names it in its file, and what a result says of it. Memory: a block of
 * rows, and what rowCells.ts keeps.
 */
import type { Artifact } from '#common/domain/artifact.ts'
import { type DatasetMeta, rowIndexName } from '#common/domain/dataset.ts'
import type { RowSelection } from '#common/domain/selection.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { openDataset } from '../../data/import.ts'
import { openSelection } from '../../data/selection.ts'
import { type Cell, type CsvOptions, createCsv } from '../../export/csv.ts'
import type { ExportedFile } from '../../export/outputFile.ts'
import type { Project } from '../../project/project.ts'
import { resultColumns } from './resultColumns.ts'
import { rowCells } from './rowCells.ts'

/** What of the data stands beside results. */
export const besideChoices = ['nothing', 'labels', 'columns'] as const
export type Beside = (typeof besideChoices)[number]

export interface RowTable {
  readonly project: Project
  readonly artifact: Artifact
  readonly dataset: Artifact
  readonly data: DatasetMeta
  readonly path: string
  readonly within: RowSelection | null
  readonly beside: Beside
  readonly formulas?: CsvOptions['formulas']
  readonly signal: AbortSignal
  report(fraction: number, done: number): void
}

const rowsAtOnce = 1 << 12

/** @throws PARAMETER_INVALID when the selection is of another dataset; SOURCE_MISSING when the data's own columns are wanted and gone */
export async function writeRowTable({
  project,
  artifact,
  dataset,
  data,
  path,
  within,
  beside,
  formulas,
  signal,
  report,
}: RowTable): Promise<ExportedFile[]> {
  const selected = within && openSelection(project, within, dataset.id)
  const { columns, cells } = resultColumns(project, artifact)
  const place = [rowIndexName(data.kind), ...(data.grid ? ['column', 'line'] : [])]
  const fields = beside === 'nothing' ? [] : data.metadataFields
  const learned = beside === 'columns' ? data.columns.map((_, j) => j) : []
  const taken = new Set([...place, ...columns])
  /** What the data calls like a result is told apart from it. */
  const ownName = (name: string): string => (taken.has(name) ? `data_${name}` : name)
  const own = [...fields, ...learned.map((j) => data.columns[j].name)].map(ownName)
  const writer = await createCsv(path, [...place, ...own.slice(0, fields.length), ...columns, ...own.slice(fields.length)], { formulas })
  const source =
    own.length > 0
      ? await openDataset(data, project.path, signal).catch(async (thrown) => {
          await writer.abort()
          throw thrown
        })
      : null
  try {
    const blocks = source ? rowCells(source, fields, learned, signal) : emptyRows(data.rows)
    let from = 0
    for await (const rows of blocks) {
      throwIfCancelled(signal)
      const to = from + rows.length
      const inside = selected?.contains(from, to)
      const resultOf = cells(from, to)
      const lines: Cell[][] = []
      for (const [i, row] of rows.entries())
        if (!inside || inside[i])
          lines.push([...placeOf(from + i, data), ...row.slice(0, fields.length), ...resultOf(i), ...row.slice(fields.length)])
      await writer.writeRows(lines)
      from = to
      report(to / data.rows, to)
    }
  } catch (thrown) {
    await writer.abort()
    throw thrown
  } finally {
    await source?.close()
  }
  return writer.finish()
}

const placeOf = (row: number, { grid }: DatasetMeta): Cell[] => (grid ? [row, row % grid.width, Math.floor(row / grid.width)] : [row])

function* emptyRows(rows: number): Generator<Cell[][]> {
  for (let from = 0; from < rows; from += rowsAtOnce) yield Array.from({ length: Math.min(rowsAtOnce, rows - from) }, () => [])
}
