/**
 * A file that appears whole or not at all: written under a temporary name beside its target, then renamed.
 * Every exporter writes through this, so a full disk, a cancel or a crash never leaves half a result under the name asked for.
 */
import { type FileHandle, open, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { StratumError } from '#common/errors.ts'

export interface OutputFile {
  /** Bytes appended so far. */
  readonly size: number
  /** Appends and returns where the bytes went. */
  append(bytes: Uint8Array): Promise<number>
  /** Writes at a place inside or beyond what was appended; `size` grows where needed. */
  writeAt(bytes: Uint8Array, position: number): Promise<void>
  /** Makes the bytes durable and gives the file its name. Returns its size. */
  commit(): Promise<number>
  /** Removes what was written; does nothing after `commit` or a second time. */
  abort(): Promise<void>
}

/** What was written: the rows of an export's report. */
export interface ExportedFile {
  readonly path: string
  readonly sizeBytes: number
  readonly what: string
  /** Of a table: how many texts have an apostrophe before them, so that no spreadsheet runs them. */
  readonly guarded?: number
}

const diskFull = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
const readOnly = new Set(['EACCES', 'EPERM', 'EROFS'])

/** A system error met while writing `path`, as an error with a code and a next step; anything else is returned as it is. */
export function toWriteError(thrown: unknown, path: string): unknown {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined
  if (code === undefined) return thrown
  const where = { path }
  if (diskFull.has(code))
    return new StratumError(
      'DISK_FULL',
      `There is no room left to write ${basename(path)}.`,
      'Free some space or choose another disk, then export again; nothing half-written was left.',
      where,
      thrown,
    )
  if (readOnly.has(code))
    return new StratumError(
      'FOLDER_READ_ONLY',
      `The folder ${dirname(path)} cannot be written.`,
      'Choose a folder that can be written.',
      where,
      thrown,
    )
  if (code === 'ENOENT')
    return new StratumError(
      'FILE_NOT_FOUND',
      `There is no folder ${dirname(path)}.`,
      'Create the folder, or choose another one.',
      where,
      thrown,
    )
  if (code === 'ENOTDIR')
    return new StratumError(
      'FILE_NOT_FOUND',
      `A part of the path ${path} is a file, and a folder was expected.`,
      'Choose another folder.',
      where,
      thrown,
    )
  if (code === 'EISDIR')
    return new StratumError('USAGE', `${path} is a folder, and a file name was expected.`, 'Add a file name to the path.', where, thrown)
  return thrown
}

let created = 0

/** @param start  its first bytes; where they cannot be written, nothing is left */
export async function createOutputFile(path: string, start?: Uint8Array): Promise<OutputFile> {
  if ((await stat(path).catch(() => null))?.isDirectory())
    throw toWriteError(Object.assign(new Error('is a folder'), { code: 'EISDIR' }), path)
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${created++}.part`)
  const handle = await open(temporary, 'wx').catch((thrown: unknown) => {
    throw toWriteError(thrown, path)
  })
  let size = 0
  let open_ = true

  const writeAt = async (bytes: Uint8Array, position: number): Promise<void> => {
    await writeFully(handle, bytes, position).catch((thrown: unknown) => {
      throw toWriteError(thrown, path)
    })
    size = Math.max(size, position + bytes.byteLength)
  }
  const abort = async (): Promise<void> => {
    if (!open_) return
    open_ = false
    await handle.close()
    await unlink(temporary)
  }
  if (start)
    await writeAt(start, 0).catch(async (thrown: unknown) => {
      await abort()
      throw thrown
    })
  return {
    get size() {
      return size
    },
    async append(bytes) {
      const position = size
      await writeAt(bytes, position)
      return position
    },
    writeAt,
    async commit() {
      try {
        await handle.sync()
        await handle.close()
        await rename(temporary, path)
        open_ = false
        return size
      } catch (thrown) {
        open_ = false
        await handle.close().catch(() => undefined)
        await unlink(temporary).catch(() => undefined)
        throw toWriteError(thrown, path)
      }
    },
    abort,
  }
}

async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0
  while (written < bytes.byteLength) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.byteLength - written, position + written)
    written += bytesWritten
  }
}

/** Runs `write` on a new file: committed when it returns, removed when it throws. */
export async function writeOutputFile(path: string, what: string, write: (file: OutputFile) => Promise<void>): Promise<ExportedFile> {
  const file = await createOutputFile(path)
  try {
    await write(file)
  } catch (thrown) {
    await file.abort()
    throw thrown
  }
  return { path, sizeBytes: await file.commit(), what }
}
