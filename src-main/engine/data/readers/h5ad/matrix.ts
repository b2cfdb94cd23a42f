/** Where the matrices of an AnnData file lie over the versions of the format, and how each is stored. */
import { StratumError } from '#common/errors.ts'
import { compressedColumns } from '../../cells/byColumns.ts'
import { denseMatrix } from '../../cells/dense.ts'
import type { RowMatrix } from '../../cells/rowMatrix.ts'
import { compressedRows, openCompressed } from '../../cells/sparse.ts'
import { type H5File, isNumeric, toNumbers } from '../../hdf5/file.ts'

/** The matrix at a place: an array, or a group with data, indices and indptr. */
export function openMatrix(file: H5File, place: string): RowMatrix {
  if (file.kind(place) === 'dataset') return denseMatrix(file, place)
  const { path } = file
  const encoding = file.attribute(place, 'encoding-type') ?? file.attribute(place, 'h5sparse_format')
  const byColumns = encoding === 'csc_matrix' || encoding === 'csc'
  if (!byColumns && encoding !== 'csr_matrix' && encoding !== 'csr')
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `"${place}" is stored as ${encoding === undefined ? 'a group without an encoding' : `"${String(encoding)}"`}, which cannot be read.`,
      'Convert it in Python: adata.X = scipy.sparse.csr_matrix(adata.X).astype("float32"), then adata.write_h5ad(…).',
      { path, place },
    )
  const shape = toNumbers(file.attribute(place, 'shape') ?? file.attribute(place, 'h5sparse_shape') ?? [])
  const [rows, columns] = [Number(shape[0]), Number(shape[1])]
  if (!Number.isSafeInteger(rows) || !Number.isSafeInteger(columns) || rows < 0 || columns < 0)
    throw new StratumError('FILE_CORRUPT', `"${place}" does not say its shape.`, 'Write the file again in the program that made it.', {
      path,
      place,
    })
  const [major, minor] = byColumns ? [columns, rows] : [rows, columns]
  const compressed = openCompressed(file, place, major, minor, {
    data: `${place}/data`,
    indices: `${place}/indices`,
    indptr: `${place}/indptr`,
  })
  return byColumns ? compressedColumns(compressed) : compressedRows(compressed)
}

/** The names of a file's matrices: X, raw/X, layers/…, obsm/… */
export function layersOf(file: H5File): string[] {
  const inside = (group: string): string[] =>
    file.kind(group) === 'group'
      ? file
          .keys(group)
          .map((key) => `${group}/${key}`)
          .filter((place) => isMatrix(file, place))
      : []
  const raw = file.kind('raw/X') !== null || file.kind('raw.X') !== null ? ['raw/X'] : []
  return [...(isMatrix(file, 'X') ? ['X'] : []), ...raw, ...inside('layers'), ...inside('obsm')]
}

function isMatrix(file: H5File, place: string): boolean {
  const kind = file.kind(place)
  if (kind === 'group') return file.kind(`${place}/indptr`) === 'dataset'
  if (kind === null) return false
  const { shape, dtype } = file.dataset(place)
  return isNumeric(dtype) && (shape.length === 2 || (place === 'X' && shape.length === 1))
}

/**
 * The place of a chosen layer: one of layersOf, 'raw', or a layer by its bare name.
 * @throws PARAMETER_INVALID naming what there is, DATA_UNSUITABLE when the file has no matrix
 */
export function placeOf(file: H5File, layer: string | undefined): string {
  const { path } = file
  if (layer === undefined || layer === 'X') {
    if (file.kind('X') !== null) return 'X'
    throw noMatrix(file)
  }
  const places =
    layer === 'raw' || layer === 'raw/X' ? ['raw/X', 'raw.X'] : layer.includes('/') ? [layer] : [`layers/${layer}`, `obsm/${layer}`]
  const known = layersOf(file)
  const found = places.find((place) => file.kind(place) !== null && (known.includes(place) || place.startsWith('raw')))
  if (found) return found
  throw new StratumError('PARAMETER_INVALID', `The file has no layer "${layer}".`, `Layers are ${known.join(', ') || 'none'}.`, { path })
}

function noMatrix(file: H5File): StratumError {
  const { path } = file
  const keys = file.keys('/')
  if (!keys.includes('obs'))
    return new StratumError(
      'FORMAT_UNSUPPORTED',
      `This HDF5 file is not AnnData: it has no matrix X, but ${keys.slice(0, 10).join(', ') || 'nothing'}.`,
      'Write it as .h5ad, .npy or CSV.',
      { path },
    )
  const layers = layersOf(file)
  if (layers.length === 0)
    return new StratumError('DATA_UNSUITABLE', 'The file has no matrix X: it is an empty AnnData.', 'Write it again with its counts.', {
      path,
    })
  return new StratumError('DATA_UNSUITABLE', 'The file has no matrix X.', `Choose one of its layers: ${layers.join(', ')}.`, { path })
}
