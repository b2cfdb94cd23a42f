/** Dense matrices in an HDF5 file: cells by genes, or genes by cells as Loom has it. */
import { StratumError } from '#common/errors.ts'
import { type H5File, isNumeric, toNumbers } from '../hdf5/file.ts'
import { type RowMatrix, sampleStretches } from './rowMatrix.ts'
import { compressionOf } from './sparse.ts'

/**
 * Memory of a read: its rows in the type they are stored in.
 * @param genesFirst the first axis are the genes
 */
export function denseMatrix(file: H5File, place: string, genesFirst = false): RowMatrix {
  const dataset = file.dataset(place)
  const { shape, dtype, metadata } = dataset
  if (!isNumeric(dtype) || shape.length === 0 || shape.length > 2)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      isNumeric(dtype)
        ? `"${place}" has ${shape.length} axes; rows by columns were expected.`
        : `"${place}" holds ${dtype} values, not numbers.`,
      'Convert it in Python: adata.X = adata.X.astype("float32"), then write it again.',
      { path: file.path, place },
    )
  const [first = 0, second = 1] = shape
  const [rows, columns] = genesFirst ? [second, first] : [first, second]
  const rowStep = Math.max(1, dataset.chunk?.[genesFirst ? 1 : 0] ?? 1)

  /** Rows [from, to) of columns [low, high) as stored. */
  function block(from: number, to: number, low: number, high: number): ArrayLike<number> {
    if (shape.length === 1) return toNumbers(dataset.read(from, to))
    return toNumbers(genesFirst ? dataset.read(low, high, from, to) : dataset.read(from, to, low, high))
  }

  async function read(from: number, to: number, wanted: number, position: Int32Array | null): Promise<Float32Array> {
    const n = to - from
    const [low, high] = position ? usedRange(position) : [0, columns]
    const width = high - low
    if (n === 0 || width === 0) return new Float32Array(n * wanted)
    const all = block(from, to, low, high)
    if (!position && !genesFirst) return all instanceof Float32Array ? all : Float32Array.from(all)
    const X = new Float32Array(n * wanted)
    for (let c = 0; c < width; c++) {
      const at = position ? (position[low + c] as number) : c
      if (at < 0) continue
      for (let i = 0; i < n; i++) X[i * wanted + at] = all[genesFirst ? c * n + i : i * width + c] as number
    }
    return X
  }

  return {
    rows,
    columns,
    dtype,
    storage: genesFirst ? 'dense by genes' : 'dense',
    stored: null,
    compression: compressionOf(dataset),
    rowBytes: columns * metadata.size,
    rowStep,
    read,
    peek: read,
    sample() {
      if (columns === 0 || rows === 0) return new Float64Array()
      const wide = Math.min(columns, 5000)
      const tall = Math.max(1, Math.min(rows, Math.floor(5000 / wide)))
      const parts = sampleStretches(rows).map(([from]) => block(from, Math.min(rows, from + tall), 0, wide))
      return Float64Array.from(parts.flatMap((part) => Array.from(part)))
    },
    close: async () => {},
  }
}

/** The columns between the first and the last that is wanted. */
function usedRange(position: Int32Array): [low: number, high: number] {
  const low = position.findIndex((at) => at >= 0)
  return low < 0 ? [0, 0] : [low, position.findLastIndex((at) => at >= 0) + 1]
}
