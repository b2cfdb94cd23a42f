/**
 * The folder of decoded sources. A file is named after what is in it, appears whole or not at all, and may be deleted at any
 * time: whoever reads it goes on with the source. Beyond the limit the files not used for longest go first.
 */
import { mkdir, readdir, readFile, rename, rm, stat, statfs, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { DamagedPieces, type Index, type PieceReader, type PieceWriter, readPieces, writePieces } from './file.ts'
import { narrowTypeOf } from './narrow.ts'

const extension = '.chunks'
const unfinished = '.part'
const settingsName = 'settings.json'
export const defaultLimitBytes = 20e9
/** A file being written belongs to a process that lives; after a day it does not. */
const abandonedMs = 24 * 3600 * 1000
/** Left free on the disk whatever the limit. */
const keptFreeBytes = 1e9

const Settings = z.object({ limitBytes: z.number().nonnegative().default(defaultLimitBytes) })

export interface StoreInfo {
  readonly folder: string
  readonly bytes: number
  readonly entries: number
  readonly limitBytes: number
}

export interface Recording {
  readonly writer: PieceWriter
  /** Makes it visible. What fails here (a full disk, a deleted folder) leaves the store as it was. */
  keep(about: Omit<Index, 'pieces' | 'pieceRows' | 'rows' | 'key'>): Promise<void>
  drop(): Promise<void>
}

export class ChunkStore {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** The decoded source of this key; null when there is none. A damaged one is removed. */
  async open(key: string): Promise<PieceReader | null> {
    const path = this.#pathOf(key)
    try {
      const reader = await readPieces(path)
      if (reader.index.key === key) {
        const now = new Date()
        // Says when it was used last. On read-only media the order of use is not known, and nothing is evicted either.
        await utimes(path, now, now).catch(() => undefined)
        return reader
      }
      await reader.close()
    } catch (thrown) {
      if (!isMissing(thrown)) await this.remove(key)
    }
    return null
  }

  /** Null when there is no room for it, or the folder cannot be written: then the source is simply decoded again each time. */
  async begin(key: string, columns: number, dtype: string, expectedBytes: number): Promise<Recording | null> {
    const { limitBytes } = await this.#settings()
    if (expectedBytes > limitBytes / 2) return null
    try {
      await mkdir(this.folder, { recursive: true })
      const { bavail, bsize } = await statfs(this.folder)
      if (bavail * bsize < expectedBytes + keptFreeBytes) return null
      const part = join(this.folder, `${key}.${process.pid}-${Math.random().toString(36).slice(2)}${unfinished}`)
      const writer = await writePieces(part, columns, narrowTypeOf(dtype))
      return {
        writer,
        keep: async (about) => {
          await writer.finish({ ...about, key })
          await rename(part, this.#pathOf(key))
          await this.#evict(limitBytes)
        },
        drop: async () => {
          await writer.abandon()
          await rm(part, { force: true })
        },
      }
    } catch {
      return null
    }
  }

  /** A few bytes that belong to a source; null when there are none. The caller checks them. */
  async load(key: string): Promise<Uint8Array | null> {
    return readFile(this.#pathOf(key)).catch(() => null)
  }

  /** What fails here leaves the store as it was. */
  async save(key: string, bytes: Uint8Array): Promise<void> {
    const { limitBytes } = await this.#settings()
    if (bytes.length > limitBytes / 2) return
    const part = join(this.folder, `${key}.${process.pid}-${Math.random().toString(36).slice(2)}${unfinished}`)
    try {
      await mkdir(this.folder, { recursive: true })
      await writeFile(part, bytes)
      await rename(part, this.#pathOf(key))
      await this.#evict(limitBytes)
    } catch {
      await rm(part, { force: true }).catch(() => undefined)
    }
  }

  async remove(key: string): Promise<void> {
    await rm(this.#pathOf(key), { force: true }).catch(() => undefined)
  }

  async info(): Promise<StoreInfo> {
    const files = await this.#files()
    return {
      folder: this.folder,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      entries: files.filter(({ name }) => name.endsWith(extension)).length,
      limitBytes: (await this.#settings()).limitBytes,
    }
  }

  /** Deletes everything but the settings; what is being read or written goes on without. */
  async clear(): Promise<{ bytes: number; entries: number }> {
    const files = await this.#files()
    for (const { path } of files) await rm(path, { force: true })
    return { bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), entries: files.filter(({ name }) => name.endsWith(extension)).length }
  }

  /** 0 switches the store off. */
  async setLimit(limitBytes: number): Promise<void> {
    await mkdir(this.folder, { recursive: true })
    await writeFile(join(this.folder, settingsName), JSON.stringify({ limitBytes }))
    await this.#evict(limitBytes)
  }

  #pathOf(key: string): string {
    return join(this.folder, `${key}${extension}`)
  }

  async #settings(): Promise<z.output<typeof Settings>> {
    const text = await readFile(join(this.folder, settingsName), 'utf8').catch(() => '{}')
    try {
      return Settings.parse(JSON.parse(text))
    } catch {
      return Settings.parse({}) // edited by hand and broken: as if there were none
    }
  }

  async #files(): Promise<{ name: string; path: string; bytes: number; usedMs: number }[]> {
    const names = await readdir(this.folder).catch(() => [])
    const own = names.filter((name) => name.endsWith(extension) || name.endsWith(unfinished))
    const found = await Promise.all(
      own.map(async (name) => {
        const path = join(this.folder, name)
        const known = await stat(path).catch(() => null) // another process may be deleting, too
        return known === null ? [] : [{ name, path, bytes: known.size, usedMs: known.mtimeMs }]
      }),
    )
    return found.flat()
  }

  async #evict(limitBytes: number): Promise<void> {
    const files = (await this.#files()).sort((a, b) => a.usedMs - b.usedMs)
    for (const { path, name, usedMs } of files)
      if (name.endsWith(unfinished) && usedMs < Date.now() - abandonedMs) await rm(path, { force: true })
    const whole = files.filter(({ name }) => name.endsWith(extension))
    let bytes = whole.reduce((sum, file) => sum + file.bytes, 0)
    for (const file of whole) {
      if (bytes <= limitBytes) return
      await rm(file.path, { force: true }).catch(() => undefined)
      bytes -= file.bytes
    }
  }
}

const isMissing = (thrown: unknown): boolean => thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT'

export { DamagedPieces }
