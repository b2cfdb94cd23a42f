/** Opens an .npz: one array is the matrix, one-dimensional arrays of as many rows go along as labels. */
import { StratumError } from '#common/errors.ts'
import type { OpenSource } from '../../dataset.ts'
import { type RandomAccessFile, openRandomAccess } from '../randomAccess.ts'
import { toLabels } from './decode.ts'
import { type ByteReader, type NpyHeader, readNpyHeader } from './header.ts'
import { matrixSource } from './matrix.ts'
import { type ZipEntry, openEntry, readZipDirectory } from './zip.ts'

interface NamedArray {
  readonly name: string
  readonly header: NpyHeader
  readonly entry: ZipEntry
  readonly open: () => ByteReader
}

const usualNames = ['X', 'x', 'features', 'embeddings', 'embedding', 'activations', 'vectors', 'data', 'arr_0', 'x_train', 'X_train']
/** Fortran order needs jumps, which a compressed entry does not allow: up to here it is unpacked into memory. */
const mostUnpackedBytes = 512 << 20

export async function openNpz(path: string, wanted: string | undefined): Promise<OpenSource> {
  const file = await openRandomAccess(path)
  try {
    return await openArrays(file, wanted)
  } catch (thrown) {
    await file.close()
    throw thrown
  }
}

async function openArrays(file: RandomAccessFile, wanted: string | undefined): Promise<OpenSource> {
  const { path } = file
  const entries = (await readZipDirectory(file)).filter((entry) => entry.name.endsWith('.npy'))
  if (entries.length === 0)
    throw new StratumError('FORMAT_UNKNOWN', 'The archive holds no NumPy arrays.', 'Save arrays with numpy.savez("x.npz", X=X, y=y).', {
      path,
    })
  const names = entries.map((entry) => entry.name.slice(0, -4))
  if (['indices', 'indptr', 'shape', 'data'].every((name) => names.includes(name)))
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      'This is a sparse matrix of SciPy.',
      'Save it dense with numpy.save, or as .h5ad for single-cell counts.',
      { path },
    )
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
  const matrix = choose(arrays, wanted, path, names, unreadable)
  const rows =
    matrix.header.shape.length === 1 ? matrix.header.shape[0] : matrix.header.shape.slice(0, -1).reduce((product, dim) => product * dim, 1)
  const labels = arrays.filter((array) => array !== matrix && isLabel(array.header, rows as number))
  return matrixSource({
    path,
    sizeBytes: file.size,
    format: 'npz',
    formatTitle: 'NumPy archive',
    header: matrix.header,
    open: await jumping(matrix, path),
    metadataFields: labels.map((label) => label.name),
    async metadata(field) {
      const label = labels.find((candidate) => candidate.name === field)
      if (!label)
        throw new StratumError(
          'PARAMETER_INVALID',
          `There is no label array called "${field}".`,
          `Label arrays are ${labels.map(({ name }) => name).join(', ') || 'none'}.`,
          { path, field },
        )
      return toLabels(await label.open().read(label.header.dataOffset, (rows as number) * label.header.itemBytes), label.header)
    },
    details: { array: matrix.name, arrays: names.join(', ') },
    close: () => file.close(),
  })
}

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

/** One value per row: (n) or (n, 1). */
const isLabel = ({ shape }: NpyHeader, rows: number): boolean =>
  shape[0] === rows && (shape.length === 1 || (shape.length === 2 && shape[1] === 1))

async function jumping(array: NamedArray, path: string): Promise<() => ByteReader> {
  const { header, entry, open } = array
  if (!header.fortran || header.shape.length < 2 || entry.method === 0) return open
  if (entry.size > mostUnpackedBytes)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `${array.name} is a compressed array in Fortran order of ${Math.round(entry.size / 1e6)} MB, which cannot be read in parts.`,
      'Save it in C order: numpy.savez("x.npz", X=numpy.ascontiguousarray(X))',
      { path },
    )
  let bytes: Promise<Uint8Array<ArrayBuffer>> | undefined
  return () => ({
    size: entry.size,
    async read(offset, length) {
      bytes ??= open().read(0, entry.size)
      return (await bytes).slice(offset, offset + length)
    },
  })
}
