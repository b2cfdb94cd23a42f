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
  /** The same through the cache, for windows that overlap as the user pans. */
  readCached(block: number): Promise<Samples | null>
}

/** Decoded blocks of any number of images, the least recently used given up first. */
export interface BlockCache {
  /** The block from the cache, or from `read`, which is asked once however many want the block meanwhile. */
  get(image: number, block: number, read: () => Promise<Samples | null>): Promise<Samples | null>
  /** A number for an image of its own. */
  newImage(): number
}

/** @param mostBytes bound of what is kept, besides the blocks being decoded */
export function blockCache(mostBytes: number): BlockCache {
  const kept = new Map<number, Samples | null>()
  const coming = new Map<number, Promise<Samples | null>>()
  let keptBytes = 0
  let images = 0

  async function fetch(key: number, read: () => Promise<Samples | null>): Promise<Samples | null> {
    try {
      const samples = await read()
      kept.set(key, samples)
      keptBytes += samples?.byteLength ?? 0
      for (const [oldest, values] of kept) {
        if (keptBytes <= mostBytes) break
        kept.delete(oldest)
        keptBytes -= values?.byteLength ?? 0
      }
      return samples
    } finally {
      coming.delete(key)
    }
  }

  return {
    newImage: () => images++,
    async get(image, block, read) {
      const key = image * 2 ** 25 + block
      const known = kept.get(key)
      if (known !== undefined) {
        kept.delete(key)
        kept.set(key, known)
        return known
      }
      const awaited = coming.get(key) ?? fetch(key, read)
      coming.set(key, awaited)
      return awaited
    },
  }
}

export function blockReader(file: RandomAccessFile, layout: Layout, cache: BlockCache): BlockReader {
  const image = cache.newImage()

  async function read(block: number): Promise<Samples | null> {
    const byte = layout.offsets[block] as number
    const stored = layout.byteCounts[block] as number
    if (byte === 0 && stored === 0) return null
    const rows = rowsOfBlock(layout, block)
    const expected = rows * rowBytes(layout)
    const [column, row] = blockPosition(layout, block)
    const what = `the block at column ${column}, row ${row}`
    const bytes = await file.read(byte, layout.compression === 1 ? Math.min(stored, expected) : stored, what)
    const decoded = await decodeBlock(bytes, layout, expected, layout.blockBytes, rows, { path: file.path, column, row, byte })
    return toSamples(decoded, layout, rows)
  }

  return { layout, read, readCached: (block) => cache.get(image, block, () => read(block)) }
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
