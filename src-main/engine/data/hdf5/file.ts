/**
 * An HDF5 file through h5wasm, with the library's silent traps closed: it follows links into other files, gives uninitialised
 * memory for compressions it does not know, reads arrays kept in other files, and allocates what a header claims. Paths are resolved
 * here, link by link; an array is checked before its first read; LZF and Zstandard are undone from the stored chunks.
 * h5wasm reads the file in place; a read goes through its memory in pieces of 32 MB.
 */
import { closeSync, fstatSync, openSync } from 'node:fs'
import type { Metadata } from 'h5wasm/node'
import { StratumError } from '#common/errors.ts'
import { attributeValue } from './attribute.ts'
import { openRandomAccess } from '../readers/randomAccess.ts'
import { openDataset } from './dataset.ts'
import { rewrite } from './filters.ts'
import { type Library, openInLibrary } from './library.ts'
import { openStructure, type Structure } from './structure.ts'
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

/** What `make` makes of a file that stays open; closed again when that fails. Throws as openH5 does. */
export async function withOpenH5<T>(path: string, make: (file: H5File) => T): Promise<T> {
  // Says what is wrong with the file itself: missing, empty, a folder.
  await (await openRandomAccess(path)).close()
  const file = await openH5(path)
  try {
    return make(file)
  } catch (thrown) {
    file.close()
    throw thrown
  }
}

/** Throws FILE_NOT_FOUND …, FILE_CORRUPT and FILE_TRUNCATED when it is not a sound HDF5 file. */
export async function openH5(path: string): Promise<H5File> {
  const handle = openSync(path, 'r')
  const sizeBytes = fstatSync(handle).size
  closeSync(handle)
  const { library, fileId, guard, close } = await openInLibrary(path)
  let structure: Structure
  try {
    structure = openStructure(path)
  } catch (thrown) {
    close()
    throw thrown
  }
  const { kind, realPlace } = places(library, fileId, path)

  return {
    path,
    sizeBytes,
    kind: (place) => guard(place, () => kind(place)),
    keys: (place) => guard(place, () => library.get_names(fileId, realPlace(place), false)),
    dataset: (place) =>
      guard(place, () => {
        if (kind(place) !== 'dataset')
          throw new StratumError('FILE_CORRUPT', `"${place}" is missing in the file, or is not an array.`, rewrite, { path, place })
        return openDataset({ path, sizeBytes, place, real: realPlace(place), fileId, library, structure, guard })
      }),
    attributes: (place) => guard(place, () => library.get_attribute_names(fileId, realPlace(place))),
    attribute: (place, name) => guard(place, () => attributeValue({ library, fileId, real: realPlace(place), structure }, name)),
    close() {
      close()
      structure.close()
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
function places(library: Library, fileId: bigint, path: string) {
  /** Listed once: files are only read, and a list is asked for with every step of every path. */
  const lists = new Map<string, ReadonlySet<string>>()
  const names = (group: string): ReadonlySet<string> => {
    const known = lists.get(group) ?? new Set(library.get_names(fileId, group, false))
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
      const type = library.get_type(fileId, next)
      if (type === library.H5G_UDLINK)
        throw new StratumError('FORMAT_UNSUPPORTED', `"${next}" points into another file, which is not followed.`, rewrite, {
          path,
          place: next,
        })
      if (type === library.H5G_LINK) {
        const target = library.get_symbolic_link(fileId, next)
        const rest = parts.slice(i + 1).join('/')
        return resolve(`${target.startsWith('/') ? target : `${at}/${target}`}/${rest}`, links + 1)
      }
      if (type === library.H5G_DATASET && i < parts.length - 1) return null
      if (type !== library.H5G_GROUP && type !== library.H5G_DATASET) return null
      at = next
    }
    return at || '/'
  }

  return {
    kind(place: string): 'group' | 'dataset' | null {
      const real = resolve(place)
      if (real === null) return null
      return real !== '/' && library.get_type(fileId, real) === library.H5G_DATASET ? 'dataset' : 'group'
    },
    realPlace(place: string): string {
      const real = resolve(place)
      if (real === null) throw new StratumError('FILE_CORRUPT', `"${place}" is missing in the file.`, rewrite, { path, place })
      return real
    },
  }
}
