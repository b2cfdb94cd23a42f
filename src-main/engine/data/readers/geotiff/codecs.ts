/** Bytes of a block as stored → bytes as they were before compression. Output is bounded by what the layout says. */
import { promisify } from 'node:util'
import { constants, inflate, inflateSync, zstdDecompressSync } from 'node:zlib'
import { StratumError } from '#common/errors.ts'
import { type Layout, rowBytes } from './layout.ts'
import { decodeFax } from './fax.ts'
import { decodeJpeg } from './jpeg/decode.ts'
import { decodeLerc } from './lerc.ts'
import { decodeLzw, isOldLzw } from './lzw.ts'

const inflateAsync = promisify(inflate)

/** Below this a hop to a worker thread costs more than the inflating. */
const asyncFromBytes = 32 << 10

export interface BlockPlace {
  readonly path: string
  readonly column: number
  readonly row: number
  readonly byte: number
}

const damaged = (place: BlockPlace, why: string, cause?: unknown): StratumError =>
  new StratumError(
    'FILE_CORRUPT',
    `The block at column ${place.column}, row ${place.row} cannot be decompressed: ${why}.`,
    'Fetch the file again, or open and save it in the program that wrote it.',
    { ...place },
    cause,
  )

/** How many of a block's lines are wanted, from the top, and how many it has. */
export interface Lines {
  readonly lines: number
  readonly of: number
  /** On the calling thread only. */
  readonly alone?: boolean
}

/**
 * The first lines of a block.
 * @throws FILE_CORRUPT with the block's place
 */
export async function decodeBlock(
  stored: Uint8Array<ArrayBuffer>,
  layout: Layout,
  { lines, of, alone = false }: Lines,
  place: BlockPlace,
): Promise<Uint8Array<ArrayBuffer>> {
  const expected = lines * rowBytes(layout)
  let decoded: Uint8Array<ArrayBuffer> | undefined
  if (layout.reversedBits) reverseBits(stored)
  try {
    if (lines < of && isDeflate(layout)) decoded = await inflateStart(stored, layout, lines / of, expected, alone)
    decoded ??= await decompress(stored, layout, expected, of, place, alone)
  } catch (thrown) {
    if (thrown instanceof StratumError) throw thrown
    throw damaged(place, thrown instanceof Error ? thrown.message : String(thrown), thrown)
  }
  if (decoded.length < expected) throw damaged(place, `it gives ${decoded.length} of ${expected} bytes`)
  return aligned(decoded, expected)
}

/** Bytes that start at a multiple of 8, so that any typed array fits on them. (slice() of a Buffer would not copy.) */
function aligned(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const wanted = bytes.subarray(0, length)
  return bytes.byteOffset % 8 === 0 ? wanted : new Uint8Array(wanted)
}

/** In place: the lowest bit of each byte becomes the highest. */
function reverseBits(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) {
    let byte = bytes[i] as number
    byte = ((byte & 0xf0) >> 4) | ((byte & 0x0f) << 4)
    byte = ((byte & 0xcc) >> 2) | ((byte & 0x33) << 2)
    bytes[i] = ((byte & 0xaa) >> 1) | ((byte & 0x55) << 1)
  }
}

const isDeflate = ({ compression }: Layout): boolean => compression === 8 || compression === 32946

/**
 * Inflates as much of the stream as the wanted lines probably take, for the lines of a block compress about alike.
 * @returns undefined when that was too little
 */
async function inflateStart(
  stored: Uint8Array<ArrayBuffer>,
  layout: Layout,
  share: number,
  expected: number,
  alone: boolean,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const taken = stored.subarray(0, Math.ceil(stored.length * share * 1.05) + 1024)
  if (taken.length >= stored.length || stored.length < asyncFromBytes) return undefined
  const decoded = await inflateBytes(taken, layout.blockBytes, Math.ceil(expected * 1.3), alone)
  return decoded.length >= expected ? decoded : undefined
}

/** Z_SYNC_FLUSH takes what there is when the checksum at the end is missing, as libtiff does. */
async function inflateBytes(stored: Uint8Array, most: number, usual: number, alone: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const options = {
    maxOutputLength: Math.max(most, 64),
    finishFlush: constants.Z_SYNC_FLUSH,
    chunkSize: Math.max(1024, Math.min(usual + 64, 8 << 20)),
  }
  return (alone || usual < asyncFromBytes ? inflateSync(stored, options) : await inflateAsync(stored, options)) as Uint8Array<ArrayBuffer>
}

async function decompress(
  stored: Uint8Array<ArrayBuffer>,
  layout: Layout,
  expected: number,
  rows: number,
  place: BlockPlace,
  alone: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  switch (layout.compression) {
    case 1:
      return stored
    case 2:
    case 3:
    case 4:
      return decodeFax(stored, {
        width: layout.blockWidth * (layout.planar ? 1 : layout.bands),
        rows: Math.round(expected / rowBytes(layout)),
        compression: layout.compression,
        options: layout.faxOptions,
      })
    case 5: {
      const decoded = decodeLzw(stored, expected, isOldLzw(stored))
      if (!decoded) throw damaged(place, 'a code refers to nothing')
      return decoded
    }
    case 8:
    case 32946:
      // A last strip may be stored at full height.
      return inflateBytes(stored, layout.blockBytes, layout.blockBytes, alone)
    case 50000:
      return zstdDecompressSync(stored, { maxOutputLength: Math.max(layout.blockBytes, 64) }) as Uint8Array<ArrayBuffer>
    case 32773:
      return decodePackBits(stored, expected)
    case 34887:
      return decodeLerc(
        stored,
        {
          width: layout.blockWidth,
          height: rows,
          samples: layout.planar ? 1 : layout.bands,
          packing: layout.lercCompression,
          isFloat: layout.sampleType.startsWith('float'),
        },
        rows * rowBytes(layout),
      )
    default:
      return decodeJpeg(stored, layout.jpegTables, {
        width: layout.blockWidth,
        height: layout.blockHeight,
        samples: layout.planar ? 1 : layout.bands,
        yCbCr: layout.photometric === 6,
      })
  }
}

/** PackBits (TIFF 6.0, section 9): n ≥ 0 copies n+1 bytes, −127…−1 repeats the next byte 1−n times, −128 does nothing. */
export function decodePackBits(input: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const output = new Uint8Array(length)
  let written = 0
  let at = 0
  while (written < length && at < input.length) {
    const n = ((input[at++] as number) << 24) >> 24
    if (n === -128) continue
    if (n < 0) {
      const end = Math.min(length, written + 1 - n)
      if (at >= input.length) break
      output.fill(input[at++] as number, written, end)
      written = end
    } else {
      const take = Math.min(n + 1, length - written, input.length - at)
      output.set(input.subarray(at, at + take), written)
      at += take
      written += take
    }
  }
  return written === length ? output : output.subarray(0, written)
}
