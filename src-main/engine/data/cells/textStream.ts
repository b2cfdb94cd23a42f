/**
 * Text files read as whole lines in bytes, gunzipped on the way when they are gzip. A damaged or bottomless file ends in an error:
 * lines have a longest length and gzip a largest expansion. Memory: 1 MB and the longest line.
 */
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { StratumError, throwIfCancelled } from '#common/errors.ts'

/** deflate makes at most 1032 bytes of one. */
const mostExpansion = 1100
/** Lines of a matrix and of names are short. */
const usualLine = 4 << 20

export async function isGzip(path: string): Promise<boolean> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await handle.close()
  }
}

/** Pieces of the text that end with a line's end, except perhaps the last. */
export async function* linePieces(path: string, signal?: AbortSignal, longestLine = usualLine): AsyncGenerator<Uint8Array> {
  const { size } = await stat(path)
  const zipped = await isGzip(path)
  const file = createReadStream(path, { highWaterMark: 1 << 20 })
  const stream: Readable = zipped ? file.pipe(createGunzip({ chunkSize: 1 << 20 })) : file
  file.on('error', (thrown) => stream.destroy(thrown))
  let rest: Uint8Array[] = []
  let restBytes = 0
  let total = 0
  try {
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      if (signal) throwIfCancelled(signal)
      total += piece.length
      if (zipped && total > size * mostExpansion) throw damagedGzip(path, 'it expands without end')
      const end = piece.lastIndexOf(10) + 1
      if (end === 0) {
        rest.push(piece)
        restBytes += piece.length
        if (restBytes > longestLine)
          throw new StratumError('FILE_CORRUPT', `A line is longer than ${longestLine >> 20} MB.`, 'This is no text table of this kind.', {
            path,
          })
        continue
      }
      yield rest.length > 0 ? Buffer.concat([...rest, piece.subarray(0, end)]) : piece.subarray(0, end)
      rest = end < piece.length ? [piece.subarray(end)] : []
      restBytes = piece.length - end
    }
    if (rest.length > 0) yield Buffer.concat(rest)
  } catch (thrown) {
    if (thrown instanceof StratumError) throw thrown
    throw zipped ? damagedGzip(path, thrown) : thrown
  } finally {
    file.destroy()
    stream.destroy()
  }
}

function damagedGzip(path: string, thrown: unknown): StratumError {
  const reason = thrown instanceof Error ? thrown.message : String(thrown)
  const short = /unexpected end/i.test(reason)
  return new StratumError(
    short ? 'FILE_TRUNCATED' : 'FILE_CORRUPT',
    short ? 'The compressed file ends too early.' : `The compressed file is damaged: ${reason}.`,
    'Fetch the file again, or compress it again with gzip.',
    { path },
    thrown,
  )
}

/** All lines of a small table, without their ends. Memory: the text. Throws FORMAT_UNSUPPORTED beyond the bounds. */
export async function allLines(path: string, mostLines: number, mostBytes = 256 << 20): Promise<string[]> {
  const lines: string[] = []
  const decoder = new TextDecoder()
  let bytes = 0
  for await (const piece of linePieces(path)) {
    bytes += piece.length
    if (bytes > mostBytes) throw tooMuch(path, `${mostBytes >> 20} MB`)
    const part = decoder.decode(piece).split('\n')
    if (part.at(-1) === '') part.pop()
    for (const line of part) lines.push(line.endsWith('\r') ? line.slice(0, -1) : line)
    if (lines.length > mostLines) throw tooMuch(path, `${mostLines} lines`)
  }
  return lines
}

const tooMuch = (path: string, bound: string): StratumError =>
  new StratumError('FORMAT_UNSUPPORTED', `The table of names is longer than ${bound}.`, 'Is this the right file beside the matrix?', {
    path,
  })
