/** The matrix of an AnnData file: dense, or compressed sparse rows of which only the rows asked for become dense. */
import { StratumError } from '#common/errors.ts'
import { type H5Dataset, type H5File, isNumeric, toNumbers } from '../../hdf5/file.ts'

export interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly dtype: string
  readonly storage: 'dense' | 'CSR'
  /** Stored values; null when dense. */
  readonly stored: number | null
  /** Rows [from, to) of the wanted columns, row-major. `position[c]` is where column c goes in a row, −1 nowhere. */
  read(from: number, to: number, wanted: number, position: Int32Array | null): Float32Array
}

/** Stored values read at once from a sparse matrix: 4 M values and their 4 M columns. */
const mostStoredAtOnce = 1 << 22

const unsuitable = (path: string, place: string, message: string): StratumError =>
  new StratumError(
    'FORMAT_UNSUPPORTED',
    message,
    'Convert it in Python: adata.X = scipy.sparse.csr_matrix(adata.X).astype("float32"), then adata.write_h5ad(…).',
    { path, place },
  )

export function openMatrix(file: H5File, place: string): Matrix {
  return file.kind(place) === 'dataset' ? denseMatrix(file, place) : sparseMatrix(file, place)
}

function denseMatrix(file: H5File, place: string): Matrix {
  const dataset = file.dataset(place)
  if (!isNumeric(dataset.dtype)) throw unsuitable(file.path, place, `"${place}" holds ${dataset.dtype} values, not numbers.`)
  const [rows = 0, columns = 1] = dataset.shape
  if (dataset.shape.length !== 2)
    throw unsuitable(file.path, place, `"${place}" has ${dataset.shape.length} axes; rows by columns were expected.`)
  return {
    rows,
    columns,
    dtype: dataset.dtype,
    storage: 'dense',
    stored: null,
    read(from, to, wanted, position) {
      const all = toNumbers(dataset.read(from, to))
      const n = to - from
      if (!position) return all instanceof Float32Array ? all : Float32Array.from(all)
      const X = new Float32Array(n * wanted)
      for (let i = 0; i < n; i++) {
        for (let c = 0; c < columns; c++) {
          const at = position[c] as number
          if (at >= 0) X[i * wanted + at] = all[i * columns + c] as number
        }
      }
      return X
    },
  }
}

function sparseMatrix(file: H5File, place: string): Matrix {
  const { path } = file
  const encoding = file.attribute(place, 'encoding-type') ?? file.attribute(place, 'h5sparse_format')
  if (encoding === 'csc_matrix' || encoding === 'csc')
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `"${place}" is stored by columns (CSC), so that no row can be read without all of it.`,
      'Convert it in Python: adata.X = adata.X.tocsr(), then adata.write_h5ad(…).',
      { path, place },
    )
  if (encoding !== 'csr_matrix' && encoding !== 'csr')
    throw unsuitable(
      path,
      place,
      `"${place}" is stored as ${encoding === undefined ? 'a group without an encoding' : `"${String(encoding)}"`}, which cannot be read.`,
    )
  const shape = toNumbers(file.attribute(place, 'shape') ?? file.attribute(place, 'h5sparse_shape') ?? [])
  const [rows, columns] = [Number(shape[0]), Number(shape[1])]
  if (!Number.isSafeInteger(rows) || !Number.isSafeInteger(columns) || rows < 0 || columns < 0)
    throw new StratumError('FILE_CORRUPT', `"${place}" does not say its shape.`, 'Write the file again in the program that made it.', {
      path,
      place,
    })
  const data = file.dataset(`${place}/data`)
  const indices = file.dataset(`${place}/indices`)
  const indptr = file.dataset(`${place}/indptr`)
  const stored = data.shape[0] ?? 0
  for (const part of [data, indices, indptr]) {
    if (!isNumeric(part.dtype) || part.shape.length !== 1) throw unsuitable(path, part.place, `"${part.place}" is not a list of numbers.`)
  }
  if (indptr.shape[0] !== rows + 1 || indices.shape[0] !== stored)
    throw new StratumError(
      'FILE_CORRUPT',
      `"${place}" does not fit together: ${rows} rows need ${rows + 1} row starts and there are ${indptr.shape[0]}; ${stored} values have ${indices.shape[0]} columns.`,
      'Write the file again in the program that made it.',
      { path, place },
    )
  return {
    rows,
    columns,
    dtype: data.dtype,
    storage: 'CSR',
    stored,
    read: (from, to, wanted, position) => densify({ path, place, columns, stored, data, indices, indptr }, from, to, wanted, position),
  }
}

interface Csr {
  readonly path: string
  readonly place: string
  readonly columns: number
  readonly stored: number
  readonly data: H5Dataset
  readonly indices: H5Dataset
  readonly indptr: H5Dataset
}

/** Every start and every column is checked, so that a damaged file ends in an error and not in another cell's values. */
function densify(csr: Csr, from: number, to: number, wanted: number, position: Int32Array | null): Float32Array {
  const X = new Float32Array((to - from) * wanted)
  const starts = toNumbers(csr.indptr.read(from, to + 1))
  const broken = (row: number, what: string): StratumError =>
    new StratumError('FILE_CORRUPT', `Row ${row} of "${csr.place}" ${what}.`, 'Write the file again in the program that made it.', {
      path: csr.path,
      place: csr.place,
      row,
    })
  for (let i = 0; i < to - from; i++) {
    const [start, end] = [starts[i] as number, starts[i + 1] as number]
    if (!(start >= 0 && start <= end && end <= csr.stored))
      throw broken(from + i, `claims the stored values ${start} to ${end} of ${csr.stored}`)
  }
  let row = 0
  for (let low = starts[0] as number; low < (starts[to - from] as number); low += mostStoredAtOnce) {
    const high = Math.min(starts[to - from] as number, low + mostStoredAtOnce)
    const values = toNumbers(csr.data.read(low, high))
    const columns = toNumbers(csr.indices.read(low, high))
    for (let k = 0; k < high - low; k++) {
      while (low + k >= (starts[row + 1] as number)) row++
      const column = columns[k] as number
      if (!(column >= 0 && column < csr.columns)) throw broken(from + row, `has a value in column ${column} of ${csr.columns}`)
      const at = position ? (position[column] as number) : column
      // A column that comes twice counts twice, as in SciPy.
      if (at >= 0) X[row * wanted + at] = (X[row * wanted + at] as number) + (values[k] as number)
    }
  }
  return X
}
