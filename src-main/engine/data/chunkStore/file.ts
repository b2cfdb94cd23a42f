/**
 * One file of the chunk store: rows as float32, or as the source has them where that is narrower, in pieces of some 4 MB.
 *
 *     magic · piece · piece · … · index (JSON) · index length, index CRC-32 (uint32 each) · magic
 *
 * A piece is its values row by row, little-endian, then one byte per row (1 = valid); the index has its place, type and CRC-32.
 * The index comes last, so a file that was not finished has none.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { SourceReport } from '#common/domain/dataset.ts'
import type { RowChunk } from '../dataset.ts'
import { type Narrow, narrowed, typesByName, widen } from './narrow.ts'

export const magic = 'STRATCH1'
const pieceBytes = 4 << 20
const mostIndexBytes = 256 << 20

const Piece = z.object({
  offset: z.int().nonnegative(),
  rows: z.int().positive(),
  type: z.enum(['float32', 'uint8', 'int8', 'uint16', 'int16']),
  /** The number that stands for a missing value, in narrow types. */
  missing: z.int().nullable(),
  crc: z.int(),
})
const Index = z.object({
  key: z.string(),
  /** As the reader gave it; the path is that of the file when it was read. */
  report: SourceReport,
  /** Positions of the source's columns that are here. */
  columns: z.array(z.int().nonnegative()),
  hasMetadata: z.boolean(),
  /** Whether the reader says what fields hold; files from before do not say it. */
  hasFields: z.boolean().default(true),
  pieceRows: z.int().positive(),
  rows: z.int().positive(),
  pieces: z.array(Piece),
})
export type Index = z.output<typeof Index>
type Piece = z.output<typeof Piece>

export const rowsOfPiece = (columns: number): number => Math.max(1, Math.floor(pieceBytes / Math.max(1, 4 * columns)))

export interface PieceWriter {
  readonly bytes: number
  append(chunk: Pick<RowChunk, 'n' | 'X' | 'valid'>): Promise<void>
  /** Writes what is left and the index. */
  finish(about: Omit<Index, 'pieces' | 'pieceRows' | 'rows'>): Promise<void>
  abandon(): Promise<void>
}

/** @param narrow the type to try first; a piece with other values is kept as float32. Memory: one piece. */
export async function writePieces(path: string, columns: number, narrow: Narrow | null): Promise<PieceWriter> {
  const file = await open(path, 'wx')
  const pieceRows = rowsOfPiece(columns)
  const pieces: Piece[] = []
  const X = new Float32Array(pieceRows * columns)
  const valid = new Uint8Array(pieceRows)
  let [filled, rows, offset] = [0, 0, magic.length]
  await file.write(Buffer.from(magic, 'latin1'), 0, magic.length, 0).catch(async (thrown) => {
    await file.close()
    throw thrown
  })

  async function put(values: Float32Array, validity: Uint8Array, n: number): Promise<void> {
    const { array, type, missing } = narrowed(values.subarray(0, n * columns), narrow)
    const body = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
    const flags = validity.subarray(0, n)
    pieces.push({ offset, rows: n, type, missing, crc: crc32(flags, crc32(body)) })
    await writeAll(file, body, offset)
    await writeAll(file, flags, offset + body.length)
    offset += body.length + flags.length
    rows += n
  }

  return {
    get bytes() {
      return offset
    },
    async append(chunk) {
      for (let at = 0; at < chunk.n; ) {
        const n = Math.min(pieceRows - filled, chunk.n - at)
        if (n === pieceRows) await put(chunk.X.subarray(at * columns, (at + n) * columns), chunk.valid.subarray(at, at + n), n)
        else {
          X.set(chunk.X.subarray(at * columns, (at + n) * columns), filled * columns)
          valid.set(chunk.valid.subarray(at, at + n), filled)
          filled += n
          if (filled === pieceRows) {
            await put(X, valid, filled)
            filled = 0
          }
        }
        at += n
      }
    },
    async finish(about) {
      if (filled > 0) await put(X, valid, filled)
      const index = Buffer.from(JSON.stringify({ ...about, pieceRows, rows, pieces } satisfies Index))
      const tail = Buffer.alloc(8 + magic.length)
      tail.writeUInt32LE(index.length, 0)
      tail.writeUInt32LE(crc32(index), 4)
      tail.write(magic, 8, 'latin1')
      await writeAll(file, index, offset)
      await writeAll(file, tail, offset + index.length)
      await file.close()
    },
    abandon: () => file.close(),
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten
}

/** What is wrong with a file of the store; the source is then read instead. */
export class DamagedPieces extends Error {}

export interface PieceReader {
  readonly index: Index
  readonly bytes: number
  /** Piece `i` into X[at …) and valid[row …). Throws DamagedPieces. */
  read(i: number, X: Float32Array, at: number, valid: Uint8Array, row: number): Promise<void>
  close(): Promise<void>
}

/** Throws DamagedPieces when it is not a finished file of the store, ENOENT when there is none. */
export async function readPieces(path: string): Promise<PieceReader> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const index = await readIndex(file, size)
    const columns = index.columns.length
    return {
      index,
      bytes: size,
      async read(i, X, at, valid, row) {
        const { offset, rows, type, missing, crc } = index.pieces[i] as Piece
        const length = rows * columns
        const { bytes } = typesByName[type]
        const flags = valid.subarray(row, row + rows)
        if (type === 'float32') {
          const body = new Uint8Array(X.buffer, X.byteOffset + at * 4, length * 4)
          await readAll(file, body, flags, offset, crc)
          return
        }
        const scratch = new ArrayBuffer(length * bytes)
        await readAll(file, new Uint8Array(scratch), flags, offset, crc)
        widen(new typesByName[type].array(scratch), missing, X, at)
      },
      close: () => file.close(),
    }
  } catch (thrown) {
    await file.close()
    throw thrown
  }
}

async function readIndex(file: FileHandle, size: number): Promise<Index> {
  const tailBytes = 8 + magic.length
  if (size < magic.length + tailBytes) throw new DamagedPieces('too short')
  const tail = Buffer.alloc(tailBytes)
  await file.read(tail, 0, tailBytes, size - tailBytes)
  const length = tail.readUInt32LE(0)
  if (tail.toString('latin1', 8) !== magic || length > mostIndexBytes || length > size - tailBytes - magic.length)
    throw new DamagedPieces('not finished')
  const bytes = Buffer.alloc(length)
  await file.read(bytes, 0, length, size - tailBytes - length)
  if (crc32(bytes) !== tail.readUInt32LE(4)) throw new DamagedPieces('index')
  const parsed = Index.safeParse(JSON.parse(bytes.toString('utf8')))
  if (!parsed.success) throw new DamagedPieces(parsed.error.message)
  return parsed.data
}

async function readAll(file: FileHandle, body: Uint8Array, flags: Uint8Array, offset: number, crc: number): Promise<void> {
  const { bytesRead } = await file.readv([body, flags], offset)
  if (bytesRead < body.length + flags.length || crc32(flags, crc32(body)) !== crc) throw new DamagedPieces(`piece at byte ${offset}`)
}
