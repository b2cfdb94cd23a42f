/**
 * Reads the stored chunks of an array by their addresses, for compressions that the library cannot undo.
 * Chunk indexes: B-trees of version 1 (what h5py writes unless told otherwise), a single chunk, and arrays of fixed size.
 * Memory: the index (32 bytes a chunk) and 32 MB of decoded chunks.
 */
import type { Filter } from 'h5wasm/node'
import { StratumError } from '#common/errors.ts'
import { decodeChunk, rewrite } from './filters.ts'
import { damaged, messageTypes, type Structure, unsigned } from './structure.ts'

export interface ChunkedArray {
  readonly shape: readonly number[]
  readonly chunk: readonly number[]
  /** Bytes of one value as stored. */
  readonly valueBytes: number
  readonly filters: readonly Filter[]
}

/** Where the chunks lie, by their number in row-major order of the grid of chunks, ascending. */
interface ChunkIndex {
  readonly number: number[]
  readonly address: number[]
  readonly bytes: number[]
  readonly mask: number[]
}

const mostChunks = 1 << 22
const mostCachedBytes = 32 << 20
/** Levels of a B-tree; each holds at least two entries a node. */
const mostLevels = 24

/** @returns a function that reads a block of the array as its stored bytes, in the order of the array */
export function openChunks(
  path: string,
  place: string,
  structure: Structure,
  address: number,
  array: ChunkedArray,
): (start: readonly number[], count: readonly number[]) => Uint8Array {
  const { shape, chunk, valueBytes, filters } = array
  const rank = shape.length
  const grid = shape.map((n, axis) => Math.ceil(n / (chunk[axis] as number)))
  const chunkBytes = chunk.reduce((product, n) => product * n, valueBytes)
  const messages = structure.messages(address)
  const index = chunkIndex(path, place, structure, messages, grid, array, chunkBytes)
  const fill = fillValue(messages, valueBytes)
  const cache = new Map<number, Uint8Array>()

  function decoded(number: number): Uint8Array | null {
    const known = cache.get(number)
    if (known) {
      cache.delete(number)
      cache.set(number, known)
      return known
    }
    const at = find(index.number, number)
    if (at < 0) return null
    const stored = structure.read(index.address[at] as number, index.bytes[at] as number)
    const bytes = decodeChunk(new Uint8Array(stored.buffer), filters, index.mask[at] as number, chunkBytes)
    if (bytes === null)
      throw new StratumError('FILE_CORRUPT', `A compressed piece of "${place}" is damaged.`, 'Fetch the file again.', {
        path,
        place,
        byte: index.address[at] as number,
      })
    while (cache.size > 0 && (cache.size + 1) * chunkBytes > mostCachedBytes) cache.delete(cache.keys().next().value as number)
    cache.set(number, bytes)
    return bytes
  }

  return (start, count) => {
    const out = new Uint8Array(count.reduce((product, n) => product * n, valueBytes))
    const first = start.map((from, axis) => Math.floor(from / (chunk[axis] as number)))
    const last = start.map((from, axis) => Math.floor((from + (count[axis] as number) - 1) / (chunk[axis] as number)))
    const at = [...first]
    for (;;) {
      const number = at.reduce((sum, i, axis) => sum * (grid[axis] as number) + i, 0)
      copyChunk(decoded(number), at, start, count, out)
      let axis = rank - 1
      while (axis >= 0 && at[axis] === last[axis]) {
        at[axis] = first[axis] as number
        axis--
      }
      if (axis < 0) return out
      at[axis] = (at[axis] as number) + 1
    }
  }

  /** The part of a chunk that lies in the block, a run of the last axis at a time. */
  function copyChunk(
    bytes: Uint8Array | null,
    at: readonly number[],
    start: readonly number[],
    count: readonly number[],
    out: Uint8Array,
  ): void {
    const low = at.map((i, axis) => Math.max(i * (chunk[axis] as number), start[axis] as number))
    const high = at.map((i, axis) => Math.min((i + 1) * (chunk[axis] as number), (start[axis] as number) + (count[axis] as number)))
    const run = ((high[rank - 1] as number) - (low[rank - 1] as number)) * valueBytes
    const position = [...low]
    for (;;) {
      let from = 0
      let to = 0
      for (let axis = 0; axis < rank; axis++) {
        const p = position[axis] as number
        from = from * (chunk[axis] as number) + p - (at[axis] as number) * (chunk[axis] as number)
        to = to * (count[axis] as number) + p - (start[axis] as number)
      }
      if (bytes) out.set(bytes.subarray(from * valueBytes, from * valueBytes + run), to * valueBytes)
      else if (fill) for (let k = 0; k < run; k++) out[to * valueBytes + k] = fill[k % valueBytes] as number
      let axis = rank - 2
      while (axis >= 0 && (position[axis] as number) + 1 === high[axis]) {
        position[axis] = low[axis] as number
        axis--
      }
      if (axis < 0) return
      position[axis] = (position[axis] as number) + 1
    }
  }
}

function find(sorted: readonly number[], wanted: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const value = sorted[middle] as number
    if (value === wanted) return middle
    if (value < wanted) low = middle + 1
    else high = middle - 1
  }
  return -1
}

type Messages = ReturnType<Structure['messages']>

function chunkIndex(
  path: string,
  place: string,
  structure: Structure,
  messages: Messages,
  grid: readonly number[],
  array: ChunkedArray,
  chunkBytes: number,
): ChunkIndex {
  const layout = messages.find((message) => message.type === messageTypes.layout)?.data
  if (!layout || layout.byteLength < 4) throw damaged(path, `"${place}" does not say where it is stored`)
  const version = layout.getUint8(0)
  const index: ChunkIndex = { number: [], address: [], bytes: [], mask: [] }
  const add = (number: number, address: number, bytes: number, mask: number): void => {
    if (index.number.length >= mostChunks) throw unsupported(path, place, `is stored in more than ${mostChunks} pieces`)
    // A compressed piece may be longer than plain, but only by a little.
    if (bytes < 0 || bytes > chunkBytes * 2 + 1024) throw damaged(path, `a piece of "${place}" claims ${bytes} bytes`, address)
    index.number.push(number)
    index.address.push(address)
    index.bytes.push(bytes)
    index.mask.push(mask)
  }
  if (version === 3 && layout.getUint8(1) === 2) {
    const root = unsigned(layout, 3, structure.addressBytes)
    if (root >= 0) walkTree(path, place, structure, root, array, grid, add)
  } else if ((version === 4 || version === 5) && layout.getUint8(1) === 2)
    modernIndex(path, place, structure, layout, grid, chunkBytes, add)
  else throw unsupported(path, place, `is stored in layout ${version}`)
  return sorted(index)
}

const unsupported = (path: string, place: string, what: string): StratumError =>
  new StratumError('FORMAT_UNSUPPORTED', `"${place}" ${what}, which cannot be read together with its compression.`, rewrite, {
    path,
    place,
  })

type Add = (number: number, address: number, bytes: number, mask: number) => void

function walkTree(
  path: string,
  place: string,
  structure: Structure,
  root: number,
  { shape, chunk }: ChunkedArray,
  grid: readonly number[],
  add: Add,
): void {
  const { addressBytes } = structure
  const keyBytes = 8 + 8 * (shape.length + 1)
  const headBytes = 8 + 2 * addressBytes
  const visited = new Set<number>()
  function node(address: number, level: number): void {
    if (visited.has(address)) throw damaged(path, `the index of "${place}" runs in a circle`, address)
    visited.add(address)
    const head = structure.read(address, headBytes)
    const sound = head.getUint32(0, false) === 0x54524545 && head.getUint8(4) === 1 && (level < 0 || head.getUint8(5) === level)
    if (!sound) throw damaged(path, `the index of "${place}" is broken`, address)
    const depth = head.getUint8(5)
    if (depth > mostLevels) throw damaged(path, `the index of "${place}" is ${depth} levels deep`, address)
    const entries = head.getUint16(6, true)
    const body = structure.read(address + headBytes, entries * (keyBytes + addressBytes))
    for (let i = 0; i < entries; i++) {
      const at = i * (keyBytes + addressBytes)
      const child = unsigned(body, at + keyBytes, addressBytes)
      if (depth > 0) {
        node(child, depth - 1)
        continue
      }
      let number = 0
      for (let axis = 0; axis < shape.length; axis++) {
        const position = Number(body.getBigUint64(at + 8 + 8 * axis, true)) / (chunk[axis] as number)
        if (!Number.isInteger(position)) throw damaged(path, `a piece of "${place}" lies between its places`, address)
        // Pieces behind the end stay in files of arrays that have shrunk.
        number = position >= (grid[axis] as number) ? Number.NaN : number * (grid[axis] as number) + position
      }
      if (!Number.isNaN(number)) add(number, child, body.getUint32(at, true), body.getUint32(at + 4, true))
    }
  }
  node(root, -1)
}

/** Layout messages of version 4: behind the chunk's shape, the kind of index and its address. */
function modernIndex(
  path: string,
  place: string,
  structure: Structure,
  layout: DataView,
  grid: readonly number[],
  chunkBytes: number,
  add: Add,
): void {
  const flags = layout.getUint8(2)
  const rank = layout.getUint8(3)
  const kindAt = 5 + rank * layout.getUint8(4)
  if (kindAt + 2 > layout.byteLength) throw damaged(path, `"${place}" does not say where it is stored`)
  const kind = layout.getUint8(kindAt)
  const { addressBytes, lengthBytes } = structure
  if (kind === 1) {
    const filtered = (flags & 2) !== 0
    const bytes = filtered ? unsigned(layout, kindAt + 1, lengthBytes) : chunkBytes
    const mask = filtered ? layout.getUint32(kindAt + 1 + lengthBytes, true) : 0
    const address = unsigned(layout, kindAt + 1 + (filtered ? lengthBytes + 4 : 0), addressBytes)
    if (address >= 0) add(0, address, bytes, mask)
    return
  }
  if (kind !== 3) throw unsupported(path, place, `has an index of kind ${kind}`)
  const header = unsigned(layout, kindAt + 2, addressBytes)
  if (header >= 0) fixedArray(path, place, structure, header, grid, chunkBytes, add)
}

/** 'FAHD', version, client, bytes of an entry, page bits, entries, address of 'FADB' with the entries, paged when there are many. */
function fixedArray(
  path: string,
  place: string,
  structure: Structure,
  header: number,
  grid: readonly number[],
  chunkBytes: number,
  add: Add,
): void {
  const { addressBytes, lengthBytes } = structure
  const head = structure.read(header, 8 + lengthBytes + addressBytes)
  const entries = unsigned(head, 8, lengthBytes)
  const filtered = head.getUint8(5) === 1
  const entryBytes = head.getUint8(6)
  const pageEntries = 2 ** head.getUint8(7)
  const data = unsigned(head, 8 + lengthBytes, addressBytes)
  if (head.getUint32(0, false) !== 0x46414844 || entries < 0 || entries > grid.reduce((product, n) => product * n, 1))
    throw damaged(path, `the index of "${place}" is broken`, header)
  if (data < 0) return
  if (entries > pageEntries) throw unsupported(path, place, `has an index of ${entries} pieces in pages`)
  const body = structure.read(data + 6 + addressBytes, entries * entryBytes)
  const sizeBytes = entryBytes - addressBytes - 4
  for (let i = 0; i < entries; i++) {
    const address = unsigned(body, i * entryBytes, addressBytes)
    if (address < 0) continue
    let bytes = chunkBytes
    if (filtered) {
      bytes = 0
      for (let k = sizeBytes - 1; k >= 0; k--) bytes = bytes * 256 + body.getUint8(i * entryBytes + addressBytes + k)
    }
    add(i, address, bytes, filtered ? body.getUint32(i * entryBytes + addressBytes + sizeBytes, true) : 0)
  }
}

function sorted(index: ChunkIndex): ChunkIndex {
  if (index.number.every((number, i) => i === 0 || number > (index.number[i - 1] as number))) return index
  const order = index.number.map((_, i) => i).sort((a, b) => (index.number[a] as number) - (index.number[b] as number))
  const pick = (values: readonly number[]): number[] => order.map((i) => values[i] as number)
  return { number: pick(index.number), address: pick(index.address), bytes: pick(index.bytes), mask: pick(index.mask) }
}

/** What stands where no chunk is stored; null for zeros. */
function fillValue(messages: Messages, valueBytes: number): Uint8Array | null {
  const data = messages.find((message) => message.type === messageTypes.fillValue)?.data
  if (!data || data.byteLength < 2) return null
  const version = data.getUint8(0)
  const sizeAt = version === 3 ? (data.getUint8(1) & 32 ? 2 : -1) : version === 2 ? (data.byteLength >= 8 && data.getUint8(3) ? 4 : -1) : 4
  if (sizeAt < 0 || sizeAt + 4 + valueBytes > data.byteLength || data.getUint32(sizeAt, true) !== valueBytes) return null
  const bytes = new Uint8Array(data.buffer, data.byteOffset + sizeAt + 4, valueBytes)
  return bytes.some((byte) => byte !== 0) ? bytes : null
}
