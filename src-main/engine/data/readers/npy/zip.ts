/** The directory of a ZIP archive (APPNOTE 6.3) and its entries as byte readers. Sizes are checked against the file first. */
import { createReadStream } from 'node:fs'
import { crc32, createInflateRaw } from 'node:zlib'
import { StratumError } from '#common/errors.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import type { ByteReader } from './header.ts'

export interface ZipEntry {
  readonly name: string
  readonly method: number
  readonly storedBytes: number
  readonly size: number
  readonly crc: number
  /** Of the local header. */
  readonly offset: number
}

const mostEntries = 10_000

const damaged = (path: string, message: string, byte: number): StratumError =>
  new StratumError('FILE_CORRUPT', message, 'Fetch the file again, or save it again with the program that wrote it.', { path, byte })

export async function readZipDirectory(file: RandomAccessFile): Promise<ZipEntry[]> {
  const tailAt = Math.max(0, file.size - 66_000)
  const tail = await file.readUpTo(tailAt, 66_000)
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
  let end = tail.length - 22
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--
  if (end < 0)
    throw new StratumError(
      'FILE_TRUNCATED',
      'The archive has no directory at its end.',
      'The copy or download was probably cut off: fetch the file again.',
      { path: file.path, byte: file.size },
    )
  let count = view.getUint16(end + 10, true)
  let length = view.getUint32(end + 12, true)
  let at = view.getUint32(end + 16, true)
  if ((at === 0xffffffff || count === 0xffff) && end >= 20 && view.getUint32(end - 20, true) === 0x07064b50) {
    const record = new DataView((await file.read(Number(view.getBigUint64(end - 12, true)), 56, 'the archive directory')).buffer)
    count = Number(record.getBigUint64(32, true))
    length = Number(record.getBigUint64(40, true))
    at = Number(record.getBigUint64(48, true))
  }
  if (count > mostEntries || length > 64 << 20) throw damaged(file.path, `The archive claims ${count} entries.`, tailAt + end)
  const bytes = await file.read(at, length, 'the archive directory')
  return parseEntries(bytes, count, file)
}

function parseEntries(bytes: Uint8Array<ArrayBuffer>, count: number, file: RandomAccessFile): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries: ZipEntry[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50)
      throw damaged(file.path, `Entry ${i + 1} of the archive's directory is damaged.`, at)
    const nameLength = view.getUint16(at + 28, true)
    const extraLength = view.getUint16(at + 30, true)
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true)
    if (next > bytes.length) throw damaged(file.path, `Entry ${i + 1} of the archive's directory is damaged.`, at)
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength))
    if ((view.getUint16(at + 8, true) & 1) !== 0)
      throw new StratumError('FORMAT_UNSUPPORTED', `The entry ${name} is encrypted.`, 'Save the archive without a password.', {
        path: file.path,
      })
    const entry = {
      name,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      storedBytes: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    }
    entries.push(withZip64(entry, view, at + 46 + nameLength, extraLength))
    at = next
  }
  return entries
}

/** Extra field 1 holds, in this order, those of size, stored size and offset that did not fit into 32 bits. */
function withZip64(entry: ZipEntry, view: DataView, from: number, length: number): ZipEntry {
  for (let at = from; at + 4 <= from + length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue
    const end = Math.min(from + length, at + 4 + view.getUint16(at + 2, true))
    let field = at + 4
    const next = (value: number): number => {
      if (value !== 0xffffffff || field + 8 > end) return value
      field += 8
      return Number(view.getBigUint64(field - 8, true))
    }
    const size = next(entry.size)
    const storedBytes = next(entry.storedBytes)
    return { ...entry, size, storedBytes, offset: next(entry.offset) }
  }
  return entry
}

/** A reader of the entry. A deflated one goes forward only: reading behind where it stands begins anew. */
export async function openEntry(file: RandomAccessFile, entry: ZipEntry): Promise<() => ByteReader> {
  const header = new DataView((await file.read(entry.offset, 30, `the entry ${entry.name}`)).buffer)
  if (header.getUint32(0, true) !== 0x04034b50)
    throw damaged(file.path, `The entry ${entry.name} is not where the archive's directory says.`, entry.offset)
  const dataAt = entry.offset + 30 + header.getUint16(26, true) + header.getUint16(28, true)
  if (dataAt + entry.storedBytes > file.size)
    throw new StratumError(
      'FILE_TRUNCATED',
      `The entry ${entry.name} needs bytes up to ${dataAt + entry.storedBytes}, and the file ends at ${file.size}.`,
      'The copy or download was probably cut off: fetch the file again.',
      { path: file.path, byte: dataAt },
    )
  if (entry.method === 0) {
    const reader: ByteReader = {
      size: entry.storedBytes,
      read(offset, length) {
        if (offset + length > entry.storedBytes)
          throw damaged(file.path, `The entry ${entry.name} has ${entry.storedBytes} bytes, and ${offset + length} are needed.`, dataAt)
        return file.read(dataAt + offset, length, `the entry ${entry.name}`)
      },
    }
    return () => reader
  }
  if (entry.method !== 8)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `The entry ${entry.name} is compressed by method ${entry.method}, which cannot be read.`,
      'Save it again with the usual compression (deflate).',
      { path: file.path },
    )
  return () => inflatingReader(file.path, dataAt, entry)
}

function inflatingReader(path: string, dataAt: number, entry: ZipEntry): ByteReader {
  let pieces: AsyncIterator<Uint8Array> | null = null
  let current: Uint8Array = new Uint8Array()
  /** Of current[0] in the entry. */
  let position = 0
  let checksum = 0

  async function* inflate(): AsyncGenerator<Uint8Array> {
    const stored = createReadStream(path, { start: dataAt, end: dataAt + Math.max(0, entry.storedBytes - 1), highWaterMark: 1 << 18 })
    const inflated = stored.pipe(createInflateRaw({ chunkSize: 1 << 18 }))
    stored.once('error', (error) => inflated.destroy(error))
    try {
      yield* inflated as AsyncIterable<Uint8Array>
    } catch (thrown) {
      throw damagedEntry(thrown instanceof Error ? thrown.message : String(thrown), thrown)
    } finally {
      stored.destroy()
      inflated.destroy()
    }
  }
  const damagedEntry = (why: string, cause?: unknown): StratumError =>
    new StratumError(
      'FILE_CORRUPT',
      `The entry ${entry.name} cannot be unpacked: ${why}.`,
      'Fetch the file again.',
      { path, byte: dataAt },
      cause,
    )

  async function advance(): Promise<void> {
    const next = await (pieces as AsyncIterator<Uint8Array>).next()
    if (next.done) throw damagedEntry(`it ends after ${position + current.length} of ${entry.size} bytes`)
    position += current.length
    current = next.value
    checksum = crc32(current, checksum)
  }

  return {
    size: entry.size,
    async read(offset, length) {
      if (offset + length > entry.size) throw damagedEntry(`it has ${entry.size} bytes, and ${offset + length} are needed`)
      if (!pieces || offset < position) {
        await pieces?.return?.()
        pieces = inflate()
        current = new Uint8Array()
        position = 0
        checksum = 0
      }
      const bytes = new Uint8Array(length)
      let filled = 0
      while (filled < length) {
        const from = offset + filled - position
        if (from >= current.length) {
          await advance()
          continue
        }
        const take = Math.min(length - filled, current.length - from)
        bytes.set(current.subarray(from, from + take), filled)
        filled += take
      }
      if (offset + length === entry.size && position + current.length === entry.size && checksum !== entry.crc)
        throw damagedEntry('its checksum does not fit')
      return bytes
    },
  }
}
