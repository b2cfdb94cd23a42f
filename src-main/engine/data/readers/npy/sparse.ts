/**
 * A sparse matrix of SciPy (scipy.sparse.save_npz: CSR, CSC or COO), its rows filled densely chunk by chunk.
 *
 * Memory: CSR holds the row pointers and the part of a chunk. CSC and COO lie in another order and are turned into rows once,
 * 8 bytes for each stored value, up to 32 million values.
 */
import type { Column, SourceReport } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, RowChunk } from '../../dataset.ts'
import { toFloats, toLabels } from './decode.ts'
import type { ByteReader, NpyHeader } from './header.ts'
import { validRows } from './matrix.ts'

export interface SparseArray {
  readonly name: string
  readonly header: NpyHeader
  readonly open: () => ByteReader
}

export interface SparseFile {
  readonly path: string
  readonly sizeBytes: number
  readonly arrays: readonly SparseArray[]
  close(): Promise<void>
}

/** Rows one after the other; `rowAt[i]` … `rowAt[i + 1]` are the places of row i. */
interface Rows {
  readonly rowAt: Float64Array
  /** A reader of places [from, from + n), for one pass forward. */
  open(): (from: number, n: number) => Promise<{ columns: Int32Array; values: Float32Array }>
}

const mostTurned = 32 << 20
const mostColumns = 1_000_000
const mostRows = 100_000_000
/** Places read at once. */
const blockPlaces = 1 << 20

export async function sparseSource(file: SparseFile): Promise<OpenSource> {
  const { path } = file
  const damaged = (message: string): StratumError =>
    new StratumError('FILE_CORRUPT', message, 'Save the matrix again with scipy.sparse.save_npz.', { path })
  const array = (name: string): SparseArray => {
    const found = file.arrays.find((one) => one.name === name)
    if (!found) throw damaged(`The sparse matrix has no array "${name}".`)
    return found
  }
  const whole = async (name: string): Promise<(string | number)[]> => {
    const { header, open } = array(name)
    return toLabels(await open().read(header.dataOffset, countOf(header) * header.itemBytes), header)
  }
  const format = await formatOf()
  for (const { name, header } of file.arrays)
    if (name !== 'shape' && name !== 'format' && header.shape.length !== 1) throw damaged(`The array "${name}" is not a list.`)
  if (countOf(array('shape').header) !== 2) throw damaged('The shape of the sparse matrix does not have two numbers.')
  const [n, d] = (await whole('shape')) as [number, number]
  if (!Number.isSafeInteger(n) || !Number.isSafeInteger(d) || n < 0 || d < 1 || n > mostRows || d > mostColumns)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `The sparse matrix has ${n} rows and ${d} columns; at most ${mostRows} and ${mostColumns} can be read.`,
      'Save a part of it.',
      { path },
    )
  const stored = countOf(array('data').header)
  const rows = format === 'csr' ? await compressedRows() : await turnedRows(format)
  const report = describe()

  async function* chunks({ columns, maxBytes = 32 << 20, signal }: ChunkOptions = {}): AsyncGenerator<RowChunk> {
    const width = columns?.length ?? d
    const places = columns ? placesOf(columns) : null
    const perChunk = Math.max(1, Math.floor(maxBytes / Math.max(4, width * 4)))
    const read = rows.open()
    for (let start = 0; start < n; start += perChunk) {
      if (signal) throwIfCancelled(signal)
      const count = Math.min(perChunk, n - start)
      const X = new Float32Array(count * width)
      await add(X, start, count, read, places, width, signal)
      yield { start, n: count, X, valid: validRows(X, count, width) }
    }
  }
  function placesOf(columns: readonly number[]): Int32Array {
    const places = new Int32Array(d).fill(-1)
    columns.forEach((column, j) => {
      places[column] = j
    })
    return places
  }
  async function add(
    X: Float32Array,
    start: number,
    count: number,
    read: ReturnType<Rows['open']>,
    places: Int32Array | null,
    width: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const end = rows.rowAt[start + count] as number
    let row = start
    for (let from = rows.rowAt[start] as number; from < end; from += blockPlaces) {
      if (signal) throwIfCancelled(signal)
      const block = await read(from, Math.min(blockPlaces, end - from))
      for (let k = 0; k < block.columns.length; k++) {
        while (from + k >= (rows.rowAt[row + 1] as number)) row++
        const column = block.columns[k] as number
        if (column < 0 || column >= d) throw damaged(`Row ${row + 1} has a value in column ${column} of ${d}.`)
        const j = places ? (places[column] as number) : column
        // Equal places add up, as SciPy has it.
        if (j >= 0) X[(row - start) * width + j] = (X[(row - start) * width + j] as number) + (block.values[k] as number)
      }
    }
  }

  return {
    report,
    chunks,
    async preview(offset, limit, maxColumns) {
      const shown = Math.min(d, maxColumns)
      const from = Math.min(Math.max(0, offset), n)
      const count = Math.max(0, Math.min(limit, n - from))
      const X = new Float32Array(count * shown)
      const columns = Array.from({ length: shown }, (_, j) => j)
      if (count > 0) await add(X, from, count, rows.open(), placesOf(columns), shown)
      return {
        names: report.columns.slice(0, shown).map(({ name }) => name),
        rows: Array.from({ length: count }, (_, i) => Array.from(X.subarray(i * shown, (i + 1) * shown))),
      }
    },
    close: () => file.close(),
  }

  async function formatOf(): Promise<'csr' | 'csc' | 'coo'> {
    const [name] = file.arrays.some((one) => one.name === 'format') ? await whole('format') : ['csr']
    if (name === 'csr' || name === 'csc' || name === 'coo') return name
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `The sparse matrix is in the form "${String(name).slice(0, 20)}".`,
      'Save it as CSR: scipy.sparse.save_npz("x.npz", a.tocsr())',
      { path },
    )
  }

  /** Pointers that begin at 0, never fall and end at the number of stored values. */
  async function pointers(count: number): Promise<Float64Array> {
    if (countOf(array('indptr').header) !== count + 1)
      throw damaged(`There are ${countOf(array('indptr').header)} pointers for ${count} rows.`)
    const values = Float64Array.from((await whole('indptr')) as number[])
    for (let i = 0; i < count; i++)
      if ((values[i] as number) > (values[i + 1] as number)) throw damaged(`The pointers of row ${i + 1} go backwards.`)
    if (values[0] !== 0 || values[count] !== stored || countOf(array('indices').header) !== stored)
      throw damaged('The pointers, positions and values of the sparse matrix do not fit together.')
    return values
  }

  async function compressedRows(): Promise<Rows> {
    const rowAt = await pointers(n)
    return {
      rowAt,
      open() {
        const indices = array('indices')
        const data = array('data')
        const readIndices = indices.open()
        const readData = data.open()
        return async (from, count) => ({
          columns: Int32Array.from(await numbers(readIndices, indices.header, from, count)),
          values: await floats(readData, data.header, from, count),
        })
      },
    }
  }

  /** CSC and COO → rows, by counting. */
  async function turnedRows(form: 'csc' | 'coo'): Promise<Rows> {
    if (stored > mostTurned)
      throw new StratumError(
        'FORMAT_UNSUPPORTED',
        `The sparse matrix lies by columns and has ${stored} values; at most ${mostTurned} can be turned into rows.`,
        'Save it as CSR: scipy.sparse.save_npz("x.npz", a.tocsr())',
        { path },
      )
    const rowArray = array(form === 'csc' ? 'indices' : 'row')
    if (countOf(rowArray.header) !== stored) throw damaged('The positions and values of the sparse matrix do not fit together.')
    const rowOf = Int32Array.from(await numbers(rowArray.open(), rowArray.header, 0, stored))
    const columnAt = form === 'csc' ? await pointers(d) : null
    const columnArray = form === 'coo' ? array('col') : null
    if (columnArray && countOf(columnArray.header) !== stored)
      throw damaged('The positions and values of the sparse matrix do not fit together.')
    const columnOf = columnArray ? Int32Array.from(await numbers(columnArray.open(), columnArray.header, 0, stored)) : null
    const data = array('data')
    const values = await floats(data.open(), data.header, 0, stored)
    const rowAt = new Float64Array(n + 1)
    for (const row of rowOf) {
      if (row < 0 || row >= n) throw damaged(`A value lies in row ${row} of ${n}.`)
      rowAt[row + 1] = (rowAt[row + 1] as number) + 1
    }
    for (let i = 0; i < n; i++) rowAt[i + 1] = (rowAt[i + 1] as number) + (rowAt[i] as number)
    const next = rowAt.slice(0, n)
    const columns = new Int32Array(stored)
    const sorted = new Float32Array(stored)
    let column = 0
    for (let k = 0; k < stored; k++) {
      while (columnAt && k >= (columnAt[column + 1] as number)) column++
      const row = rowOf[k] as number
      const place = next[row] as number
      next[row] = place + 1
      columns[place] = columnOf ? (columnOf[k] as number) : column
      sorted[place] = values[k] as number
    }
    return {
      rowAt,
      open: () => async (from, count) => ({ columns: columns.subarray(from, from + count), values: sorted.subarray(from, from + count) }),
    }
  }

  function describe(): SourceReport {
    const type: Column['type'] = array('data').header.dtype?.startsWith('float') ? 'number' : 'integer'
    const columns = Array.from({ length: d }, (_, j): Column => ({ name: `column ${j + 1}`, type, unit: null, wavelengthNm: null }))
    return {
      path,
      sizeBytes: file.sizeBytes,
      format: 'npz',
      formatTitle: 'SciPy sparse matrix',
      kind: 'table',
      rows: n,
      columns,
      dtype: array('data').header.dtype ?? 'text',
      grid: null,
      nodata: columns.map(() => null),
      metadataFields: [],
      matrixBytes: n * d * 4,
      findings: [
        ...(n === 0
          ? [{ severity: 'error' as const, code: 'NO_ROWS', message: 'The matrix has no rows.', hint: 'Save it again with its data.' }]
          : []),
        ...(n * d * 4 > 4 * 2 ** 30
          ? [
              {
                severity: 'warning' as const,
                code: 'WIDE_AND_SPARSE',
                message: `Dense, the matrix is ${Math.round((n * d * 4) / 1e9)} GB, which every pass goes through.`,
                hint: 'Choose fewer columns, or fewer rows, before training.',
              },
            ]
          : []),
      ],
      details: { form: format, stored, filled: n * d === 0 ? 0 : Number(((100 * stored) / (n * d)).toPrecision(3)) },
    }
  }
}

const countOf = ({ shape }: NpyHeader): number => shape.reduce((product, dim) => product * dim, 1)

async function floats(reader: ByteReader, header: NpyHeader, from: number, n: number): Promise<Float32Array> {
  return toFloats(await reader.read(header.dataOffset + from * header.itemBytes, n * header.itemBytes), header)
}

/** Whole numbers, exact. */
async function numbers(reader: ByteReader, header: NpyHeader, from: number, n: number): Promise<ArrayLike<number>> {
  const bytes = await reader.read(header.dataOffset + from * header.itemBytes, n * header.itemBytes)
  if (header.dtype === 'int32' && header.littleEndian && bytes.byteOffset % 4 === 0)
    return new Int32Array(bytes.buffer, bytes.byteOffset, n)
  return toLabels(bytes, header) as number[]
}
