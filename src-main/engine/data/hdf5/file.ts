/**
 * An HDF5 file through h5wasm, with the library's silent traps closed: it follows links into other files, gives uninitialised
 * memory for LZF, and allocates what a header claims. Paths are resolved here, link by link, and a dataset is checked before
 * its first read. h5wasm reads the file in place (no copy of it is made); its own memory grows to the largest read.
 */
import type { Dataset, File, Filter, Metadata } from 'h5wasm/node'
import { StratumError } from '#common/errors.ts'

export interface H5File {
  readonly path: string
  /** 'group', 'dataset', or null when there is nothing at this place. Throws FORMAT_UNSUPPORTED for a link to another file. */
  kind(place: string): 'group' | 'dataset' | null
  keys(place: string): string[]
  /** Names of the attributes of a group or dataset. */
  attributes(place: string): string[]
  dataset(place: string): H5Dataset
  attribute(place: string, name: string): unknown
  close(): void
}

export interface H5Dataset {
  readonly place: string
  readonly shape: readonly number[]
  readonly metadata: Metadata
  /** 'uint8' … 'float64', 'text', 'boolean', 'record'. */
  readonly dtype: string
  /** Rows [from, to) of the first axis, and all or [low, high) of the second. */
  read(from: number, to: number, low?: number, high?: number): unknown
  /** A block of any number of axes: `count` values along each from `start`. */
  slab(start: readonly number[], count: readonly number[]): unknown
}

type H5Module = typeof import('h5wasm/node')
type Wasm = Awaited<H5Module['ready']>

const lzfFilter = 32_000
/** deflate, shuffle, fletcher32, n-bit, scale-offset: those built into the library. */
const knownFilters = new Set([1, 2, 3, 5, 6])
/** One stored chunk is decompressed whole, inside the library's memory of 2 GB. */
const largestChunkBytes = 512 << 20
const mostLinks = 16

let loaded: Promise<{ library: H5Module; wasm: Wasm }> | undefined

async function load(): Promise<{ library: H5Module; wasm: Wasm }> {
  const library = await import('h5wasm/node')
  const wasm = await library.ready
  wasm.activate_throwing_error_handler()
  return { library, wasm }
}

/** The last line of HDF5's report that says what happened. */
function reasonOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const lines = [...text.matchAll(/in \w+\(\): (.+)$/gm)].map((match) => match[1] as string)
  return (lines.at(-1) ?? text.split('\n')[0] ?? '').slice(0, 200)
}

const rewrite = 'Write it again in Python: adata.write_h5ad("rewritten.h5ad", compression="gzip")'

export async function openH5(path: string): Promise<H5File> {
  loaded ??= load()
  const { library, wasm } = await loaded
  const guarded = <T>(place: string, work: () => T): T => {
    try {
      return work()
    } catch (thrown) {
      if (thrown instanceof StratumError) throw thrown
      const reason = reasonOf(thrown)
      if (/truncated/i.test(reason))
        throw new StratumError(
          'FILE_TRUNCATED',
          `The file ends too early: ${reason}.`,
          'The copy or download was probably cut off: fetch the file again.',
          { path, ...(place ? { place } : {}) },
          thrown,
        )
      throw new StratumError(
        'FILE_CORRUPT',
        `${place ? `"${place}" in the file` : 'The file'} cannot be read: ${reason}.`,
        'Fetch the file again, or write it again in the program that made it.',
        { path, ...(place ? { place } : {}) },
        thrown,
      )
    }
  }
  const file: File = guarded('', () => new library.File(path, 'r'))

  /** The real place of a path, with soft links followed inside the file; null when there is nothing. */
  function resolve(place: string, links = 0): string | null {
    if (links > mostLinks) throw new StratumError('FILE_CORRUPT', `The links at "${place}" run in a circle.`, rewrite, { path, place })
    const parts = place.split('/').filter((part) => part !== '' && part !== '.')
    let at = ''
    for (const [i, part] of parts.entries()) {
      if (!new library.Group(file.file_id, at || '/').keys().includes(part)) return null
      const next = `${at}/${part}`
      const type = wasm.get_type(file.file_id, next)
      if (type === wasm.H5G_UDLINK)
        throw new StratumError('FORMAT_UNSUPPORTED', `"${next}" points into another file, which is not followed.`, rewrite, {
          path,
          place: next,
        })
      if (type === wasm.H5G_LINK) {
        const target = wasm.get_symbolic_link(file.file_id, next)
        const rest = parts.slice(i + 1).join('/')
        return resolve(`${target.startsWith('/') ? target : `${at}/${target}`}/${rest}`, links + 1)
      }
      if (type === wasm.H5G_DATASET && i < parts.length - 1) return null
      if (type !== wasm.H5G_GROUP && type !== wasm.H5G_DATASET) return null
      at = next
    }
    return at || '/'
  }

  const kind = (place: string): 'group' | 'dataset' | null =>
    guarded(place, () => {
      const real = resolve(place)
      if (real === null) return null
      return real !== '/' && wasm.get_type(file.file_id, real) === wasm.H5G_DATASET ? 'dataset' : 'group'
    })

  const realPlace = (place: string): string => {
    const real = resolve(place)
    if (real === null) throw new StratumError('FILE_CORRUPT', `"${place}" is missing in the file.`, rewrite, { path, place })
    return real
  }

  return {
    path,
    kind,
    keys: (place) => guarded(place, () => new library.Group(file.file_id, realPlace(place)).keys()),
    dataset: (place) =>
      guarded(place, () => {
        if (kind(place) !== 'dataset')
          throw new StratumError('FILE_CORRUPT', `"${place}" is missing in the file, or is not an array.`, rewrite, { path, place })
        const dataset = new library.Dataset(file.file_id, realPlace(place))
        return checkedDataset(path, place, dataset, guarded)
      }),
    attributes: (place) => guarded(place, () => wasm.get_attribute_names(file.file_id, realPlace(place))),
    attribute: (place, name) =>
      guarded(place, () => {
        const real = realPlace(place)
        return wasm.get_attribute_names(file.file_id, real).includes(name)
          ? new library.Attribute(file.file_id, real, name).value
          : undefined
      }),
    close: () => void file.close(),
  }
}

function checkedDataset(path: string, place: string, dataset: Dataset, guarded: <T>(place: string, work: () => T) => T): H5Dataset {
  const { metadata } = dataset
  checkFilters(path, place, dataset.filters)
  if ((metadata.virtual_sources ?? []).length > 0)
    throw new StratumError('FORMAT_UNSUPPORTED', `"${place}" is a virtual array made of other files, which are not followed.`, rewrite, {
      path,
      place,
    })
  const chunkBytes = (metadata.chunks ?? []).reduce((product, n) => product * n, metadata.size)
  if (chunkBytes > largestChunkBytes)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `"${place}" is stored in chunks of ${Math.round(chunkBytes / 1e6)} MB; at most ${largestChunkBytes >> 20} MB can be read.`,
      rewrite,
      { path, place },
    )
  const shape = metadata.shape ?? []
  const dtype = dtypeOf(metadata)
  if (dtype === null)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `"${place}" holds values of a type that cannot be read (class ${metadata.type}, ${metadata.size} bytes).`,
      'Convert it in Python: adata.X = adata.X.astype("float32"), then write it again.',
      { path, place },
    )
  return {
    place,
    shape,
    metadata,
    dtype,
    read: (from, to, low, high) =>
      guarded(place, () => {
        const [rows = 0, columns = 0] = shape
        if (!(from >= 0 && to >= from && to <= rows) || (low !== undefined && !(low >= 0 && (high ?? 0) >= low && (high ?? 0) <= columns)))
          throw new StratumError('FILE_CORRUPT', `"${place}" has ${rows} entries, and ${from} to ${to} are asked for.`, rewrite, {
            path,
            place,
          })
        if (to === from) return []
        return dataset.slice(shape.length === 2 ? [[from, to], low === undefined ? [0, columns] : [low, high as number]] : [[from, to]])
      }),
    slab: (start, count) =>
      guarded(place, () => {
        const inside = (n: number, axis: number): boolean =>
          (start[axis] ?? -1) >= 0 && (count[axis] ?? 0) > 0 && (start[axis] ?? 0) + (count[axis] ?? 0) <= n
        if (start.length !== shape.length || count.length !== shape.length || !shape.every(inside))
          throw new StratumError(
            'FILE_CORRUPT',
            `"${place}" is ${shape.join(' × ')}, and ${count.join(' × ')} from ${start.join(', ')} is asked for.`,
            rewrite,
            {
              path,
              place,
            },
          )
        return dataset.slice(start.map((from, axis) => [from, from + (count[axis] as number)]))
      }),
  }
}

function checkFilters(path: string, place: string, filters: readonly Filter[]): void {
  for (const { id, name } of filters) {
    if (id === lzfFilter)
      throw new StratumError('FORMAT_UNSUPPORTED', `"${place}" is compressed with LZF, which cannot be read.`, rewrite, { path, place })
    if (!knownFilters.has(id))
      throw new StratumError(
        'FORMAT_UNSUPPORTED',
        `"${place}" is compressed with ${name || `filter ${id}`}, which cannot be read.`,
        rewrite,
        { path, place },
      )
  }
}

/** HDF5 classes: 0 integer, 1 float, 3 text, 6 compound, 8 enumeration. */
function dtypeOf({ type, size, signed, enum_type: members }: Metadata): string | null {
  if (type === 0 && (size === 1 || size === 2 || size === 4 || size === 8)) return `${signed ? 'int' : 'uint'}${size * 8}`
  if (type === 1 && (size === 4 || size === 8)) return `float${size * 8}`
  if (type === 3) return 'text'
  if (type === 6) return 'record'
  if (type === 8 && size === 1 && members) return 'boolean'
  return null
}

export const isNumeric = (dtype: string): boolean => /^(?:u?int|float)\d+$/.test(dtype) || dtype === 'boolean'

/** What a numeric read gives, as numbers: 64-bit integers come as BigInt. */
export function toNumbers(values: unknown): ArrayLike<number> {
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return Float64Array.from(values, Number)
  return values as ArrayLike<number>
}
