/**
 * Opens an Arrow IPC file (Feather v2) or stream. Batches are read in portions of rows; of compressed ones the buffers of the columns
 * wanted are unpacked whole, which is what bounds the memory.
 */
import type { Finding } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { ColumnBatch, ColumnValues, ColumnarFile, StoredColumn } from '../../columns/columnar.ts'
import { leftOut } from '../../columns/findings.ts'
import { usableNames } from '../../columns/names.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import { type ArrowFile, damaged, readArrowFile } from './file.ts'
import type { Field } from './schema.ts'
import { listLengths, openColumn } from './values.ts'

interface Use {
  readonly field: Field
  readonly width: number
}

const widestVector = 1_000_000
const probedRows = 1000
/** Values of all dictionaries together. */
const mostDictionaryValues = 16 << 20

export async function openColumns(file: RandomAccessFile, signal?: AbortSignal): Promise<ColumnarFile> {
  const arrow = await readArrowFile(file)
  const dictionaries = await readDictionaries(file, arrow)
  const findings: Finding[] = []
  const left = new Map<string, string>()
  const uses: Use[] = []
  for (const field of arrow.schema.fields) {
    if (signal) throwIfCancelled(signal)
    const width = field.refused !== '' ? field.refused : field.list ? await widthOf(file, arrow, field) : 1
    if (typeof width === 'number') uses.push({ field, width })
    else left.set(field.name, width)
  }
  findings.push(...leftOut(left))
  const names = usableNames(
    uses.map(({ field }) => field.name),
    findings,
  )
  const columns = uses.map(({ field, width }, i): StoredColumn => ({ name: names[i] as string, type: field.type, unit: field.unit, width }))
  return {
    path: file.path,
    sizeBytes: file.size,
    format: 'arrow',
    formatTitle: arrow.form === 'file' ? 'Arrow table' : 'Arrow stream',
    rows: arrow.rows,
    columns,
    findings,
    details: { batches: arrow.batches.length, compression: arrow.batches[0]?.codec ?? 'none' },
    byRows: false,
    read: (wanted, from, mostRows, stop) =>
      readBatches(
        file,
        arrow,
        dictionaries,
        wanted.map((i) => uses[i] as Use),
        from,
        mostRows,
        stop,
      ),
    close: () => file.close(),
  }
}

async function readDictionaries(file: RandomAccessFile, arrow: ArrowFile): Promise<Map<number, ColumnValues>> {
  const found = new Map<number, ColumnValues>()
  let total = 0
  for (const { id, isDelta, batch } of arrow.dictionaries) {
    const field = arrow.schema.dictionaries.get(id)
    if (!field) continue
    total += batch.rows
    if (total > mostDictionaryValues)
      throw new StratumError('FORMAT_UNSUPPORTED', `The dictionaries hold ${total} values.`, 'Write these columns without dictionaries.', {
        path: file.path,
      })
    const before = found.get(id)
    if (before && !isDelta)
      throw new StratumError(
        'FORMAT_UNSUPPORTED',
        `The dictionary of column "${field.name}" changes within the file.`,
        'Write it as an Arrow file instead of a stream.',
        {
          path: file.path,
          column: field.name,
        },
      )
    const values = await (await openColumn(file, batch, field, 1, null)).read(0, batch.rows)
    if (!before) found.set(id, values)
    else if (Array.isArray(before)) found.set(id, before.concat(values as (string | null)[]))
    else found.set(id, Float64Array.of(...before, ...(values as Float64Array)))
  }
  return found
}

async function widthOf(file: RandomAccessFile, arrow: ArrowFile, field: Field): Promise<number | string> {
  for (const batch of arrow.batches.slice(0, 16)) {
    const lengths = (await listLengths(file, batch, field, Math.min(batch.rows, probedRows))).filter((length) => length > 0)
    const [width] = lengths
    if (width === undefined) continue
    const odd = lengths.find((length) => length !== width)
    if (odd !== undefined) return `the lists differ in length (${width} and ${odd} numbers)`
    return width > widestVector ? `the vectors have more than ${widestVector} dimensions` : width
  }
  return 'none of the first rows holds a number'
}

async function* readBatches(
  file: RandomAccessFile,
  arrow: ArrowFile,
  dictionaries: ReadonlyMap<number, ColumnValues>,
  uses: readonly Use[],
  from: number,
  mostRows: number,
  signal?: AbortSignal,
): AsyncGenerator<ColumnBatch> {
  for (const batch of arrow.batches) {
    if (batch.start + batch.rows <= from) continue
    if (signal) throwIfCancelled(signal)
    const readers = []
    for (const { field, width } of uses) {
      const dictionary = field.dictionary === null ? null : dictionaries.get(field.dictionary)
      if (dictionary === undefined) throw damaged(file.path, `The dictionary of column "${field.name}" is missing.`, 0)
      readers.push(await openColumn(file, batch, field, width, dictionary))
    }
    for (let row = Math.max(0, from - batch.start); row < batch.rows; row += mostRows) {
      if (signal) throwIfCancelled(signal)
      const n = Math.min(mostRows, batch.rows - row)
      const values: ColumnValues[] = []
      for (const reader of readers) values.push(await reader.read(row, n))
      yield { start: batch.start + row, n, values }
    }
  }
}
