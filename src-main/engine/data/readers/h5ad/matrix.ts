/** Where the matrices of an AnnData file lie over the versions of the format, and how each is stored. */
import { StratumError } from '#common/errors.ts'
import { compressedColumns } from '../../cells/byColumns.ts'
import { denseMatrix } from '../../cells/dense.ts'
import type { RowMatrix } from '../../cells/rowMatrix.ts'
import { compressedRows, openCompressed } from '../../cells/sparse.ts'
import { type H5File, isNumeric, toNumbers } from '../../hdf5/file.ts'

/** The matrix at a place: an array, a group with data, indices and indptr, or a member of the records that obsm was before 0.7. */
export function openMatrix(file: H5File, place: string): RowMatrix {
  const [group = '', member] = place.split('/')
  if (member !== undefined && file.kind(group) === 'dataset') return recordMatrix(file, group, member)
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

/** One member of a list of records, several numbers each. Memory of a read: its records. */
function recordMatrix(file: H5File, place: string, member: string): RowMatrix {
  const dataset = file.dataset(place)
  const members = dataset.metadata.compound_type?.members ?? []
  const at = members.findIndex(({ name }) => name === member)
  const [rows = 0] = dataset.shape
  const columns = (members[at]?.array_type?.shape ?? []).reduce((product, n) => product * n, 1)

  async function read(from: number, to: number, wanted: number, position: Int32Array | null): Promise<Float32Array> {
    const X = new Float32Array((to - from) * wanted)
    for (const [i, record] of (dataset.read(from, to) as unknown[][]).entries()) {
      const values = toNumbers(record[at])
      for (let c = 0; c < columns; c++) {
        const column = position ? (position[c] as number) : c
        if (column >= 0) X[i * wanted + column] = values[c] as number
      }
    }
    return X
  }
  return {
    rows,
    columns,
    dtype: 'float32',
    storage: 'dense',
    stored: null,
    compression: dataset.filters.join(', ') || 'none',
    rowBytes: 8 * dataset.metadata.size,
    rowStep: dataset.chunk?.[0] ?? 1,
    read,
    peek: read,
    sample: () =>
      Float64Array.from((dataset.read(0, Math.min(rows, 100)) as unknown[][]).flatMap((record) => Array.from(toNumbers(record[at])))),
    close: async () => {},
  }
}

/** The names of a file's matrices: X, raw/X, layers/…, obsm/… */
export function layersOf(file: H5File): string[] {
  const members = (group: string): string[] =>
    (file.dataset(group).metadata.compound_type?.members ?? []).filter((member) => member.array_type).map(({ name }) => `${group}/${name}`)
  const inside = (group: string): string[] =>
    file.kind(group) === 'dataset'
      ? members(group)
      : file.kind(group) === 'group'
        ? file
            .keys(group)
            .map((key) => `${group}/${key}`)
            .filter((place) => isMatrix(file, place))
        : []
  const raw = file.kind('raw/X') !== null || file.kind('raw.X') !== null ? ['raw/X'] : []
  // Files without a table of cells are not AnnData's: any matrix at their root may be meant.
  const bare = file.kind('obs') === null ? file.keys('/').filter((key) => key !== 'X' && isMatrix(file, key)) : []
  return [...(isMatrix(file, 'X') ? ['X'] : []), ...bare, ...raw, ...inside('layers'), ...inside('obsm')]
}

/** What is refused when it is opened (a link into another file, an unknown compression) is no choice, and does not spoil the rest. */
export function unlessRefused<T>(otherwise: T, check: () => T): T {
  try {
    return check()
  } catch (thrown) {
    if (thrown instanceof StratumError) return otherwise
    throw thrown
  }
}

/** A list with one value for each of `rows` rows. */
export const isList = (file: H5File, place: string, rows: number): boolean =>
  unlessRefused(false, () => {
    if (file.kind(place) !== 'dataset') return false
    const { shape, dtype } = file.dataset(place)
    return shape.length === 1 && shape[0] === rows && dtype !== 'record'
  })

const isMatrix = (file: H5File, place: string): boolean =>
  unlessRefused(false, () => {
    const kind = file.kind(place)
    if (kind === 'group') return file.kind(`${place}/indptr`) === 'dataset'
    if (kind === null) return false
    const { shape, dtype } = file.dataset(place)
    return isNumeric(dtype) && (shape.length === 2 || (place === 'X' && shape.length === 1))
  })

/**
 * The place of a chosen layer: one of layersOf, 'raw', or a layer by its bare name. Without a choice X, or the only matrix of a file
 * that is not AnnData's.
 * @throws PARAMETER_INVALID naming what there is, DATA_UNSUITABLE when the file has no matrix
 */
export function placeOf(file: H5File, layer: string | undefined): string {
  const { path } = file
  if (layer === undefined || layer === 'X') {
    if (file.kind('X') !== null) return 'X'
    const only = file.kind('obs') === null ? layersOf(file) : []
    if (only.length === 1) return only[0] as string
    throw noMatrix(file)
  }
  const places =
    layer === 'raw' || layer === 'raw/X' ? ['raw/X', 'raw.X'] : layer.includes('/') ? [layer] : [`layers/${layer}`, `obsm/${layer}`, layer]
  const known = layersOf(file)
  const found = places.find((place) => (place.startsWith('raw') ? file.kind(place) !== null : known.includes(place)))
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
      layersOf(file).length > 0
        ? `Choose one of its matrices as layer: ${layersOf(file).slice(0, 20).join(', ')}.`
        : 'Write it as .h5ad, .npy or CSV.',
      { path },
    )
  const layers = layersOf(file)
  if (layers.length === 0)
    return new StratumError('DATA_UNSUITABLE', 'The file has no matrix X: it is an empty AnnData.', 'Write it again with its counts.', {
      path,
    })
  return new StratumError('DATA_UNSUITABLE', 'The file has no matrix X.', `Choose one of its layers: ${layers.join(', ')}.`, { path })
}
