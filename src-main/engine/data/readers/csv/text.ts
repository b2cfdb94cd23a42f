/** Bytes of a delimited file → text, piece by piece: gunzipped, decoded, line ends made one kind. */
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { StratumError, throwIfCancelled } from '#common/errors.ts'

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'

/** A compressed file that grows beyond both of these is a bomb, not a table. */
const bombRatio = 500
const bombBytes = 4e9

export const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b

/** By the byte-order mark, else by where the zero bytes are, else UTF-8, which the decoding then proves or refutes. */
export function detectEncoding(head: Uint8Array): Encoding {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  const zeros = [0, 0]
  const n = Math.min(head.length, 4096)
  for (let i = 0; i < n; i++) if (head[i] === 0) zeros[i & 1] = (zeros[i & 1] as number) + 1
  if ((zeros[1] as number) > n / 8 && zeros[0] === 0) return 'utf-16le'
  if ((zeros[0] as number) > n / 8 && zeros[1] === 0) return 'utf-16be'
  return 'utf-8'
}

/** Thrown when bytes are not of the encoding, so that the caller may try another. */
export class EncodingError extends Error {
  readonly byte: number
  constructor(byte: number) {
    super(`not of this encoding, near byte ${byte}`)
    this.byte = byte
  }
}

/** Pieces of about 1 MB. Memory: two of them. Throws EncodingError, FILE_CORRUPT for a damaged .gz. */
export async function* readText(
  path: string,
  size: number,
  gzip: boolean,
  encoding: Encoding,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  const file = createReadStream(path, { highWaterMark: 1 << 20 })
  const bytes = gzip ? file.pipe(createGunzip({ chunkSize: 1 << 20 })) : file
  if (gzip) file.once('error', (error) => bytes.destroy(error))
  let seen = 0
  let heldReturn = ''
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
      const text = heldReturn + decode(decoder, piece, seen)
      heldReturn = text.endsWith('\r') ? '\r' : ''
      yield oneKindOfLineEnd(heldReturn ? text.slice(0, -1) : text)
    }
    const rest = heldReturn + decode(decoder, undefined, seen)
    if (rest) yield oneKindOfLineEnd(rest)
  } catch (thrown) {
    if (thrown instanceof StratumError || thrown instanceof EncodingError) throw thrown
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

function decode(decoder: InstanceType<typeof TextDecoder>, piece: Uint8Array | undefined, seen: number): string {
  try {
    return piece ? decoder.decode(piece, { stream: true }) : decoder.decode()
  } catch (thrown) {
    if (thrown instanceof TypeError) throw new EncodingError(seen)
    throw thrown
  }
}

const oneKindOfLineEnd = (text: string): string => (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text)
