/** The chunk store of this process, and how sources are opened through it. */
import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { canonicalJson } from '../../operations/contentKey.ts'
import { version } from '../../version.ts'
import type { OpenSource } from '../dataset.ts'
import { cachedSource } from './cachedSource.ts'
import { recorded } from './record.ts'
import { ChunkStore } from './store.ts'

/** Raised when the same key would mean other bytes. */
const storeVersion = 1

/** The user's cache directory as each system has it; never the project's folder. */
export function defaultCacheFolder(environment: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  const home = homedir()
  if (platform === 'win32') return join(environment.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'Stratum', 'Cache', 'chunks')
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'Stratum', 'chunks')
  return join(environment.XDG_CACHE_HOME ?? join(home, '.cache'), 'stratum', 'chunks')
}

/** `STRATUM_CACHE` is a folder, or `off`. */
const fromEnvironment = (): ChunkStore | null => {
  const chosen = process.env.STRATUM_CACHE
  return chosen === 'off' ? null : new ChunkStore(chosen || defaultCacheFolder())
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
  if (pieces === null) return recorded(await open(), store, key)
  return cachedSource(pieces, { path, ...(files ? { files } : {}), open, failed: () => store.remove(key) })
}

/** At import: the source is opened whatever is stored, and recorded. */
export function recordedByStore(source: OpenSource, key: string): OpenSource {
  const store = chunkStore()
  return store === null ? source : recorded(source, store, key)
}
