/**
 * Opens a Parquet file. Columns are read page by page; a chunk of rows needs one page of each column wanted in memory.
 * Columns that are neither numbers, dates, texts nor plain lists of numbers are left out, each with a finding.
 */
import type { Finding } from '#common/domain/dataset.ts'
import { throwIfCancelled } from '#common/errors.ts'
import type { ColumnBatch, ColumnarFile, StoredColumn } from '../../columns/columnar.ts'
import { leftOut } from '../../columns/findings.ts'
import { usableNames } from '../../columns/names.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import { type Cursor, openCursor } from './cursor.ts'
import { type ColumnPiece, type Footer, type RowGroup, readFooter } from './footer.ts'
import { codecName, type Page, readPages } from './pages.ts'
import { type Leaf, physical } from './schema.ts'

/** A column that is read, and the leaf it is. */
interface Use {
  readonly leaf: Leaf
  readonly position: number
  readonly width: number
}

const widestVector = 1_000_000
/** Rows of lists looked at when the file is opened. */
const probedRows = 1000

export async function openColumns(file: RandomAccessFile, signal?: AbortSignal): Promise<ColumnarFile> {
  const footer = await readFooter(file)
  const findings: Finding[] = []
  const uses: Use[] = []
  const left = new Map<string, string>()
  for (const [position, leaf] of footer.leaves.entries()) {
    if (signal) throwIfCancelled(signal)
    const seen = await look(file, footer, leaf, position, signal)
    if (typeof seen === 'number') uses.push({ leaf, position, width: seen })
    else left.set(leaf.name, seen)
  }
  findings.push(...leftOut(left))
  const names = usableNames(
    uses.map(({ leaf }) => leaf.name),
    findings,
  )
  const columns = uses.map(({ leaf, width }, i): StoredColumn => ({ name: names[i] as string, type: leaf.type, unit: leaf.unit, width }))
  if (uses.some(({ leaf }) => leaf.type !== 'date' && (leaf.physical === physical.double || leaf.physical === physical.int64)))
    findings.push({
      severity: 'info',
      code: 'ROUNDED',
      message: 'Values of 64 bits are rounded to float32 (7 digits) when they are learned from.',
      hint: 'Nothing to do for measurements.',
    })
  return {
    path: file.path,
    sizeBytes: file.size,
    format: 'parquet',
    formatTitle: 'Parquet table',
    rows: footer.rows,
    columns,
    findings,
    details: {
      writtenBy: footer.createdBy.slice(0, 100),
      rowGroups: footer.groups.length,
      compression: [
        ...new Set(footer.groups.flatMap(({ pieces }) => pieces.flatMap((piece) => (piece ? [codecName(piece.codec)] : [])))),
      ].join(', '),
    },
    byRows: false,
    read: (wanted, from, mostRows, stop) =>
      readBatches(
        file,
        footer.groups,
        wanted.map((i) => uses[i] as Use),
        from,
        mostRows,
        stop,
      ),
    close: () => file.close(),
  }
}

/** Numbers per row of a column that can be read, else why it cannot. */
async function look(file: RandomAccessFile, footer: Footer, leaf: Leaf, position: number, signal?: AbortSignal): Promise<number | string> {
  if (leaf.refused !== '') return leaf.refused
  if (footer.groups.some(({ pieces }) => pieces[position] === null)) return 'a part is encrypted or lies in another file'
  if (leaf.type === 'vector') return vectorWidth(file, footer, leaf, position, signal)
  if (leaf.meaning?.form !== 'text' || leaf.meaning.sure) return 1
  const first = footer.groups.find(({ rows }) => rows > 0)
  if (!first) return 1
  for await (const { values } of readPages(file, leaf, first.pieces[position] as ColumnPiece, signal))
    return (values as string[]).slice(0, probedRows).some((text) => /[\ufffd\u0000-\u0008]/.test(text)) ? 'the bytes are no text' : 1
  return 1
}

/** The length of the lists, where all of the first rows have the same. */
async function vectorWidth(
  file: RandomAccessFile,
  footer: Footer,
  leaf: Leaf,
  position: number,
  signal?: AbortSignal,
): Promise<number | string> {
  let width = 0
  let row = -1
  let inRow = 0
  const differs = (): boolean => inRow > 0 && width > 0 && inRow !== width
  for (const group of footer.groups.slice(0, 16)) {
    for await (const page of readPages(file, leaf, group.pieces[position] as ColumnPiece, signal)) {
      const ended = walk(page)
      if (ended !== null) return ended
      if (row > probedRows && width > 0) return width
    }
    if (differs()) return ragged()
    width ||= inRow
    if (row > probedRows && width > 0) return width
    inRow = 0
  }
  return width > 0 ? width : 'none of the first rows holds a number'

  function walk({ n, repetition, definition }: Page): string | null {
    for (let i = 0; i < n; i++) {
      if (repetition?.[i] === 0) {
        if (differs()) return ragged()
        width ||= inRow
        row++
        inRow = 0
      }
      if ((definition?.[i] ?? leaf.maxDefinition) >= leaf.elementDefinition) inRow++
      if (inRow > widestVector) return `the vectors have more than ${widestVector} dimensions`
    }
    return null
  }
  function ragged(): string {
    return `the lists differ in length (row ${row + 1} has ${inRow} numbers, the rows before have ${width})`
  }
}

async function* readBatches(
  file: RandomAccessFile,
  groups: readonly RowGroup[],
  uses: readonly Use[],
  from: number,
  mostRows: number,
  signal?: AbortSignal,
): AsyncGenerator<ColumnBatch> {
  for (const group of groups) {
    if (group.start + group.rows <= from) continue
    const skipped = Math.max(0, from - group.start)
    const cursors: Cursor[] = uses.map(({ leaf, position, width }) =>
      openCursor(file, leaf, group.pieces[position] as ColumnPiece, width, group.start, signal),
    )
    try {
      for (const cursor of cursors) await cursor.skip(skipped)
      for (let start = group.start + skipped; start < group.start + group.rows; ) {
        if (signal) throwIfCancelled(signal)
        const n = Math.min(mostRows, group.start + group.rows - start)
        const values = []
        for (const cursor of cursors) values.push(await cursor.take(n))
        yield { start, n, values }
        start += n
      }
    } finally {
      for (const cursor of cursors) await cursor.close()
    }
  }
}
