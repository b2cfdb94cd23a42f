/** The messages of an Arrow file (random access) or stream: its schema and where its batches lie. Claims are checked against the size. */
import { zstdDecompressSync } from 'node:zlib'
import { StratumError } from '#common/errors.ts'
import { lz4Frame } from '../codecs/lz4.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import { FlatTable } from './flatbuffer.ts'
import { isArrow } from './mark.ts'
import { type ArrowSchema, readSchema } from './schema.ts'

export interface Batch {
  /** Of the first row. */
  readonly start: number
  readonly rows: number
  readonly nodes: readonly { readonly length: number; readonly nulls: number }[]
  /** Offsets within the file. */
  readonly buffers: readonly { readonly at: number; readonly length: number }[]
  readonly codec: 'none' | 'lz4' | 'zstd'
  /** How many buffers each field of views has beyond its views. */
  readonly variadic: readonly number[]
}

export interface ArrowFile {
  readonly schema: ArrowSchema
  readonly rows: number
  readonly batches: readonly Batch[]
  readonly dictionaries: readonly { readonly id: number; readonly isDelta: boolean; readonly batch: Batch }[]
  readonly form: 'file' | 'stream'
}

interface Place {
  readonly at: number
  readonly metaBytes: number
  readonly bodyBytes: number
}

const largestMeta = 256 << 20
const largestBuffer = 512 << 20
const mostMessages = 10_000_000

export const damaged = (path: string, message: string, byte: number, cause?: unknown): StratumError =>
  new StratumError('FILE_CORRUPT', message, 'Fetch the file again, or write it again with the program that made it.', { path, byte }, cause)

/** @throws FILE_TRUNCATED, FILE_CORRUPT, FORMAT_UNSUPPORTED */
export async function readArrowFile(file: RandomAccessFile): Promise<ArrowFile> {
  const head = await file.readUpTo(0, 8)
  if (isArrow(head)) return readFile(file)
  return readStream(file)
}

async function readFile(file: RandomAccessFile): Promise<ArrowFile> {
  const tail = await file.read(Math.max(0, file.size - 10), Math.min(10, file.size), 'the end of the Arrow file')
  if (file.size < 26 || !isArrow(tail.subarray(4)))
    throw new StratumError(
      'FILE_TRUNCATED',
      'The file does not end as an Arrow file does: its table of contents, which comes last, is missing.',
      'The copy or download was probably cut off, or the file is still being written: fetch it again.',
      { path: file.path, byte: file.size },
    )
  const length = new DataView(tail.buffer, tail.byteOffset).getInt32(0, true)
  if (length < 8 || length > file.size - 18 || length > largestMeta)
    throw damaged(file.path, `The table of contents claims ${length} bytes of a file of ${file.size}.`, file.size - 10)
  const footer = FlatTable.root(await file.read(file.size - 10 - length, length, 'the table of contents'))
  const schema = footer.table(1)
  if (!schema) throw damaged(file.path, 'The Arrow file has no schema.', file.size - 10 - length)
  const places = (id: number): Place[] =>
    footer.structs(id, 24, (view, at) => ({
      at: Number(view.getBigInt64(at, true)),
      metaBytes: view.getInt32(at + 8, true),
      bodyBytes: Number(view.getBigInt64(at + 16, true)),
    }))
  return collect(file, readSchema(schema, file.path), [...places(2), ...places(3)], 'file')
}

async function readStream(file: RandomAccessFile): Promise<ArrowFile> {
  let schema: ArrowSchema | null = null
  const places: Place[] = []
  for (let at = 0; at + 8 <= file.size && places.length < mostMessages; ) {
    const view = new DataView((await file.read(at, 8, 'a message')).buffer)
    const metaBytes = view.getInt32(4, true)
    if (view.getInt32(0, true) !== -1) throw damaged(file.path, 'A message of the Arrow stream does not begin as one.', at)
    if (metaBytes === 0) break
    const message = await readMessage(file, { at, metaBytes: metaBytes + 8, bodyBytes: 0 })
    const bodyBytes = message.int64(3)
    if (!Number.isSafeInteger(bodyBytes) || bodyBytes < 0) throw damaged(file.path, `A message claims ${bodyBytes} bytes.`, at)
    const table = message.table(2)
    if (message.int8(1) === 1 && table) schema = readSchema(table, file.path)
    else places.push({ at, metaBytes: metaBytes + 8, bodyBytes })
    at += 8 + metaBytes + bodyBytes
  }
  if (!schema) throw damaged(file.path, 'The Arrow stream has no schema.', 0)
  return collect(file, schema, places, 'stream')
}

/** The message at a place. `metaBytes` counts its 8 bytes in front. */
async function readMessage(file: RandomAccessFile, { at, metaBytes }: Place): Promise<FlatTable> {
  if (metaBytes < 16 || metaBytes > largestMeta) throw damaged(file.path, `A message claims ${metaBytes} bytes.`, at)
  const bytes = await file.read(at, metaBytes, 'a message')
  return FlatTable.root(bytes.subarray(8))
}

async function collect(file: RandomAccessFile, schema: ArrowSchema, places: readonly Place[], form: 'file' | 'stream'): Promise<ArrowFile> {
  const batches: Batch[] = []
  const dictionaries: { id: number; isDelta: boolean; batch: Batch }[] = []
  let rows = 0
  for (const place of places) {
    const message = await readMessage(file, place)
    const table = message.table(2)
    const kind = message.int8(1)
    if (kind === 2 && table) {
      const data = table.table(1)
      if (!data) throw damaged(file.path, 'A dictionary has no values.', place.at)
      dictionaries.push({ id: table.int64(0), isDelta: table.bool(2), batch: readBatch(file, data, place, 0) })
    } else if (kind === 3 && table) {
      const batch = readBatch(file, table, place, rows)
      if (batch.nodes.length !== schema.nodes)
        throw damaged(file.path, `A batch has ${batch.nodes.length} columns, and the schema ${schema.nodes}.`, place.at)
      batches.push(batch)
      rows += batch.rows
      if (!Number.isSafeInteger(rows)) throw damaged(file.path, `The file claims ${rows} rows.`, place.at)
    }
  }
  return { schema, rows, batches, dictionaries, form }
}

function readBatch(file: RandomAccessFile, table: FlatTable, { at, metaBytes, bodyBytes }: Place, start: number): Batch {
  const rows = table.int64(0)
  const bodyAt = at + metaBytes
  if (!Number.isSafeInteger(rows) || rows < 0) throw damaged(file.path, `A batch claims ${rows} rows.`, at)
  if (bodyAt + bodyBytes > file.size)
    throw new StratumError(
      'FILE_TRUNCATED',
      `A batch needs bytes up to ${bodyAt + bodyBytes}, and the file ends at ${file.size}.`,
      'The copy or download was probably cut off: fetch the file again.',
      { path: file.path, byte: bodyAt },
    )
  const pair = (view: DataView, place: number): [number, number] => [
    Number(view.getBigInt64(place, true)),
    Number(view.getBigInt64(place + 8, true)),
  ]
  const compression = table.table(3)
  return {
    start,
    rows,
    nodes: table.structs(1, 16, pair).map(([length, nulls]) => ({ length, nulls })),
    buffers: table.structs(2, 16, pair).map(([offset, length]) => {
      if (offset < 0 || length < 0 || offset + length > bodyBytes)
        throw damaged(file.path, `A buffer claims bytes ${offset} to ${offset + length} of a batch of ${bodyBytes}.`, bodyAt)
      return { at: bodyAt + offset, length }
    }),
    codec: compression ? (compression.int8(0) === 1 ? 'zstd' : 'lz4') : 'none',
    variadic: table.structs(4, 8, (view, place) => Number(view.getBigInt64(place, true))),
  }
}

/** The bytes of one buffer, by place; a compressed one is unpacked whole, once. */
export interface BufferBytes {
  /** 0 where a buffer is left out, as the gaps of a column without gaps. */
  readonly length: number
  read(from: number, length: number): Promise<Uint8Array<ArrayBuffer>>
}

export async function openBuffer(file: RandomAccessFile, batch: Batch, index: number): Promise<BufferBytes> {
  const place = batch.buffers[index]
  if (!place) throw damaged(file.path, `A batch has ${batch.buffers.length} buffers, and number ${index + 1} is needed.`, 0)
  const { at, length } = place
  const within = (from: number, count: number, size: number): void => {
    if (from < 0 || from + count > size) throw damaged(file.path, `A buffer has ${size} bytes, and ${from + count} are needed.`, at)
  }
  const plain = (begin: number, size: number): BufferBytes => ({
    length: size,
    async read(from, count) {
      within(from, count, size)
      return count === 0 ? new Uint8Array() : file.read(begin + from, count, 'a buffer')
    },
  })
  if (batch.codec === 'none' || length === 0) return plain(at, length)
  const size = Number(new DataView((await file.read(at, 8, 'a buffer')).buffer).getBigInt64(0, true))
  if (size === -1) return plain(at + 8, length - 8)
  if (size < 0 || size > largestBuffer || length < 8)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `A compressed buffer claims ${size} bytes; at most ${largestBuffer >> 20} MB can be unpacked.`,
      'Write the file in smaller batches.',
      { path: file.path, byte: at },
    )
  const packed = await file.read(at + 8, length - 8, 'a buffer')
  let bytes: Uint8Array
  try {
    bytes = batch.codec === 'lz4' ? lz4Frame(packed, size) : zstdDecompressSync(packed, { maxOutputLength: Math.max(1, size) })
  } catch (thrown) {
    throw damaged(file.path, `A buffer cannot be unpacked: ${(thrown as Error).message}.`, at, thrown)
  }
  return {
    length: bytes.length,
    async read(from, count) {
      within(from, count, bytes.length)
      return Uint8Array.from(bytes.subarray(from, from + count))
    },
  }
}
