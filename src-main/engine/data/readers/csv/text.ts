/** Bytes of a delimited file as its records are cut from them: unpacked, and in UTF-8 where the encoding is not cut as bytes. */
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { type Encoding, cutAsBytes } from './encoding.ts'

/** A compressed file that grows beyond both of these is a bomb, not a table. */
const bombRatio = 500
const bombBytes = 1e9

export const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b

export interface BytesOptions {
  readonly gzip: boolean
  readonly encoding: Encoding
  /** First byte of the file to read. */
  readonly from?: number
}

/** Pieces of about 1 MB. Memory: two of them. Throws FILE_CORRUPT for a damaged .gz, FILE_TRUNCATED for one that is cut off. */
export async function* readBytes(path: string, size: number, options: BytesOptions, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const { gzip, encoding, from = 0 } = options
  const decoder = cutAsBytes(encoding) ? null : new TextDecoder(encoding)
  const file = createReadStream(path, { highWaterMark: 1 << 20, start: from })
  const bytes = gzip ? file.pipe(createGunzip({ chunkSize: 1 << 20 })) : file
  if (gzip) file.once('error', (error) => bytes.destroy(error))
  let seen = 0
  try {
    for await (const piece of bytes as AsyncIterable<Uint8Array>) {
      if (signal) throwIfCancelled(signal)
      seen += piece.length
      if (gzip && seen > bombBytes && seen > bombRatio * size)
        throw new StratumError(
          'FILE_CORRUPT',
          `The compressed file of ${size} bytes grows beyond ${bombBytes / 1e9} GB.`,
          'Unpack it by hand and look at what it holds.',
          { path },
        )
      yield decoder ? Buffer.from(decoder.decode(piece, { stream: true })) : piece
    }
    if (decoder) yield Buffer.from(decoder.decode())
  } catch (thrown) {
    if (thrown instanceof StratumError) throw thrown
    const code = (thrown as { code?: unknown }).code
    if (typeof code === 'string' && code.startsWith('Z_')) {
      const cut = code === 'Z_BUF_ERROR'
      throw new StratumError(
        cut ? 'FILE_TRUNCATED' : 'FILE_CORRUPT',
        cut
          ? `The compressed file ends in the middle, after ${seen} bytes of text.`
          : `The compressed file is damaged after ${seen} bytes of text.`,
        'Fetch the file again.',
        { path, byte: seen },
        thrown,
      )
    }
    throw thrown
  } finally {
    bytes.destroy()
    file.destroy()
  }
}

/** Puts one byte in place of every occurrence of several, however they are cut. */
export async function* replaceBytes(pieces: AsyncIterable<Uint8Array>, search: Uint8Array, by: number): AsyncGenerator<Uint8Array> {
  let held = Buffer.alloc(0)
  for await (const piece of pieces) {
    const bytes = Buffer.concat([held, piece])
    const parts: Uint8Array[] = []
    let from = 0
    for (let at = bytes.indexOf(search); at >= 0; at = bytes.indexOf(search, from)) {
      parts.push(bytes.subarray(from, at), Uint8Array.of(by))
      from = at + search.length
    }
    // The end may be the begin of an occurrence.
    const keep = Math.min(search.length - 1, bytes.length - from)
    parts.push(bytes.subarray(from, bytes.length - keep))
    held = Buffer.from(bytes.subarray(bytes.length - keep))
    yield Buffer.concat(parts)
  }
  if (held.length > 0) yield held
}
