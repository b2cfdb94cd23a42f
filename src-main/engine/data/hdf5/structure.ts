/**
 * The parts of HDF5's own structure that the library does not show: where an array's bytes lie (data layout), whether they lie in
 * another file (external data files), and the global heap that holds texts of any length. Every offset is checked against the
 * file's size before anything is read, and every walk is bounded.
 * HDF5 File Format Specification, version 3.0.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { StratumError } from '#common/errors.ts'

export interface Structure {
  /** Bytes of an address and of a length in this file. */
  readonly addressBytes: number
  readonly lengthBytes: number
  /** `length` bytes at an address of the file (relative to its base). */
  read(address: number, length: number): DataView
  /** Messages of the object whose header is at `address`. */
  messages(address: number): Message[]
  /** The bytes of an object in a global heap, whose other objects are checked too. */
  heapObject(address: number, index: number): Uint8Array
  /** Checks every global heap of the file, found by its mark; of files beyond 2 GB none. */
  checkHeaps(): void
  close(): void
}

export interface Message {
  readonly type: number
  readonly data: DataView
}

export const messageTypes = { fillValue: 0x05, externalFiles: 0x07, layout: 0x08, attribute: 0x0c, continuation: 0x10 } as const

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
/** Blocks of one header; a circle of continuations ends here. */
const mostBlocks = 256
const mostHeaderBytes = 64 << 20
const mostHeapBytes = 256 << 20
const heapsKept = 16
const mostScannedBytes = 2 ** 31
const scanBytes = 4 << 20

export const damaged = (path: string, what: string, byte?: number): StratumError =>
  new StratumError(
    'FILE_CORRUPT',
    `The file is damaged: ${what}.`,
    'Fetch the file again, or write it again in the program that made it.',
    byte === undefined ? { path } : { path, byte },
  )

/** An unsigned number of `bytes` bytes; an undefined address (all ones) is −1. */
export function unsigned(view: DataView, at: number, bytes: number): number {
  if (bytes === 8) {
    const value = view.getBigUint64(at, true)
    return value === 0xffff_ffff_ffff_ffffn ? -1 : Number(value)
  }
  const value = bytes === 4 ? view.getUint32(at, true) : view.getUint16(at, true)
  return value === 2 ** (8 * bytes) - 1 ? -1 : value
}

const mark = (view: DataView, at = 0): string =>
  String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3))

/** Opens the file by itself, beside the library. Throws FILE_CORRUPT when there is no superblock. */
export function openStructure(path: string): Structure {
  const handle = openSync(path, 'r')
  try {
    return structureOf(path, handle, fstatSync(handle).size)
  } catch (thrown) {
    closeSync(handle)
    throw thrown
  }
}

function structureOf(path: string, handle: number, size: number): Structure {
  function readAbsolute(byte: number, length: number): DataView {
    if (!Number.isSafeInteger(byte) || !Number.isSafeInteger(length) || byte < 0 || length < 0 || byte + length > size)
      throw damaged(path, `it is ${size} bytes long and points to bytes ${byte} to ${byte + length}`, byte)
    const bytes = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const n = readSync(handle, bytes, filled, length - filled, byte + filled)
      if (n === 0) throw damaged(path, `it ends at byte ${byte + filled}`, byte + filled)
      filled += n
    }
    return new DataView(bytes.buffer)
  }

  const { base, addressBytes, lengthBytes } = superblock(path, size, readAbsolute)
  const read = (address: number, length: number): DataView => readAbsolute(base + address, length)
  const heaps = new Map<number, Map<number, Uint8Array>>()
  let heapsChecked = false
  let open = true

  return {
    addressBytes,
    lengthBytes,
    read,
    messages: (address) => headerMessages(path, address, read, addressBytes, lengthBytes),
    heapObject(address, index) {
      let heap = heaps.get(address)
      if (!heap) {
        heap = globalHeap(path, address, read, lengthBytes)
        if (heaps.size >= heapsKept) heaps.delete(heaps.keys().next().value as number)
        heaps.set(address, heap)
      }
      const object = heap.get(index)
      if (!object) throw damaged(path, `a text is missing from its heap at byte ${address}`, address)
      return object
    },
    checkHeaps() {
      if (!heapsChecked && size <= mostScannedBytes) scanHeaps(path, size, readAbsolute, lengthBytes)
      heapsChecked = true
    },
    close() {
      if (open) closeSync(handle)
      open = false
    },
  }
}

function scanHeaps(path: string, size: number, read: (byte: number, length: number) => DataView, lengthBytes: number): void {
  for (let from = 0; from < size; from += scanBytes) {
    const block = Buffer.from(read(from, Math.min(size - from, scanBytes + 16)).buffer)
    for (let at = block.indexOf('GCOL'); at >= 0 && at < scanBytes; at = block.indexOf('GCOL', at + 4)) {
      // The mark is followed by version 1 and a size, or it is only four letters of something else.
      if (at + 8 + lengthBytes > block.length || block.readUInt32LE(at + 4) !== 1) continue
      const bytes = lengthBytes === 8 ? Number(block.readBigUInt64LE(at + 8)) : block.readUIntLE(at + 8, lengthBytes)
      if (bytes <= size - from - at) globalHeap(path, from + at, read, lengthBytes)
    }
  }
}

/** At byte 0, 512, 1024, 2048 …: what stands before it (MATLAB's text, say) is not HDF5's. */
function superblock(
  path: string,
  size: number,
  read: (byte: number, length: number) => DataView,
): { base: number; addressBytes: number; lengthBytes: number } {
  for (let at = 0; at + 24 <= size; at = at === 0 ? 512 : at * 2) {
    const head = read(at, 24)
    if (!signature.every((byte, i) => head.getUint8(i) === byte)) continue
    const version = head.getUint8(8)
    const [addressBytes, lengthBytes] = version < 2 ? [head.getUint8(13), head.getUint8(14)] : [head.getUint8(9), head.getUint8(10)]
    if (![2, 4, 8].includes(addressBytes) || ![2, 4, 8].includes(lengthBytes))
      throw damaged(path, `addresses of ${addressBytes} and lengths of ${lengthBytes} bytes`, at)
    const baseAt = version === 0 ? 24 : version === 1 ? 28 : 12
    const base = unsigned(read(at + baseAt, addressBytes), 0, addressBytes)
    return { base: Math.max(0, base), addressBytes, lengthBytes }
  }
  throw damaged(path, 'it has no HDF5 superblock')
}

function headerMessages(
  path: string,
  address: number,
  read: (address: number, length: number) => DataView,
  addressBytes: number,
  lengthBytes: number,
): Message[] {
  const found: Message[] = []
  const first = read(address, 16)
  const modern = mark(first) === 'OHDR'
  const flags = modern ? first.getUint8(5) : 0
  const prefix = modern ? 4 + (flags & 4 ? 2 : 0) : 8
  let start: number
  let length: number
  if (modern) {
    const sizeBytes = 1 << (flags & 3)
    const before = 6 + (flags & 32 ? 16 : 0) + (flags & 16 ? 4 : 0)
    const sized = read(address + before, sizeBytes)
    start = address + before + sizeBytes
    length = sizeBytes === 1 ? sized.getUint8(0) : unsigned(sized, 0, sizeBytes)
  } else {
    if (first.getUint8(0) !== 1) throw damaged(path, `no object begins at byte ${address}`, address)
    start = address + 16
    length = first.getUint32(8, true)
  }
  const blocks: [start: number, length: number][] = [[start, length]]
  let total = 0
  for (let b = 0; b < blocks.length; b++) {
    const [from, bytes] = blocks[b] as [number, number]
    total += bytes
    if (b >= mostBlocks || total > mostHeaderBytes) throw damaged(path, `the header at byte ${address} does not end`, address)
    const block = read(from, bytes)
    for (let at = 0; at + prefix <= bytes; ) {
      const type = modern ? block.getUint8(at) : block.getUint16(at, true)
      const size = block.getUint16(at + (modern ? 1 : 2), true)
      if (at + prefix + size > bytes) {
        // Behind the last message of a modern block there may be a gap too small for another.
        if (modern) break
        throw damaged(path, `a header message at byte ${from + at} is too long`, from + at)
      }
      const data = new DataView(block.buffer, block.byteOffset + at + prefix, size)
      if (type === messageTypes.continuation) {
        if (size < addressBytes + lengthBytes) throw damaged(path, `a header continuation at byte ${from + at} is too short`, from + at)
        const next = unsigned(data, 0, addressBytes)
        const nextBytes = unsigned(data, addressBytes, lengthBytes)
        // 'OCHK' before and a checksum behind the messages of a modern block.
        blocks.push(modern ? [next + 4, nextBytes - 8] : [next, nextBytes])
      } else found.push({ type, data })
      at += prefix + size
    }
  }
  return found
}

function globalHeap(
  path: string,
  address: number,
  read: (address: number, length: number) => DataView,
  lengthBytes: number,
): Map<number, Uint8Array> {
  const head = read(address, 8 + lengthBytes)
  const size = unsigned(head, 8, lengthBytes)
  if (mark(head) !== 'GCOL' || size < 8 + lengthBytes || size > mostHeapBytes)
    throw damaged(path, `no heap of texts at byte ${address}`, address)
  const heap = read(address, size)
  const objects = new Map<number, Uint8Array>()
  for (let at = 8 + lengthBytes; at + 8 + lengthBytes <= size; ) {
    const index = heap.getUint16(at, true)
    const bytes = unsigned(heap, at + 8, lengthBytes)
    const from = at + 8 + lengthBytes
    if (index === 0) {
      // What is left; its size counts its own head. With a size of 0 the library would walk on the spot for ever.
      if (bytes < from - at || at + bytes > size)
        throw damaged(path, `the free space of the heap at byte ${address} is of no size`, address)
      at += bytes
      continue
    }
    if (bytes < 0 || from + bytes > size) throw damaged(path, `a text in the heap at byte ${address} is too long`, address)
    objects.set(index, new Uint8Array(heap.buffer, heap.byteOffset + from, bytes))
    at = from + Math.ceil(bytes / 8) * 8
  }
  return objects
}
