/** The chunk store of this process, and how sources are opened through it. */
import { createHash } from 'node:crypto'
import { canonicalJson } from '../../operations/contentKey.ts'
import { version } from '../../version.ts'
import type { OpenSource } from '../dataset.ts'
import { cachedSource } from './cachedSource.ts'
import { recorded } from './record.ts'
import { userCacheFolder } from './folder.ts'
import { ChunkStore } from './store.ts'

/** Raised when the same key would mean other bytes. */
const storeVersion = 1

/** `STRATUM_CACHE` is a folder, or `off`. */
const fromEnvironment = (): ChunkStore | null => {
  const chosen = process.env.STRATUM_CACHE
  return chosen === 'off' ? null : new ChunkStore(chosen || userCacheFolder('chunks'))
}
let current: ChunkStore | null | undefined

/** Null when it is switched off. */
export const chunkStore = (): ChunkStore | null => {
  if (current === undefined) current = fromEnvironment()
  return current
}

/** @param folder null switches it off */
export function useChunkStore(folder: string | null): void {
  current = folder === null ? null : new ChunkStore(folder)
}

/** What decoded rows depend on. */
export const storeKey = (content: string, format: string, options: Readonly<Record<string, unknown>>): string =>
  createHash('sha256').update(canonicalJson({ storeVersion, version, content, format, options })).digest('hex').slice(0, 40)

/** What belongs to a source and is costly to find out, such as its times, by name. Both do nothing where the store cannot. */
export interface SourceMemory {
  load(name: string): Promise<Uint8Array | null>
  save(name: string, bytes: Uint8Array): Promise<void>
}
const memories = new WeakMap<OpenSource, SourceMemory>()

/** Null for a source that was not opened through the store. */
export const memoryOf = (source: OpenSource): SourceMemory | null => memories.get(source) ?? null

function withMemory(source: OpenSource, store: ChunkStore, key: string): OpenSource {
  memories.set(source, { load: (name) => store.load(`${key}-${name}`), save: (name, bytes) => store.save(`${key}-${name}`, bytes) })
  return source
}

/** From the store when it is there, else from the source, whose next full pass is recorded. */
export async function openThroughStore(
  key: string,
  path: string,
  files: readonly string[] | undefined,
  open: () => Promise<OpenSource>,
): Promise<OpenSource> {
  const store = chunkStore()
  if (store === null) return open()
  const pieces = await store.open(key)
  if (pieces === null) return withMemory(recorded(await open(), store, key), store, key)
  const fallback = { path, ...(files ? { files } : {}), open, failed: () => store.remove(key) }
  return withMemory(cachedSource(pieces, fallback), store, key)
}

/** At import: the source is opened whatever is stored, and recorded. */
export function recordedByStore(source: OpenSource, key: string): OpenSource {
  const store = chunkStore()
  return store === null ? source : withMemory(recorded(source, store, key), store, key)
}
