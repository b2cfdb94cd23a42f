/**
 * The data themselves: names of rows and columns, what goes along with them, and the matrix X. Memory: a block of rows, a chunk of the source
 * (32 MB), 8 bytes a cell while barcodes are compared, and what fieldTypes.ts keeps of fields whose file does not say their type.
 */
import type { Column, DatasetMeta } from '#common/domain/dataset.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { createPace, atPace } from '../../../analysis/pace.ts'
import { sortSteps } from '../../../analysis/statistics/sortSteps.ts'
import type { FieldType, OpenSource, SourceFields } from '../../../data/dataset.ts'
import { type FieldValue, fieldBatches } from '../../../data/fields.ts'
import { type ColumnWriter, columnWriter } from '../../../export/h5ad/columns.ts'
import { dataframe, textArray } from '../../../export/h5ad/elements.ts'
import { FieldLook } from '../../../export/h5ad/fieldTypes.ts'
import { Keys } from '../../../export/h5ad/keys.ts'
import { csrWriter, denseWriter } from '../../../export/h5ad/matrix.ts'
import { forMany, type H5Output } from '../../../export/hdf5/file.ts'
import type { ArrayNode, GroupNode, H5Node } from '../../../export/hdf5/objects.ts'
import { dateText } from '../rowCells.ts'
import { entriesOf, type Pass, rowsOf } from './keep.ts'

/** Fields that name a cell, by what formats call them: AnnData, 10x and Matrix Market, Loom. */
const barcodeFields = ['index', 'barcode', 'CellID', 'obs_names', 'Barcode', 'barcodes', 'cell_id']

/** The field whose values are the index of obs; null: rows are numbered from 0. */
export const barcodeFieldOf = ({ kind, metadataFields }: Pick<DatasetMeta, 'kind' | 'metadataFields'>): string | null =>
  (kind === 'cells' ? barcodeFields.find((name) => metadataFields.includes(name)) : undefined) ?? null

/** Numbers can stand in a matrix; categories and dates are columns of obs. */
export const inMatrix = ({ type }: Column): boolean => type === 'number' || type === 'integer' || type === 'boolean'

export interface ObsTold {
  readonly index: ArrayNode
  readonly columns: readonly (readonly [key: string, node: H5Node])[]
  readonly rows: number
  /** Rows whose name another row before them has too. */
  readonly repeated: number
}

/**
 * The index of obs and the fields that go along, in one pass; two where the file does not say what some of them hold.
 * @param fields  names of metadata fields, without the one that is the index
 */
export async function writeFields(
  out: H5Output,
  source: OpenSource | null,
  data: DatasetMeta,
  fields: readonly string[],
  keys: Keys,
  { kept, signal, report }: Pass,
): Promise<ObsTold> {
  const barcodes = barcodeFieldOf(data)
  const index = out.array('text')
  const names = barcodes === null ? null : new NameHashes(data.rows)
  const types = source && fields.length > 0 ? await typesOf(source, fields, signal) : []
  const writers = fields.map((name, j) => ({ key: keys.take(name, dataKey), writer: columnWriter(forMany(out, fields.length), types[j]) }))
  const batches =
    source && (barcodes !== null || fields.length > 0)
      ? fieldBatches(source, [...(barcodes === null ? [] : [barcodes]), ...fields], signal)
      : numbered(data.rows)
  const before = barcodes === null ? 0 : 1
  let from = 0
  for await (const batch of batches) {
    throwIfCancelled(signal)
    const to = from + batch.length
    const inside = kept(from, to)
    const rows = entriesOf(
      batch.map((values, i) => [String(values[before - 1] ?? from + i), ...values.slice(before)]),
      inside,
    )
    const labels = rows.map(([name]) => name as string)
    names?.add(labels)
    await index.append(labels)
    for (const [j, { writer }] of writers.entries()) await writer.append(rows.map((values) => values[j + 1] ?? null))
    from = to
    report(to / data.rows)
  }
  const columns: [string, H5Node][] = []
  for (const { key, writer } of writers) columns.push([key, await writer.finish()])
  return { index: await index.finish(), columns, rows: index.rows, repeated: (await names?.repeated(signal)) ?? 0 }
}

/** What the data call like a result is told apart from it, as in tables. */
const dataKey = (key: string): string => `data_${key}`

async function typesOf(source: OpenSource, fields: readonly string[], signal: AbortSignal): Promise<FieldType[]> {
  const said: SourceFields | null = (await source.fields?.()) ?? null
  const types = fields.map((field) => said?.typeOf(field) ?? null)
  const unknown = fields.filter((_, j) => types[j] === null)
  if (unknown.length === 0) return types as FieldType[]
  const looks = unknown.map(() => new FieldLook())
  for await (const batch of fieldBatches(source, unknown, signal)) {
    throwIfCancelled(signal)
    for (const [j, look] of looks.entries()) look.see(batch.map((values) => values[j]))
  }
  let next = 0
  return types.map((type) => type ?? looks[next++].type())
}

const rowsOfBatch = 16_384
function* numbered(rows: number): Generator<FieldValue[][]> {
  for (let from = 0; from < rows; from += rowsOfBatch) yield Array.from({ length: Math.min(rowsOfBatch, rows - from) }, () => [])
}

/** Names as numbers of 53 bits, of which two are equal by chance once in 10 000 files of a million cells. */
class NameHashes {
  readonly #hashes: Float64Array
  #n = 0

  constructor(rows: number) {
    this.#hashes = new Float64Array(rows)
  }

  add(names: readonly string[]): void {
    for (const name of names) this.#hashes[this.#n++] = hashOf(name)
  }

  async repeated(signal: AbortSignal): Promise<number> {
    const sorted = await atPace(sortSteps(this.#hashes.subarray(0, this.#n)), createPace(signal))
    let repeated = 0
    for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) repeated++
    return repeated
  }
}

/** Two multiplicative hashes of 32 bits, mixed with each other at the end. */
function hashOf(name: string): number {
  let [a, b] = [0xdeadbeef, 0x41c6ce57]
  for (let i = 0; i < name.length; i++) {
    const letter = name.charCodeAt(i)
    a = Math.imul(a ^ letter, 2_654_435_761)
    b = Math.imul(b ^ letter, 1_597_334_677)
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909)
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909)
  return 4_294_967_296 * (b & 0x1f_ffff) + (a >>> 0)
}

/** Columns of the data that are no part of X, as columns of obs with their types. */
export async function writeColumns(
  out: H5Output,
  source: OpenSource,
  positions: readonly number[],
  keys: Keys,
  { kept, signal, report }: Pass,
): Promise<[key: string, node: H5Node][]> {
  const described = positions.map((j) => source.report.columns[j])
  const writers = described.map((column) => ({
    key: keys.take(column.name, dataKey),
    writer: writerOf(forMany(out, positions.length), column),
  }))
  const d = positions.length
  for await (const { start, n, X } of source.chunks({ columns: positions, signal })) {
    throwIfCancelled(signal)
    const rows = rowsOf(X, d, kept(start, start + n))
    for (const [j, { writer }] of writers.entries())
      await writer.append(Array.from({ length: rows.length / d }, (_, i) => valueTold(described[j], rows[i * d + j])))
    report((start + n) / source.report.rows)
  }
  const columns: [string, H5Node][] = []
  for (const { key, writer } of writers) columns.push([key, await writer.finish()])
  return columns
}

function writerOf(out: H5Output, { type, categories = [] }: Column): ColumnWriter {
  if (type === 'category') return columnWriter(out, { kind: 'category', categories, ordered: false })
  return columnWriter(out, { kind: type === 'date' || type === 'text' ? 'text' : type })
}

/** How a stored number of a column is told. */
function valueTold({ type, categories }: Column, value: number): FieldValue {
  if (Number.isNaN(value)) return null
  if (type === 'category') return categories?.[value] ?? null
  if (type === 'date') return dateText(value)
  return type === 'boolean' ? (value === 0 ? 'false' : 'true') : value
}

/** X [rows × columns] float32: sparse where the file is, else dense. */
export async function writeMatrix(
  out: H5Output,
  source: OpenSource,
  positions: readonly number[],
  { kept, signal, report }: Pass,
): Promise<H5Node> {
  const { details, rows, columns } = source.report
  const isSparse = ['CSR', 'CSC', 'coordinates'].includes(String(details.storage))
  const width = positions.length
  const writer = isSparse
    ? csrWriter(out, width, typeof details.storedValues === 'number' ? details.storedValues : null)
    : denseWriter(out, width)
  const chosen = width === columns.length ? {} : { columns: positions }
  for await (const { start, n, X } of source.chunks({ ...chosen, signal })) {
    throwIfCancelled(signal)
    await writer.append(rowsOf(X, width, kept(start, start + n)))
    report((start + n) / rows)
  }
  return writer.finish()
}

/** The table of columns: names, and what the source says of each. */
export async function writeVariables(
  out: H5Output,
  source: OpenSource | null,
  data: DatasetMeta,
  positions: readonly number[],
): Promise<GroupNode> {
  const described = positions.map((j) => data.columns[j])
  const keys = new Keys()
  const columns: [string, H5Node][] = []
  async function add(name: string, type: FieldType, values: readonly FieldValue[]): Promise<void> {
    const writer = columnWriter(out, type)
    await writer.append(values)
    columns.push([keys.take(name), await writer.finish()])
  }
  for (const { name, type, values } of (await source?.fields?.())?.ofColumns ?? []) {
    const chosen = positions.map((j) => values[j] ?? null)
    const look = new FieldLook()
    look.see(chosen)
    await add(name, type ?? look.type(), chosen)
  }
  if (described.some(({ unit }) => unit !== null))
    await add(
      'unit',
      { kind: 'text' },
      described.map(({ unit }) => unit),
    )
  if (described.some(({ wavelengthNm }) => wavelengthNm !== null))
    await add(
      'wavelength_nm',
      { kind: 'number' },
      described.map(({ wavelengthNm }) => wavelengthNm),
    )
  return dataframe(
    await textArray(
      out,
      described.map(({ name }) => name),
    ),
    columns,
  )
}
