/**
 * The pages of one column in one row group, one after the other.
 *
 * Memory: a window of the file (256 kB, or one page), one page unpacked and its values. What a page header claims is checked against
 * the bytes of the piece and the values it may still hold, before anything is allocated.
 */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { StratumError } from '#common/errors.ts'
import { lz4Block, lz4Hadoop } from '../codecs/lz4.ts'
import { snappyBlock } from '../codecs/snappy.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import { readHybrid } from './bits.ts'
import type { ColumnPiece } from './footer.ts'
import type { Leaf } from './schema.ts'
import { ThriftEndError, type ThriftStruct, numberIn, readThrift, structIn } from './thrift.ts'
import { type PageValues, readPlain, readValues } from './values.ts'

export interface Page {
  /** Values with nulls. */
  readonly n: number
  /** [n], null where all are there. */
  readonly definition: Uint8Array | null
  /** [n], null where nothing repeats. */
  readonly repetition: Uint8Array | null
  /** Those that are there. */
  readonly values: PageValues
}

const windowBytes = 256 << 10
const largestHeader = 8 << 20
/** Writers make pages of about 1 MB, or of one whole row group. */
const largestPage = 256 << 20
const mostPageValues = 16 << 20

type Unpack = (input: Uint8Array, size: number) => Uint8Array

/** By the codec's number in the format; null where it cannot be read. */
const codecs: readonly (Unpack | null)[] = [
  (input) => input,
  snappyBlock,
  (input, size) => gunzipSync(input, { maxOutputLength: Math.max(1, size) }),
  null,
  (input, size) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, size) }),
  lz4Hadoop,
  (input, size) => zstdDecompressSync(input, { maxOutputLength: Math.max(1, size) }),
  lz4Block,
]
const codecNames = ['none', 'Snappy', 'gzip', 'LZO', 'Brotli', 'LZ4', 'Zstandard', 'LZ4']

export const codecName = (codec: number): string => codecNames[codec] ?? `codec ${codec}`

/** @throws FILE_CORRUPT with the byte of the page, FORMAT_UNSUPPORTED for a compression that cannot be read */
export async function* readPages(file: RandomAccessFile, leaf: Leaf, piece: ColumnPiece, signal?: AbortSignal): AsyncGenerator<Page> {
  const unpack = codecs[piece.codec] ?? null
  if (!unpack)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `Column "${leaf.name}" is compressed with ${codecName(piece.codec)}, which cannot be read.`,
      'Write it with Zstandard or Snappy.',
      { path: file.path, column: leaf.name },
    )
  const end = piece.start + piece.bytes
  let dictionary: PageValues | null = null
  let left = piece.values
  let at = piece.start
  let held: Uint8Array = new Uint8Array()
  let heldAt = at

  /** At least `length` bytes from `at` on, or all up to the end of the piece. */
  async function bytesFrom(from: number, length: number): Promise<Uint8Array> {
    if (from < heldAt || from + length > heldAt + held.length) {
      const wanted = Math.min(end - from, Math.max(length, windowBytes))
      held = await file.read(from, wanted, `column "${leaf.name}"`)
      heldAt = from
    }
    return held.subarray(from - heldAt)
  }

  async function headerAt(from: number): Promise<{ header: ThriftStruct; length: number }> {
    for (let length = 4096; ; length *= 16) {
      const bytes = await bytesFrom(from, Math.min(length, end - from))
      try {
        const { value, end: used } = readThrift(bytes)
        return { header: value, length: used }
      } catch (thrown) {
        if (!(thrown instanceof ThriftEndError) || length >= Math.min(end - from, largestHeader)) throw thrown
      }
    }
  }

  while (left > 0) {
    if (at >= end) throw damagedPage(`ends with ${left} values missing`)
    signal?.throwIfAborted()
    const pageAt = at
    try {
      const { header, length } = await headerAt(at)
      const packed = numberIn(header, 3) ?? -1
      const size = numberIn(header, 2) ?? -1
      at += length
      if (packed < 0 || at + packed > end || size < 0 || size > largestPage) throw new Error(`it claims ${packed} bytes, unpacked ${size}`)
      const body = (await bytesFrom(at, packed)).subarray(0, packed)
      at += packed
      switch (numberIn(header, 1)) {
        case 0: {
          const page = readPage(unpack(body, size), structIn(header, 5), left)
          left -= page.n
          yield page
          break
        }
        case 2: {
          const n = numberIn(structIn(header, 7), 1) ?? -1
          const bytes = unpack(body, size)
          // Even a value of no bits needs a place: a text its length, a truth one bit.
          if (n < 0 || n > bytes.length * 8 || n > mostPageValues) throw new Error(`its dictionary claims ${n} values`)
          dictionary = readPlain(bytes, 0, n, leaf)
          break
        }
        case 3: {
          const page = readPageV2(body, size, structIn(header, 8), left)
          left -= page.n
          yield page
          break
        }
        default: // An index page: nothing of it is needed.
      }
    } catch (thrown) {
      if (thrown instanceof StratumError || (thrown as Error).name === 'AbortError') throw thrown
      throw damagedPage(`has a damaged page: ${(thrown as Error).message}`, pageAt, thrown)
    }
  }

  function damagedPage(why: string, byte = at, cause?: unknown): StratumError {
    return new StratumError(
      'FILE_CORRUPT',
      `Column "${leaf.name}" ${why}.`,
      'Fetch the file again, or write it again with the program that made it.',
      { path: file.path, column: leaf.name, byte },
      cause,
    )
  }

  function countOf(header: ThriftStruct | undefined, most: number): number {
    const n = numberIn(header, 1) ?? -1
    if (n < 0 || n > most) throw new Error(`it claims ${n} values, and the column has ${most} left`)
    if (n > mostPageValues)
      throw new StratumError(
        'FORMAT_UNSUPPORTED',
        `Column "${leaf.name}" has a page of ${n} values; at most ${mostPageValues} can be unpacked.`,
        'Write the file again with smaller row groups.',
        { path: file.path, column: leaf.name },
      )
    return n
  }

  function readPage(bytes: Uint8Array, header: ThriftStruct | undefined, most: number): Page {
    const n = countOf(header, most)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let from = 0
    const levels = (highest: number, encoding: number | undefined): Uint8Array | null => {
      if (highest === 0) return null
      if (encoding !== undefined && encoding !== 3) throw new Error('its levels are written in a way that is no longer used')
      const length = view.getUint32(from, true)
      if (from + 4 + length > bytes.length) throw new Error('its levels go beyond it')
      const out = checkedLevels(bytes, from + 4, from + 4 + length, highest, n)
      from += 4 + length
      return out
    }
    const repetition = levels(leaf.maxRepetition, numberIn(header, 4))
    beginsARow(repetition, n)
    const definition = levels(leaf.maxDefinition, numberIn(header, 3))
    const present = countPresent(definition, n)
    return { n, repetition, definition, values: readValues(bytes, from, present, numberIn(header, 2) ?? -1, leaf, dictionary) }
  }

  function readPageV2(body: Uint8Array, size: number, header: ThriftStruct | undefined, most: number): Page {
    const n = countOf(header, most)
    const definitionBytes = numberIn(header, 5) ?? 0
    const repetitionBytes = numberIn(header, 6) ?? 0
    const levelBytes = definitionBytes + repetitionBytes
    if (definitionBytes < 0 || repetitionBytes < 0 || levelBytes > body.length || levelBytes > size)
      throw new Error('its levels go beyond it')
    const repetition = leaf.maxRepetition > 0 ? checkedLevels(body, 0, repetitionBytes, leaf.maxRepetition, n) : null
    beginsARow(repetition, n)
    const definition = leaf.maxDefinition > 0 ? checkedLevels(body, repetitionBytes, levelBytes, leaf.maxDefinition, n) : null
    const packed = body.subarray(levelBytes)
    const isPacked = header?.get(7) !== false && packed.length > 0
    const bytes = isPacked ? (unpack as Unpack)(packed, size - levelBytes) : packed
    const present = countPresent(definition, n)
    return { n, repetition, definition, values: readValues(bytes, 0, present, numberIn(header, 4) ?? -1, leaf, dictionary) }
  }

  function checkedLevels(bytes: Uint8Array, from: number, to: number, highest: number, n: number): Uint8Array {
    const out = new Uint8Array(n)
    if (n > 0) readHybrid(bytes, from, to, 32 - Math.clz32(highest), out)
    for (let i = 0; i < n; i++) if ((out[i] as number) > highest) throw new Error(`a level of ${out[i]} is beyond ${highest}`)
    return out
  }

  /** The first value of a piece cannot continue a row: there is none before it. */
  function beginsARow(repetition: Uint8Array | null, n: number): void {
    if (left === piece.values && n > 0 && repetition && repetition[0] !== 0)
      throw new Error('its first value continues a row that is not there')
  }

  function countPresent(definition: Uint8Array | null, n: number): number {
    if (!definition) return n
    let present = 0
    for (let i = 0; i < n; i++) if (definition[i] === leaf.maxDefinition) present++
    return present
  }
}
