/** NetCDF-4: HDF5 with dimension scales. Groups are walked a few levels deep; text and compound variables are no grids and are left. */
import { StratumError } from '#common/errors.ts'
import { type H5File, openH5, toNumbers as plainNumbers } from '../../hdf5/file.ts'
import { bytesOf, type Numbers, type NumberType } from '../numbers.ts'
import type { NcAttribute, NcAttributes, NcDimension, NcFile, NcVariable } from './file.ts'

const deepestGroup = 8
const mostVariables = 20_000
/** What HDF5 and the library themselves write. */
const internal = /^(DIMENSION_LIST|REFERENCE_LIST|CLASS|NAME|_Netcdf4\w+|_NCProperties)$/

export async function openHdf5Netcdf(path: string): Promise<NcFile> {
  const file = await openH5(path)
  try {
    const variables: NcVariable[] = []
    walk(file, '', 0, variables)
    return {
      path,
      sizeBytes: file.sizeBytes,
      format: 'NetCDF-4',
      variables,
      attributes: attributesOf(file, '/'),
      linesAreDear: true,
      close: async () => file.close(),
    }
  } catch (thrown) {
    file.close()
    throw thrown
  }
}

function walk(file: H5File, group: string, depth: number, variables: NcVariable[]): void {
  for (const key of file.keys(group || '/')) {
    const place = `${group}/${key}`
    const kind = file.kind(place)
    if (kind === 'group' && depth < deepestGroup) walk(file, place, depth + 1, variables)
    if (kind !== 'dataset') continue
    if (variables.length >= mostVariables)
      throw new StratumError(
        'FORMAT_UNSUPPORTED',
        `The file holds more than ${mostVariables} variables.`,
        'Save the variables that are needed to a file of their own (ncks -v).',
        { path: file.path },
      )
    const variable = variableAt(file, place)
    if (variable) variables.push(variable)
  }
}

/** Attributes and variables of a kind that is not read (compounds, opaque bytes, other files) do not spoil the others. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (thrown) {
    if (thrown instanceof StratumError && thrown.code === 'FORMAT_UNSUPPORTED') return undefined
    throw thrown
  }
}

function variableAt(file: H5File, place: string): NcVariable | null {
  const name = place.slice(1)
  // Asked for by name it is then not found.
  const dataset = readable(() => file.dataset(place))
  if (!dataset) return null
  const stored = dataset.dtype === 'boolean' || dataset.dtype === 'enum' ? 'uint8' : dataset.dtype === 'float16' ? 'float32' : dataset.dtype
  const attributes = attributesOf(file, place)
  if (!(stored in bytesOf)) return null
  // A dimension without values of its own is stored as an empty variable of this name.
  if (/^This is a netCDF dimension but not a netCDF variable/.test(String(file.attribute(place, 'NAME') ?? ''))) return null
  return {
    name,
    type: stored as NumberType,
    attributes,
    dimensions: dataset.shape.map((size, axis) => dimensionOf(file, dataset, axis, size, name)),
    read: async (start, count) => plainNumbers(dataset.slab(start, count) as never) as Numbers,
  }
}

function dimensionOf(file: H5File, dataset: ReturnType<H5File['dataset']>, axis: number, size: number, name: string): NcDimension {
  const isScale = file.attribute(`/${name}`, 'CLASS') === 'DIMENSION_SCALE'
  if (isScale && dataset.shape.length === 1) return { name, size }
  const scale = file.attributes(`/${name}`).includes('DIMENSION_LIST') ? dataset.scales(axis)[0] : undefined
  return { name: scale?.replace(/^\//, '') ?? `${name} axis ${axis + 1}`, size }
}

function attributesOf(file: H5File, place: string): NcAttributes {
  const all = new Map<string, NcAttribute>()
  for (const name of file.attributes(place)) {
    if (internal.test(name)) continue
    const found = attributeOf(readable(() => file.attribute(place, name)))
    if (found) all.set(name, found)
  }
  return all
}

const arrayTypes: readonly (readonly [new (...args: never[]) => ArrayLike<number> | ArrayLike<bigint>, NumberType])[] = [
  [Int8Array, 'int8'],
  [Uint8Array, 'uint8'],
  [Int16Array, 'int16'],
  [Uint16Array, 'uint16'],
  [Int32Array, 'int32'],
  [Uint32Array, 'uint32'],
  [BigInt64Array, 'int64'],
  [BigUint64Array, 'uint64'],
  [Float32Array, 'float32'],
  [Float64Array, 'float64'],
]

function attributeOf(value: unknown): NcAttribute | null {
  if (typeof value === 'string') return { type: 'char', text: value.replace(/\0+$/, ''), numbers: [] }
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return { type: 'char', text: value.join(', '), numbers: [] }
  if (typeof value === 'number' || typeof value === 'bigint') return { type: 'float64', text: null, numbers: [Number(value)] }
  const type = arrayTypes.find(([Values]) => value instanceof Values)?.[1]
  return type ? { type, text: null, numbers: Array.from(value as ArrayLike<number | bigint>, Number) } : null
}
