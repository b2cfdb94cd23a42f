/**
 * An HDF5 file through h5wasm, with the library's silent traps closed: it follows links into other files, gives uninitialised
 * memory for compressions it does not know, reads arrays kept in other files, and allocates what a header claims. Paths are resolved
 * here, link by link; an array is checked before its first read; LZF and Zstandard are undone from the stored chunks.
 * h5wasm reads the file in place; a read goes through its memory in pieces of 32 MB.
 */
import { closeSync, fstatSync, openSync } from 'node:fs'
import type { File, Metadata } from 'h5wasm/node'
import { StratumError } from '#common/errors.ts'
import { addressOf, openDataset } from './dataset.ts'
import { rewrite } from './filters.ts'
import { guardOf, type Library, loadLibrary } from './library.ts'
import { openStructure, type Structure } from './structure.ts'
import { checkAttribute } from './texts.ts'
import type { Values } from './values.ts'

export { isNumeric, type NumericArray, toNumbers, type Values } from './values.ts'

export interface H5File {
  readonly path: string
  readonly sizeBytes: number
  /** 'group', 'dataset', or null when there is nothing at this place. Throws FORMAT_UNSUPPORTED for a link to another file. */
  kind(place: string): 'group' | 'dataset' | null
  keys(place: string): string[]
  /** The array at a place. Throws FILE_CORRUPT when there is none, FORMAT_UNSUPPORTED when it cannot be read safely. */
  dataset(place: string): H5Dataset
  /** Names of the attributes of a group or dataset. */
  attributes(place: string): string[]
  /** undefined when there is no such attribute. Booleans come as 0 and 1. */
  attribute(place: string, name: string): unknown
  close(): void
}

export interface H5Dataset {
  readonly place: string
  /** Empty for a single value. */
  readonly shape: readonly number[]
  readonly metadata: Metadata
  /** 'uint8' … 'uint64', 'float16' … 'float64', 'text', 'boolean', 'enum', 'record'. */
  readonly dtype: string
  /** Shape of a stored piece; null when the array is stored in one. Reads along whole pieces are the fastest. */
  readonly chunk: readonly number[] | null
  /** Names of its compressions, as stored. */
  readonly filters: readonly string[]
  /** Rows [from, to) of the first axis; of the second axis all or [low, high); all of further ones. Memory: the values, and 32 MB. */
  read(from: number, to: number, low?: number, high?: number): Values
  /** A block of any number of axes: `count` values along each from `start`. */
  slab(start: readonly number[], count: readonly number[]): Values
  /** Places of the dimension scales attached to an axis (NetCDF's coordinates). */
  scales(axis: number): string[]
}

const mostLinks = 16
/** Integers, floats, texts of fixed length, enumerations: what needs no heap. */
const plainClasses = new Set([0, 1, 3, 8])

/** Throws FILE_NOT_FOUND …, FILE_CORRUPT and FILE_TRUNCATED when it is not a sound HDF5 file. */
export async function openH5(path: string): Promise<H5File> {
  const library = await loadLibrary()
  const handle = openSync(path, 'r')
  const sizeBytes = fstatSync(handle).size
  closeSync(handle)
  const guard = guardOf(path)
  const file: File = guard('', () => new library.module.File(path, 'r'))
  let structure: Structure
  try {
    structure = openStructure(path)
  } catch (thrown) {
    file.close()
    throw thrown
  }
  const { kind, realPlace } = places(library, file, path)
  let open = true

  return {
    path,
    sizeBytes,
    kind: (place) => guard(place, () => kind(place)),
    keys: (place) => guard(place, () => new library.module.Group(file.file_id, realPlace(place)).keys()),
    dataset: (place) =>
      guard(place, () => {
        if (kind(place) !== 'dataset')
          throw new StratumError('FILE_CORRUPT', `"${place}" is missing in the file, or is not an array.`, rewrite, { path, place })
        return openDataset({ path, sizeBytes, place, real: realPlace(place), file, library, structure, guard })
      }),
    attributes: (place) => guard(place, () => library.wasm.get_attribute_names(file.file_id, realPlace(place))),
    attribute: (place, name) =>
      guard(place, () => {
        const real = realPlace(place)
        if (!library.wasm.get_attribute_names(file.file_id, real).includes(name)) return undefined
        const { type, vlen } = library.wasm.get_attribute_metadata(file.file_id, real, name)
        if (vlen || !plainClasses.has(type)) checkAttribute(structure, structure.messages(addressOf({ library, file, real })), name)
        return new library.module.Attribute(file.file_id, real, name).value
      }),
    close() {
      if (!open) return
      open = false
      structure.close()
      file.close()
    },
  }
}

/** Names at the root, to tell formats apart; none when the file cannot be opened (opening it says why). */
export async function rootKeys(path: string): Promise<string[]> {
  try {
    const file = await openH5(path)
    try {
      return file.keys('/')
    } finally {
      file.close()
    }
  } catch (thrown) {
    if (thrown instanceof StratumError) return []
    throw thrown
  }
}

/** Places by their real paths: links are followed here, one by one and only inside the file. */
function places({ module, wasm }: Library, file: File, path: string) {
  /** Listed once: files are only read, and a list is asked for with every step of every path. */
  const lists = new Map<string, ReadonlySet<string>>()
  const names = (group: string): ReadonlySet<string> => {
    const known = lists.get(group) ?? new Set(new module.Group(file.file_id, group).keys())
    lists.set(group, known)
    return known
  }

  /** null when there is nothing. */
  function resolve(place: string, links = 0): string | null {
    if (links > mostLinks) throw new StratumError('FILE_CORRUPT', `The links at "${place}" run in a circle.`, rewrite, { path, place })
    const parts = place.split('/').filter((part) => part !== '' && part !== '.')
    let at = ''
    for (const [i, part] of parts.entries()) {
      if (!names(at || '/').has(part)) return null
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

  return {
    kind(place: string): 'group' | 'dataset' | null {
      const real = resolve(place)
      if (real === null) return null
      return real !== '/' && wasm.get_type(file.file_id, real) === wasm.H5G_DATASET ? 'dataset' : 'group'
    },
    realPlace(place: string): string {
      const real = resolve(place)
      if (real === null) throw new StratumError('FILE_CORRUPT', `"${place}" is missing in the file.`, rewrite, { path, place })
      return real
    },
  }
}
