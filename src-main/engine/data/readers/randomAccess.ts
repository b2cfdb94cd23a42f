/** A file read by offset. Every request is checked against the file's size before a byte is allocated. */
import { type FileHandle, open } from 'node:fs/promises'
import { StratumError, toReport } from '#common/errors.ts'

export interface RandomAccessFile {
  readonly path: string
  readonly size: number
  readonly modifiedMs: number
  /** Exactly `length` bytes from `offset`. Throws FILE_TRUNCATED when the file ends before. `what` names the part in the message. */
  read(offset: number, length: number, what: string): Promise<Uint8Array<ArrayBuffer>>
  /** The same into memory that the caller has, from its start: fresh memory costs as much time as reading does. */
  readInto(target: Uint8Array<ArrayBuffer>, offset: number, length: number, what: string): Promise<void>
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
  const stat = await handle.stat().catch(async (thrown: unknown) => {
    await handle.close()
    throw thrown
  })
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
    const filled = await fill(bytes, offset, wanted)
    return filled === wanted ? bytes : bytes.subarray(0, filled)
  }

  async function fill(target: Uint8Array<ArrayBuffer>, offset: number, length: number): Promise<number> {
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await handle.read(target, filled, length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return filled
  }

  /** @throws FILE_CORRUPT, FILE_TRUNCATED */
  function check(offset: number, length: number, what: string): void {
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
  }

  return {
    path,
    size,
    modifiedMs: stat.mtimeMs,
    readUpTo,
    async read(offset, length, what) {
      check(offset, length, what)
      const bytes = await readUpTo(offset, length)
      if (bytes.length < length) throw truncated(path, what, offset, offset + length, offset + bytes.length)
      return bytes
    },
    async readInto(target, offset, length, what) {
      check(offset, length, what)
      const filled = await fill(target, offset, length)
      if (filled < length) throw truncated(path, what, offset, offset + length, offset + filled)
    },
    close: () => handle.close(),
  }
}
