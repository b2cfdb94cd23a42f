/** A file read by offset. Every request is checked against the file's size before a byte is allocated. */
import { type FileHandle, open } from 'node:fs/promises'
import { StratumError, toReport } from '#common/errors.ts'

export interface RandomAccessFile {
  readonly path: string
  readonly size: number
  readonly modifiedMs: number
  /** Exactly `length` bytes from `offset`. Throws FILE_TRUNCATED when the file ends before. `what` names the part in the message. */
  read(offset: number, length: number, what: string): Promise<Uint8Array<ArrayBuffer>>
  /** As many of `length` bytes as there are. */
  readUpTo(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>
  close(): Promise<void>
}

/** One request never allocates more than this; a larger one is a damaged length. */
const largestReadBytes = 1 << 30

export const truncated = (path: string, what: string, from: number, to: number, size: number): StratumError =>
  new StratumError(
    'FILE_TRUNCATED',
    `The file ends at byte ${size}, but ${what} lies at bytes ${from} to ${to}.`,
    'The copy or download was probably cut off: fetch the file again.',
    { path, byte: from, sizeBytes: size },
  )

/** Throws FILE_NOT_FOUND, FILE_UNREADABLE, FILE_EMPTY. */
export async function openRandomAccess(path: string): Promise<RandomAccessFile> {
  let handle: FileHandle
  try {
    handle = await open(path, 'r')
  } catch (thrown) {
    const { code, message, hint } = toReport(thrown)
    throw new StratumError(code, message, hint, { path }, thrown)
  }
  const stat = await handle.stat()
  if (!stat.isFile() || stat.size === 0) {
    await handle.close()
    if (stat.isFile()) throw new StratumError('FILE_EMPTY', 'The file is empty (0 bytes).', 'Fetch or export it again.', { path })
    throw new StratumError('FORMAT_UNKNOWN', 'This is a folder or a device, and a file was expected.', 'Choose a file inside the folder.', {
      path,
    })
  }
  const size = stat.size

  async function readUpTo(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const wanted = Number.isSafeInteger(offset) && offset >= 0 ? Math.max(0, Math.min(length, size - offset)) : 0
    const bytes = new Uint8Array(wanted)
    let filled = 0
    while (filled < wanted) {
      const { bytesRead } = await handle.read(bytes, filled, wanted - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return filled === wanted ? bytes : bytes.subarray(0, filled)
  }

  return {
    path,
    size,
    modifiedMs: stat.mtimeMs,
    readUpTo,
    async read(offset, length, what) {
      if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0)
        throw new StratumError(
          'FILE_CORRUPT',
          `The place of ${what} is nonsense (byte ${offset}, ${length} bytes).`,
          'Fetch the file again, or open and save it in the program that wrote it.',
          { path, byte: offset },
        )
      if (offset + length > size) throw truncated(path, what, offset, offset + length, size)
      if (length > largestReadBytes)
        throw new StratumError(
          'FILE_CORRUPT',
          `${what} claims ${length} bytes, more than anything of its kind.`,
          'Open and save the file again in the program that wrote it.',
          { path, byte: offset },
        )
      const bytes = await readUpTo(offset, length)
      if (bytes.length < length) throw truncated(path, what, offset, offset + length, offset + bytes.length)
      return bytes
    },
    close: () => handle.close(),
  }
}
