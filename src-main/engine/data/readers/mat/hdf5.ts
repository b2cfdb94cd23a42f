/** MATLAB 7.3: an HDF5 file whose arrays have their axes in reverse; class and sparseness are attributes. Also plain HDF5 called .mat. */
import { type H5File, isNumeric, openH5, toNumbers as plainNumbers } from '../../hdf5/file.ts'
import { StratumError } from '#common/errors.ts'
import { type NumberType, type Numbers, bytesOf } from '../numbers.ts'
import { type MatArray, type MatFile, sizeOf, withoutTrailing } from './arrays.ts'
import { sparseArray } from './sparse.ts'

const mostVariables = 10_000

export async function openLevel73(path: string): Promise<MatFile> {
  const file = await openH5(path)
  try {
    const names = file.keys('/').filter((name) => !name.startsWith('#'))
    if (names.length > mostVariables)
      throw new StratumError(
        'FILE_CORRUPT',
        `There are ${names.length} arrays in the file, more than ${mostVariables}.`,
        'Save the arrays that are needed to a file of their own.',
        { path },
      )
    const arrays: MatArray[] = []
    const left: { name: string; reason: string }[] = []
    for (const name of names) {
      const found = describe(file, name)
      if ('reason' in found) left.push(found)
      else arrays.push(found)
    }
    return { arrays, left, version: '7.3', sizeBytes: file.sizeBytes, close: async () => file.close() }
  } catch (thrown) {
    file.close()
    throw thrown
  }
}

const numbersOf = (values: unknown): Numbers => plainNumbers(values as never) as Numbers

function describe(file: H5File, name: string): MatArray | { name: string; reason: string } {
  const kind = file.kind(name)
  if (kind === null) return { name, reason: 'leads nowhere' }
  const attributes = new Set(file.attributes(name))
  const matlabClass = attributes.has('MATLAB_class') ? String(file.attribute(name, 'MATLAB_class')) : null
  if (kind === 'group') {
    if (!attributes.has('MATLAB_sparse') || file.kind(`${name}/jc`) !== 'dataset') return { name, reason: 'is a structure' }
    return sparse(file, name, Number(file.attribute(name, 'MATLAB_sparse')), matlabClass === 'logical')
  }
  if (Number(attributes.has('MATLAB_empty') ? file.attribute(name, 'MATLAB_empty') : 0) !== 0) return { name, reason: 'is empty' }
  if (matlabClass === 'cell') return { name, reason: 'is a cell array' }
  if (matlabClass === 'struct' || matlabClass === 'function_handle') return { name, reason: 'is a structure' }
  const dataset = file.dataset(name)
  if (dataset.dtype === 'record') return { name, reason: 'holds complex numbers or records' }
  if (!isNumeric(dataset.dtype)) return { name, reason: `holds ${dataset.dtype}` }
  const dims = withoutTrailing([...dataset.shape].reverse())
  while (dims.length < 2) dims.push(1)
  if (sizeOf(dims) === 0) return { name, reason: 'is empty' }
  const stored = dataset.dtype === 'boolean' ? 'uint8' : dataset.dtype === 'float16' ? 'float32' : dataset.dtype
  if (!(stored in bytesOf)) return { name, reason: `holds ${dataset.dtype}` }
  const axes = dataset.shape.length
  return {
    name,
    type: matlabClass === 'char' ? 'char' : (stored as NumberType),
    logical: matlabClass === 'logical' || dataset.dtype === 'boolean',
    sparse: false,
    dims,
    async read(low, high) {
      const start = Array.from({ length: axes }, (_, i) => low[axes - 1 - i] ?? 0)
      const end = Array.from({ length: axes }, (_, i) => high[axes - 1 - i] ?? 1)
      return numbersOf(
        dataset.slab(
          start,
          end.map((to, i) => to - (start[i] as number)),
        ),
      )
    },
  }
}

function sparse(file: H5File, name: string, height: number, logical: boolean): MatArray | { name: string; reason: string } {
  const starts = file.dataset(`${name}/jc`)
  const width = Math.max(0, (starts.shape[0] ?? 0) - 1)
  if (!Number.isSafeInteger(height) || height < 1 || width < 1) return { name, reason: 'is empty' }
  // A matrix without values has no lists of them.
  const part = (what: string) => (file.kind(`${name}/${what}`) === 'dataset' ? file.dataset(`${name}/${what}`) : null)
  const [rows, values] = [part('ir'), part('data')]
  if (rows && values && !isNumeric(values.dtype)) return { name, reason: 'holds complex numbers' }
  const all = async (dataset: ReturnType<typeof part>): Promise<Numbers> =>
    dataset ? numbersOf(dataset.slab([0], [dataset.shape[0] ?? 0])) : new Float64Array(0)
  return sparseArray(name, [height, width], logical, {
    bytes: ((rows?.shape[0] ?? 0) + (values?.shape[0] ?? 0) + width) * 8,
    rows: () => all(rows),
    starts: () => all(starts),
    values: () => all(values),
    wrong: (what) =>
      new StratumError('FILE_CORRUPT', `The sparse matrix "${name}" is damaged: ${what}.`, 'Save it again in MATLAB.', {
        path: file.path,
        place: name,
      }),
  })
}
