/**
 * Writes an HDF5 file as a stream: arrays of unknown length grow side by side, groups and attributes come at the end as a tree.
 *
 * HDF5's own library cannot do this here: as it is compiled for JavaScript it has no enumerations, which are h5py's booleans, and it
 * compresses on the thread that calls it. What is written is the part of the format that every release since 1.8 (2008) reads:
 * superblock 2, object headers 2 with links and attributes inside, chunks under a B-tree of version 1, texts in global heaps.
 * HDF5 File Format Specification, version 3.0.
 *
 * Memory: of each open array one chunk (64 KB, less where there are many, or one row where it is longer) and 16 bytes for every chunk that
 * it has; four chunks on their way to the file; the tree.
 */
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import { StratumError } from '#common/errors.ts'
import { createOutputFile, type OutputFile } from '../outputFile.ts'
import { ByteWriter } from './bytes.ts'
import { lookup3 } from './checksum.ts'
import { type StoredChunk, writeChunkTree } from './chunkTree.ts'
import { writeTexts } from './heap.ts'
import {
  type ArrayNode,
  arrayHeader,
  type GroupNode,
  groupHeader,
  type H5Node,
  mostAttributeBytes,
  scalarHeader,
  textsIn,
} from './objects.ts'
import { bytesOf, type Numbers, sizeOf, type ValueType } from './types.ts'

export interface ArrayStream {
  /** Values along the first axis so far. */
  readonly rows: number
  /** Next values: whole rows of an array with two axes. */
  append(values: Numbers | readonly string[]): Promise<void>
  /** No more values come. */
  finish(): Promise<ArrayNode>
}

export interface ArrayOptions {
  /** Values of a row of an array with two axes, at least 1; one axis without. */
  readonly width?: number
  readonly chunkBytes?: number
}

export interface H5Output {
  array(type: ValueType, options?: ArrayOptions): ArrayStream
  /** Writes the tree and gives the file its name. @returns its bytes */
  finish(root: GroupNode): Promise<number>
  /** Removes what was written; does nothing after `finish`. */
  abort(): Promise<void>
}

/** The same output for so many arrays side by side: their open chunks take 32 MB together, or 4 KB each. */
export function forMany(out: H5Output, arrays: number): H5Output {
  const chunkBytes = Math.max(leastChunkBytes, Math.min(usualChunkBytes, Math.floor(mostOpenBytes / Math.max(1, arrays))))
  return { ...out, array: (type, options) => out.array(type, { chunkBytes, ...options }) }
}

const superblockBytes = 48
const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
const usualChunkBytes = 1 << 16
const leastChunkBytes = 1 << 12
const mostOpenBytes = 32 << 20
/** Chunks that are compressed or written while others are filled. */
const mostOnTheirWay = 4
const deflateAsync = promisify(deflate)

/** @param gzipLevel  1 … 9; null: not compressed */
export async function createHdf5(path: string, gzipLevel: number | null): Promise<H5Output> {
  const file = await createOutputFile(path, new Uint8Array(superblockBytes))
  const queue = new WriteQueue(file)
  return {
    array: (type, options = {}) => arrayStream(queue, type, options, gzipLevel),
    async finish(root) {
      checkAttributes(root, path)
      const address = await writeTree(queue, root)
      await file.writeAt(superblock(address, file.size), 0)
      return file.commit()
    },
    async abort() {
      await queue.settled()
      await file.abort()
    },
  }
}

/** Appends in the order in which they were asked for, while later chunks are compressed: the same values give the same file. */
class WriteQueue {
  readonly #file: OutputFile
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(file: OutputFile) {
    this.#file = file
  }

  /** @returns where the bytes went */
  append(bytes: Uint8Array | Promise<Uint8Array>): Promise<number> {
    const written = Promise.all([bytes, this.#last]).then(([ready]) => this.#file.append(ready))
    this.#last = written
    return written
  }

  /** The same without waiting for it, unless many are on their way. `told` hears where they went. */
  async send(bytes: Promise<Uint8Array>, told: (address: number, length: number) => void): Promise<void> {
    this.#waiting++
    const sent = Promise.all([bytes, this.append(bytes)]).then(([{ length }, address]) => {
      this.#waiting--
      told(address, length)
    })
    // Whoever waits for the last one hears of it.
    sent.catch(() => undefined)
    this.#last = sent
    if (this.#waiting >= mostOnTheirWay) await sent
  }

  /** @throws what went wrong with any of them */
  async idle(): Promise<void> {
    await this.#last
  }
  async settled(): Promise<void> {
    await Promise.allSettled([this.#last])
  }
}

function arrayStream(
  queue: WriteQueue,
  type: ValueType,
  { width, chunkBytes = usualChunkBytes }: ArrayOptions,
  gzipLevel: number | null,
): ArrayStream {
  const rowValues = width ?? 1
  const size = sizeOf[type]
  const usualRows = Math.max(1, Math.floor(chunkBytes / (rowValues * size)))
  const inChunk = usualRows * rowValues
  const stored: StoredChunk[] = []
  /** Values, as bytes or as texts, that do not fill a chunk yet. */
  let open = new Uint8Array(type === 'text' ? 0 : inChunk * size)
  let texts: string[] = []
  let filled = 0
  let total = 0

  /** @param rows  of the chunk: what is missing of them is 0 */
  async function flush(rows: number): Promise<void> {
    const bytes = new Uint8Array(rows * rowValues * size)
    if (type === 'text') bytes.set(await writeTexts(texts, (heap) => queue.append(heap)))
    else bytes.set(open.subarray(0, Math.min(filled * size, bytes.length)))
    texts = []
    filled = 0
    const at = stored.length
    stored.push({ address: 0, bytes: 0 })
    const packed = gzipLevel === null ? Promise.resolve(bytes) : deflateAsync(shuffled(bytes, size), { level: gzipLevel })
    await queue.send(packed, (address, length) => {
      stored[at] = { address, bytes: length }
    })
  }

  async function appendNumbers(values: Numbers): Promise<void> {
    const bytes = bytesOf(type as Exclude<ValueType, 'text'>, values)
    for (let at = 0; at < values.length; ) {
      const n = Math.min(inChunk - filled, values.length - at)
      open.set(bytes.subarray(at * size, (at + n) * size), filled * size)
      filled += n
      at += n
      if (filled === inChunk) await flush(usualRows)
    }
  }

  async function appendTexts(values: readonly string[]): Promise<void> {
    for (const value of values) {
      texts.push(value)
      if (++filled === inChunk) await flush(usualRows)
    }
  }

  return {
    get rows() {
      return total / rowValues
    },
    async append(values) {
      if (values.length % rowValues !== 0) throw new RangeError(`expected rows of ${rowValues} values, found ${values.length} values`)
      total += values.length
      await (type === 'text' ? appendTexts(values as readonly string[]) : appendNumbers(values as Numbers))
    },
    async finish() {
      const rows = total / rowValues
      // A short array is one chunk of its own size.
      const chunkRows = Math.min(usualRows, rows)
      if (filled > 0) await flush(chunkRows)
      open = new Uint8Array()
      await queue.idle()
      const shape = width === undefined ? [rows] : [rows, width]
      const tree = rows === 0 ? null : await writeChunkTree(stored, shape.length, chunkRows, (node) => queue.append(node))
      return { kind: 'array', type, shape, chunks: tree === null ? null : { rows: chunkRows, tree }, gzipLevel }
    },
  }
}

/** The first bytes of all values, then the second ones and so on: neighbours that are alike are packed smaller. */
function shuffled(bytes: Uint8Array, size: number): Uint8Array {
  if (size === 1) return bytes
  const n = bytes.length / size
  const out = new Uint8Array(bytes.length)
  for (let k = 0, at = 0; k < size; k++) for (let i = k; at < (k + 1) * n; i += size) out[at++] = bytes[i]
  return out
}

/** Children first. @returns the address of the root's header */
async function writeTree(queue: WriteQueue, root: GroupNode): Promise<number> {
  const texts = [...new Set(textsIn(root))]
  const references = await writeTexts(texts, (heap) => queue.append(heap))
  const place = new Map(texts.map((text, i) => [text, references.subarray(16 * i, 16 * (i + 1))]))
  const referenceOf = (text: string): Uint8Array => place.get(text) as Uint8Array
  async function write(node: H5Node): Promise<number> {
    if (node.kind === 'array') return queue.append(arrayHeader(node, referenceOf))
    if (node.kind === 'scalar') return queue.append(scalarHeader(node, referenceOf))
    const addresses: Record<string, number> = {}
    for (const [name, child] of Object.entries(node.children)) addresses[name] = await write(child)
    return queue.append(groupHeader(node, addresses, referenceOf))
  }
  return write(root)
}

/** @throws DATA_UNSUITABLE where a list of names is too long for its place */
function checkAttributes(node: H5Node, path: string): void {
  for (const [name, value] of Object.entries(node.attributes ?? {}))
    if (Array.isArray(value) && value.length * 16 > mostAttributeBytes)
      throw new StratumError(
        'DATA_UNSUITABLE',
        `A table of an HDF5 file has at most ${Math.floor(mostAttributeBytes / 16)} columns, and there are ${value.length}.`,
        'Write fewer columns beside the results.',
        { path, attribute: name },
      )
  if (node.kind === 'group') for (const child of Object.values(node.children)) checkAttributes(child, path)
}

/** Version 2: addresses and lengths of 8 bytes, the file from its first byte to its end, and the header of the root. */
function superblock(root: number, end: number): Uint8Array {
  const block = new ByteWriter()
    .u8(...signature, 2, 8, 8, 0)
    .u64(0)
    .u64(null)
    .u64(end)
    .u64(root)
    .done()
  return new ByteWriter().bytes(block).u32(lookup3(block)).done()
}
