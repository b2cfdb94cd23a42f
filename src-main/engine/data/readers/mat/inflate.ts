/**
 * A compressed part of a file as bytes at any place. Small parts are kept in memory, larger ones in a temporary file that is
 * gone when the source is closed: the parts can only be undone from the front, and arrays are read from everywhere.
 */
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInflate } from 'node:zlib'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { RandomAccessFile } from '../randomAccess.ts'

const mostInMemory = 96 << 20
const pieceBytes = 1 << 20

export interface Bytes {
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>
  close(): Promise<void>
}

async function* pieces(file: RandomAccessFile, offset: number, length: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < length; done += pieceBytes) {
    if (signal) throwIfCancelled(signal)
    yield await file.read(offset + done, Math.min(pieceBytes, length - done), 'a compressed array')
  }
}

/** The first `wanted` bytes that a compressed part holds, or fewer when there are not so many. */
export async function inflateStart(
  file: RandomAccessFile,
  offset: number,
  length: number,
  wanted: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let have = 0
  for await (const part of inflated(file, offset, length)) {
    parts.push(part)
    have += part.length
    if (have >= wanted) break
  }
  return new Uint8Array(Buffer.concat(parts, have)).subarray(0, wanted)
}

async function* inflated(file: RandomAccessFile, offset: number, length: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const inflate = createInflate({ chunkSize: 256 << 10 })
  const feed = async (): Promise<void> => {
    for await (const piece of pieces(file, offset, length, signal)) {
      if (inflate.destroyed) return
      if (!inflate.write(piece)) await new Promise<void>((resolve) => void inflate.once('drain', resolve).once('close', resolve))
    }
    if (!inflate.destroyed) inflate.end()
  }
  const feeding = feed().catch((thrown: unknown) => void inflate.destroy(thrown instanceof Error ? thrown : new Error(String(thrown))))
  try {
    for await (const part of inflate) yield part as Uint8Array
  } catch (thrown) {
    if (thrown instanceof StratumError) throw thrown
    throw new StratumError(
      'FILE_CORRUPT',
      `The compressed array at byte ${offset} is damaged: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
      'Fetch the file again, or save it again in MATLAB.',
      { path: file.path, byte: offset },
      thrown,
    )
  } finally {
    inflate.destroy()
    await feeding
  }
}

/** @param expected bytes that the part says it holds; more than that is never kept */
export async function inflateAll(
  file: RandomAccessFile,
  offset: number,
  length: number,
  expected: number,
  signal?: AbortSignal,
): Promise<Bytes> {
  const target = expected <= mostInMemory ? inMemory(expected) : await inFile()
  let have = 0
  try {
    for await (const part of inflated(file, offset, length, signal)) {
      const room = Math.min(part.length, expected - have)
      await target.write(part.subarray(0, room), have)
      have += room
      if (have >= expected) break
    }
    if (have < expected)
      throw new StratumError(
        'FILE_TRUNCATED',
        `The compressed array at byte ${offset} holds ${have} bytes instead of ${expected}.`,
        'The copy or download was probably cut off: fetch the file again.',
        { path: file.path, byte: offset },
      )
  } catch (thrown) {
    await target.close()
    throw thrown
  }
  return target
}

interface Target extends Bytes {
  write(bytes: Uint8Array, at: number): Promise<void>
}

function inMemory(size: number): Target {
  const all = new Uint8Array(size)
  return {
    async write(bytes, at) {
      all.set(bytes, at)
    },
    read: async (offset, length) => all.slice(offset, offset + length),
    close: async () => {},
  }
}

async function inFile(): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'stratum-mat-'))
  const handle: FileHandle = await open(join(folder, 'array'), 'wx+', 0o600)
  return {
    async write(bytes, at) {
      for (let done = 0; done < bytes.length; ) done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten
    },
    async read(offset, length) {
      const bytes = new Uint8Array(length)
      for (let done = 0; done < length; ) {
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      return bytes
    },
    async close() {
      await handle.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
