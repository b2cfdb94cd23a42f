/**
 * Compressed sparse rows in an HDF5 file: the rows asked for become dense, the rest stays where it is.
 * Memory: two blocks of a million stored values and columns (up to 32 MB), and the row starts of the rows asked for.
 */
import { StratumError } from '#common/errors.ts'
import { type H5Dataset, type H5File, isNumeric, toNumbers } from '../hdf5/file.ts'
import { type RowMatrix, sampleStretches } from './rowMatrix.ts'

export interface Compressed {
  readonly path: string
  readonly place: string
  /** Rows of CSR, columns of CSC. */
  readonly major: number
  /** Columns of CSR, rows of CSC. */
  readonly minor: number
  readonly stored: number
  readonly data: H5Dataset
  readonly indices: H5Dataset
  readonly indptr: H5Dataset
}

const fix = 'Write the file again in the program that made it.'
/** Stored values read at once. */
const blockValues = 1 << 20

/** The three arrays of a compressed matrix, checked against each other. `where`: names of values, indices and starts. */
export function openCompressed(
  file: H5File,
  place: string,
  major: number,
  minor: number,
  where: { data: string; indices: string; indptr: string },
): Compressed {
  const { path } = file
  const open = (name: string): H5Dataset => {
    const part = file.dataset(name)
    if (!isNumeric(part.dtype) || part.shape.length !== 1)
      throw new StratumError('FORMAT_UNSUPPORTED', `"${name}" is not a list of numbers.`, fix, { path, place: name })
    return part
  }
  const [data, indices, indptr] = [open(where.data), open(where.indices), open(where.indptr)]
  const stored = data.shape[0] ?? 0
  if (indptr.shape[0] !== major + 1 || indices.shape[0] !== stored)
    throw new StratumError(
      'FILE_CORRUPT',
      `"${place}" does not fit together: ${major} rows need ${major + 1} row starts and there are ${indptr.shape[0]}; ${stored} values have ${indices.shape[0]} columns.`,
      fix,
      { path, place },
    )
  return { path, place, major, minor, stored, data, indices, indptr }
}

export const compressionOf = (...parts: readonly H5Dataset[]): string =>
  [...new Set(parts.flatMap((part) => part.filters))].join(', ') || 'none'

/** Starts of the stretches [from, to) and the end of the last, each checked. */
export function startsOf({ path, place, stored, indptr }: Compressed, from: number, to: number): ArrayLike<number> {
  const starts = toNumbers(indptr.read(from, to + 1))
  for (let i = 0; i < to - from; i++) {
    const [start, end] = [starts[i] as number, starts[i + 1] as number]
    if (!(start >= 0 && start <= end && end <= stored))
      throw new StratumError(
        'FILE_CORRUPT',
        `Row ${from + i} of "${place}" claims the stored values ${start} to ${end} of ${stored}.`,
        fix,
        { path, place, row: from + i },
      )
  }
  return starts
}

/** Stored values and their places, kept for a stretch that begins and ends with whole stored pieces, so that none is decompressed twice. */
export class StoredBlocks {
  private low = 0
  private high = 0
  private values: ArrayLike<number> = []
  private places: ArrayLike<number> = []
  private readonly matrix: Compressed
  private readonly step: number

  constructor(matrix: Compressed) {
    this.matrix = matrix
    const piece = Math.max(matrix.data.chunk?.[0] ?? 1, matrix.indices.chunk?.[0] ?? 1)
    this.step = piece > blockValues ? blockValues : Math.floor(blockValues / piece) * piece
  }

  /** As many of the stored values [from, to) as one block holds: those of `values` and `places` from `offset`, `n` of them. */
  get(from: number, to: number): { values: ArrayLike<number>; places: ArrayLike<number>; offset: number; n: number } {
    if (from < this.low || from >= this.high) {
      this.low = Math.floor(from / this.step) * this.step
      this.high = Math.min(this.matrix.stored, this.low + this.step)
      this.values = toNumbers(this.matrix.data.read(this.low, this.high))
      this.places = toNumbers(this.matrix.indices.read(this.low, this.high))
    }
    return { values: this.values, places: this.places, offset: from - this.low, n: Math.min(to, this.high) - from }
  }
}

export const outside = ({ path, place, minor }: Compressed, row: number, column: number): StratumError =>
  new StratumError('FILE_CORRUPT', `Row ${row} of "${place}" has a value in column ${column} of ${minor}.`, fix, { path, place, row })

/** Adds stored values [from, to) to the row of X that begins at `base`. @returns where a column lies outside, −1 when none does */
function addRow(
  values: ArrayLike<number>,
  places: ArrayLike<number>,
  from: number,
  to: number,
  columns: number,
  X: Float32Array,
  base: number,
  position: Int32Array | null,
): number {
  for (let k = from; k < to; k++) {
    const column = places[k] as number
    if (!(column >= 0 && column < columns)) return k
    const at = position === null ? column : (position[column] as number)
    // A column that comes twice counts twice, as in SciPy.
    if (at >= 0) X[base + at] = (X[base + at] as number) + (values[k] as number)
  }
  return -1
}

export function compressedRows(matrix: Compressed): RowMatrix {
  const { major, minor, stored, data, indices } = matrix
  const blocks = new StoredBlocks(matrix)

  /** Every start and every column is checked, so that a damaged file ends in an error and not in another cell's values. */
  async function read(from: number, to: number, wanted: number, position: Int32Array | null): Promise<Float32Array> {
    const X = new Float32Array((to - from) * wanted)
    const starts = startsOf(matrix, from, to)
    const end = starts[to - from] as number
    let row = 0
    for (let at = starts[0] as number; at < end; ) {
      const { values, places, offset, n } = blocks.get(at, end)
      const shift = offset - at
      for (const stop = at + n; at < stop; ) {
        while (at >= (starts[row + 1] as number)) row++
        const rowEnd = Math.min(starts[row + 1] as number, stop)
        const wrong = addRow(values, places, at + shift, rowEnd + shift, minor, X, row * wanted, position)
        if (wrong >= 0) throw outside(matrix, from + row, places[wrong] as number)
        at = rowEnd
      }
    }
    return X
  }

  return {
    rows: major,
    columns: minor,
    dtype: data.dtype,
    storage: 'CSR',
    stored,
    compression: compressionOf(data, indices),
    rowBytes: 0,
    rowStep: 1,
    read,
    peek: read,
    sample: () => sampleList(data, stored),
    close: async () => {},
  }
}

/** Stretches of a list of stored values. */
export function sampleList(data: H5Dataset, stored: number): Float64Array {
  const parts = sampleStretches(stored).map(([from, to]) => toNumbers(data.read(from, to)))
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let filled = 0
  for (const part of parts) {
    all.set(part, filled)
    filled += part.length
  }
  return all
}
