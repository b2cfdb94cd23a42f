/** Tiles and strips by number: fetched, decoded, and kept while they are of use. */
import { throwIfCancelled } from '#common/errors.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import { decodeBlock } from './codecs.ts'
import { type Layout, blockPosition, rowBytes, rowsOfBlock } from './layout.ts'
import { type Samples, toSamples } from './samples.ts'

export interface BlockReader {
  readonly layout: Layout
  /** Samples of a block; null for one that was left out (sparse). Not kept. */
  read(block: number): Promise<Samples | null>
  /** The same through the cache, for windows that overlap as the user pans; at least the first `lines` lines. */
  readCached(block: number, lines?: number): Promise<Samples | null>
}

/** Decoded blocks of any number of images, the least recently used given up first. */
export interface BlockCache {
  /** The block from the cache when it has `lines` lines, or from `read`, which is asked once however many want them meanwhile. */
  get(image: number, block: number, lines: number, read: () => Promise<Samples | null>): Promise<Samples | null>
  /** A number for an image of its own. */
  newImage(): number
  /** Memory of at least so many bytes until it is given back; what is in it is left over. */
  borrow(length: number): Uint8Array<ArrayBuffer>
  giveBack(scratch: Uint8Array<ArrayBuffer>): void
}

const mostScratches = 8
const mostScratchBytes = 4 << 20

/** @param mostBytes bound of what is kept, besides the blocks being decoded */
export function blockCache(mostBytes: number): BlockCache {
  const kept = new Map<number, { samples: Samples | null; lines: number }>()
  const coming = new Map<number, { samples: Promise<Samples | null>; lines: number }>()
  let keptBytes = 0
  let images = 0

  function giveUp(key: number): void {
    keptBytes -= kept.get(key)?.samples?.byteLength ?? 0
    kept.delete(key)
  }

  async function fetch(key: number, lines: number, read: () => Promise<Samples | null>): Promise<Samples | null> {
    const samples = await read()
    giveUp(key)
    kept.set(key, { samples, lines })
    keptBytes += samples?.byteLength ?? 0
    for (const oldest of kept.keys()) {
      if (keptBytes <= mostBytes) break
      giveUp(oldest)
    }
    return samples
  }

  const scratches: Uint8Array<ArrayBuffer>[] = []

  return {
    newImage: () => images++,
    borrow(length) {
      if (length > mostScratchBytes) return new Uint8Array(length)
      const found = scratches.findIndex((scratch) => scratch.length >= length)
      return scratches.splice(found, found < 0 ? 0 : 1)[0] ?? new Uint8Array(Math.ceil(length * 1.25))
    },
    giveBack(scratch) {
      if (scratch.length <= mostScratchBytes * 1.25 && scratches.length < mostScratches) scratches.push(scratch)
      // One that was too small for what is read now makes room.
      else if (scratches.length > 0 && scratch.length <= mostScratchBytes * 1.25) scratches[0] = scratch
    },
    async get(image, block, lines, read) {
      const key = image * 2 ** 25 + block
      const known = kept.get(key)
      if (known && known.lines >= lines) {
        kept.delete(key)
        kept.set(key, known)
        return known.samples
      }
      const awaited = coming.get(key)
      if (awaited && awaited.lines >= lines) return awaited.samples
      const own = { samples: fetch(key, lines, read), lines }
      coming.set(key, own)
      try {
        return await own.samples
      } finally {
        if (coming.get(key) === own) coming.delete(key)
      }
    },
  }
}

/** @param alone decode on the calling thread only */
export function blockReader(file: RandomAccessFile, layout: Layout, cache: BlockCache, alone = false): BlockReader {
  const image = cache.newImage()

  async function read(block: number, lines: number): Promise<Samples | null> {
    const byte = layout.offsets[block] as number
    const stored = layout.byteCounts[block] as number
    if (byte === 0 && stored === 0) return null
    const expected = lines * rowBytes(layout)
    const [column, row] = blockPosition(layout, block)
    const what = `the block at column ${column}, row ${row}`
    // Uncompressed bytes become the samples; others are read into memory that is used again.
    const decode = async (bytes: Uint8Array<ArrayBuffer>): Promise<Samples> => {
      const wanted = { lines, of: rowsOfBlock(layout, block), alone }
      return toSamples(await decodeBlock(bytes, layout, wanted, { path: file.path, column, row, byte }), layout, lines)
    }
    if (layout.compression === 1) return decode(await file.read(byte, Math.min(stored, expected), what))
    const scratch = cache.borrow(stored)
    try {
      await file.readInto(scratch, byte, stored, what)
      return await decode(scratch.subarray(0, stored))
    } finally {
      cache.giveBack(scratch)
    }
  }

  return {
    layout,
    read: (block) => read(block, rowsOfBlock(layout, block)),
    readCached(block, wanted) {
      const all = rowsOfBlock(layout, block)
      // The end of a block is not worth decoding it twice.
      const lines = wanted !== undefined && wanted < all * 0.8 ? wanted : all
      return cache.get(image, block, lines, () => read(block, lines))
    },
  }
}

/** Runs `work` on every item, `width` at a time; the first failure stops the rest. */
export async function forEachAtOnce<T>(
  items: readonly T[],
  width: number,
  signal: AbortSignal | undefined,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  let failed = false
  async function worker(): Promise<void> {
    while (next < items.length && !failed) {
      if (signal) throwIfCancelled(signal)
      const item = items[next++] as T
      try {
        await work(item)
      } catch (thrown) {
        failed = true
        throw thrown
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
}
