/** Compression of stored chunks: which kinds the library undoes, which are undone here, and which are refused. */
import { inflateSync, zstdDecompressSync } from 'node:zlib'
import type { Filter } from 'h5wasm/node'
import { StratumError } from '#common/errors.ts'
import { decodeLzf } from './lzf.ts'

const deflate = 1
const shuffle = 2
const fletcher32 = 3
const lzf = 32_000
const zstd = 32_015

/** deflate, shuffle, fletcher32, n-bit, scale-offset: those built into the library. */
const library = new Set([deflate, shuffle, fletcher32, 5, 6])
/** Those that can be undone here, chunk by chunk. */
const own = new Set([deflate, shuffle, fletcher32, lzf, zstd])

export const rewrite = 'Write it again in Python: adata.write_h5ad("rewritten.h5ad", compression="gzip")'

/**
 * Who undoes the filters of an array. For a filter it does not know the library returns uninitialised memory without an error,
 * so this is asked before the first read.
 * @throws FORMAT_UNSUPPORTED naming the compression
 */
export function whoDecodes(path: string, place: string, filters: readonly Filter[]): 'library' | 'chunks' {
  if (filters.every(({ id }) => library.has(id))) return 'library'
  const unknown = filters.find(({ id }) => !own.has(id))
  if (!unknown) return 'chunks'
  throw new StratumError(
    'FORMAT_UNSUPPORTED',
    `"${place}" is compressed with ${unknown.name.split(';')[0] || `filter ${unknown.id}`}, which cannot be read.`,
    rewrite,
    { path, place },
  )
}

/**
 * One stored chunk as its plain bytes.
 * @param mask bit i set: filter i was left out for this chunk
 * @param size bytes of the plain chunk
 * @returns null when the stored bytes are damaged
 */
export function decodeChunk(stored: Uint8Array, filters: readonly Filter[], mask: number, size: number): Uint8Array | null {
  let bytes = stored
  for (let i = filters.length - 1; i >= 0; i--) {
    if ((mask >>> i) & 1) continue
    const decoded = undo(filters[i] as Filter, bytes, size)
    if (decoded === null) return null
    bytes = decoded
  }
  return bytes.length === size ? bytes : null
}

function undo(filter: Filter, bytes: Uint8Array, size: number): Uint8Array | null {
  // A checksum may still be inside what is decompressed.
  const maxOutputLength = size + 4
  try {
    switch (filter.id) {
      case deflate:
        return inflateSync(bytes, { maxOutputLength })
      case zstd:
        return zstdDecompressSync(bytes, { maxOutputLength })
      case lzf:
        return decodeLzf(bytes, size)
      case shuffle:
        return unshuffle(bytes, filter.cd_values[0] ?? 1)
      default:
        return checked(bytes)
    }
  } catch {
    // zlib says of damaged bytes that they are damaged; where they lie is known to the caller.
    return null
  }
}

/** All first bytes, then all second bytes …, back to whole values; what does not fill a value stays as it is. */
function unshuffle(bytes: Uint8Array, width: number): Uint8Array {
  const n = Math.floor(bytes.length / width)
  if (width <= 1 || n <= 1) return bytes
  const out = new Uint8Array(bytes.length)
  for (let k = 0; k < width; k++) {
    for (let i = 0, from = k * n, to = k; i < n; i++, to += width) out[to] = bytes[from + i] as number
  }
  out.set(bytes.subarray(n * width), n * width)
  return out
}

/** Fletcher's checksum over 16-bit words, as HDF5 counts it, stands behind the bytes. */
function checked(bytes: Uint8Array): Uint8Array | null {
  const size = bytes.length - 4
  if (size < 0) return null
  let low = 0
  let high = 0
  for (let i = 0; i + 1 < size; i += 2) {
    low = (low + (((bytes[i] as number) << 8) | (bytes[i + 1] as number))) % 65_535
    high = (high + low) % 65_535
  }
  if (size % 2 === 1) {
    low = (low + ((bytes[size - 1] as number) << 8)) % 65_535
    high = (high + low) % 65_535
  }
  const stated = new DataView(bytes.buffer, bytes.byteOffset + size, 4).getUint32(0, true)
  // Sums that are 0 may stand as 65535, which is the same number here.
  const same = (a: number, b: number): boolean => a % 65_535 === b % 65_535
  return same(stated & 0xffff, low) && same(stated >>> 16, high) ? bytes.subarray(0, size) : null
}
