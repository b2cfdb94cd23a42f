/** Opens an .npz: one array is the matrix, arrays of one value per row go along as labels; or a sparse matrix of SciPy. */
import { StratumError } from '#common/errors.ts'
import { isLabelName } from '../../columns/names.ts'
import type { OpenSource } from '../../dataset.ts'
import { type RandomAccessFile, openRandomAccess } from '../randomAccess.ts'
import { toLabels } from './decode.ts'
import { type ByteReader, type NpyHeader, readNpyHeader } from './header.ts'
import { cubeSource } from './cube.ts'
import type { Layout } from './layout.ts'
import { type MatrixFile, matrixSource } from './matrix.ts'
import { type ReadableArray, inRowOrder, jumping } from './order.ts'
import { sparseSource } from './sparse.ts'
import { type ZipEntry, openEntry, readZipDirectory } from './zip.ts'

interface NamedArray {
  readonly name: string
  readonly header: NpyHeader
  readonly entry: ZipEntry
  readonly open: () => ByteReader
}

const usualNames = ['X', 'x', 'features', 'embeddings', 'embedding', 'activations', 'vectors', 'data', 'arr_0', 'x_train', 'X_train']

export async function openNpz(path: string, wanted: string | undefined, layout: Layout): Promise<OpenSource> {
  const file = await openRandomAccess(path)
  try {
    return await openArrays(file, wanted, layout)
  } catch (thrown) {
    await file.close()
    throw thrown
  }
}

async function openArrays(file: RandomAccessFile, wanted: string | undefined, layout: Layout): Promise<OpenSource> {
  const { path } = file
  const entries = (await readZipDirectory(file)).filter((entry) => entry.name.endsWith('.npy'))
  if (entries.length === 0)
    throw new StratumError('FORMAT_UNKNOWN', 'The archive holds no NumPy arrays.', 'Save arrays with numpy.savez("x.npz", X=X, y=y).', {
      path,
    })
  const names = entries.map((entry) => entry.name.slice(0, -4))
  const arrays: NamedArray[] = []
  const unreadable: StratumError[] = []
  for (const entry of entries) {
    try {
      const open = await openEntry(file, entry)
      const name = entry.name.slice(0, -4)
      arrays.push({ name, entry, open, header: await readNpyHeader(open(), path, name) })
    } catch (thrown) {
      // An object array beside the matrix does no harm as long as it is not the one wanted.
      if (!(thrown instanceof StratumError) || thrown.code !== 'FORMAT_UNSUPPORTED' || entry.name === `${wanted}.npy`) throw thrown
      unreadable.push(thrown)
    }
  }
  if (wanted === undefined && isSparse(names)) {
    if (unreadable[0]) throw unreadable[0]
    return sparseSource({ path, sizeBytes: file.size, arrays, close: () => file.close() })
  }
  const matrix = choose(arrays, wanted, path, names, unreadable)
  const { shape } = matrix.header
  const rows = layout === 'vectors' || layout === 'table' ? rowsOf(shape) : pixelsOf(shape, layout)
  const labels = arrays.filter((array) => array !== matrix && isLabel(array.header, shape, rows, layout))
  const readable = readableArray(matrix, layout, path)
  const described: MatrixFile = {
    path,
    sizeBytes: file.size,
    format: 'npz',
    formatTitle: 'NumPy archive',
    header: readable.header,
    open: readable.open,
    kind: layout === 'table' ? 'table' : 'embedding',
    metadataFields: labels.map((label) => label.name),
    labelFields: labels.map((label) => label.name).filter((name) => isLabelName(name)),
    async metadata(field) {
      const label = labels.find((candidate) => candidate.name === field)
      if (!label)
        throw new StratumError(
          'PARAMETER_INVALID',
          `There is no label array called "${field}".`,
          `Label arrays are ${labels.map(({ name }) => name).join(', ') || 'none'}.`,
          { path, field },
        )
      return toLabels(await label.open().read(label.header.dataOffset, rows * label.header.itemBytes), label.header)
    },
    details: { array: matrix.name, arrays: names.slice(0, 100).join(', ') },
    close: () => file.close(),
  }
  return layout === 'vectors' || layout === 'table' ? matrixSource(described) : cubeSource(described, layout)
}

/** CSR, CSC or COO of SciPy. */
const isSparse = (names: readonly string[]): boolean =>
  ['data', 'shape'].every((name) => names.includes(name)) &&
  (['indices', 'indptr'].every((name) => names.includes(name)) || ['row', 'col'].every((name) => names.includes(name)))

const rowsOf = (shape: readonly number[]): number =>
  shape.length === 1 ? (shape[0] as number) : shape.slice(0, -1).reduce((product, dim) => product * dim, 1)

const pixelsOf = (shape: readonly number[], layout: Layout): number =>
  layout === 'image' ? (shape[0] ?? 0) * (shape[1] ?? 0) : (shape[1] ?? 0) * (shape[2] ?? 0)

function choose(
  arrays: readonly NamedArray[],
  wanted: string | undefined,
  path: string,
  names: readonly string[],
  unreadable: readonly StratumError[],
): NamedArray {
  const numeric = arrays.filter((array) => array.header.dtype !== null && array.header.shape.length > 0)
  if (wanted !== undefined) {
    const found = numeric.find((array) => array.name === wanted)
    if (!found)
      throw new StratumError(
        'PARAMETER_INVALID',
        `There is no numeric array called "${wanted}".`,
        `The archive holds ${names.join(', ')}.`,
        { path },
      )
    return found
  }
  const byName = usualNames.map((name) => numeric.find((array) => array.name === name)).find((array) => array !== undefined)
  const found = byName ?? numeric.find((array) => array.header.shape.length >= 2) ?? numeric[0]
  if (found) return found
  throw (
    unreadable[0] ??
    new StratumError('DATA_UNSUITABLE', 'The archive holds no array of numbers.', 'Save one with numpy.savez("x.npz", X=X).', { path })
  )
}

/** One value per row: (n) or (n, 1); of an image a map (height, width) does as well. */
function isLabel({ shape, fortran }: NpyHeader, matrix: readonly number[], rows: number, layout: Layout): boolean {
  if (shape.length === 1) return shape[0] === rows
  if (shape.length === 2 && shape[0] === rows && shape[1] === 1) return true
  if (layout === 'vectors' || layout === 'table' || fortran) return false
  const [height, width] = layout === 'image' ? matrix : matrix.slice(1)
  return shape[0] === height && shape[1] === width && (shape.length === 2 || (shape.length === 3 && shape[2] === 1))
}

/** Bands and times lie far from each other in the file, and so do the columns of Fortran order: a compressed entry cannot be read so. */
function readableArray(array: NamedArray, layout: Layout, path: string): ReadableArray {
  const { header, entry } = array
  const isCube = layout !== 'vectors' && layout !== 'table'
  const jumps = isCube || (header.fortran && header.shape.length === 2)
  const turned = inRowOrder(array, array.name, path, isCube ? 1 : 2)
  return turned !== array || !jumps || entry.method === 0 ? turned : jumping(array, array.name, path)
}
