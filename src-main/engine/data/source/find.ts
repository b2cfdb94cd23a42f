/**
 * Looks for the moved file of a dataset in a folder and the folders in it: by size first, then by content, names that are the
 * same before others. Symbolic links are not followed. Bounded: at most 200 000 entries, 32 folders deep.
 */
import { opendir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve, win32 } from 'node:path'
import type { Progress } from '#common/domain/artifact.ts'
import type { SourceReference } from '#common/domain/dataset.ts'
import { throwIfCancelled } from '#common/errors.ts'
import { knownHash } from './hash.ts'
import { isFolderSource, nameWithin } from './reference.ts'

const mostEntries = 200_000
const mostDepth = 32

export interface FoundSource {
  /** The file, or the folder of a source that is one; null when it is not there. */
  readonly path: string | null
  /** Files and folders looked at. */
  readonly entries: number
  /** False when the folder holds more than is looked through. */
  readonly complete: boolean
}

export async function findMoved(
  source: SourceReference,
  folder: string,
  signal?: AbortSignal,
  report: (progress: Progress) => void = () => {},
): Promise<FoundSource> {
  const wanted = wantedFile(source)
  const candidates: string[] = []
  const queue: { readonly path: string; readonly depth: number }[] = [{ path: resolve(folder), depth: 0 }]
  let entries = 0
  let complete = true
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { path, depth } = next
    // A folder that may not be read holds nothing for this user.
    const directory = await opendir(path).catch(() => null)
    if (!directory) continue
    for await (const entry of directory) {
      if (signal) throwIfCancelled(signal)
      if (++entries > mostEntries) {
        complete = false
        queue.length = 0
        break
      }
      const at = join(path, entry.name)
      if (entry.isDirectory()) {
        if (depth < mostDepth) queue.push({ path: at, depth: depth + 1 })
        else complete = false
      } else if (entry.isFile() && (await stat(at).catch(() => null))?.size === wanted.sizeBytes) candidates.push(at)
    }
    report({ stage: 'Looking through folders', fraction: null, done: entries, unit: 'files' })
  }
  candidates.sort((a, b) => Number(basename(b) === wanted.name) - Number(basename(a) === wanted.name))
  for (const candidate of candidates) {
    const hash = await knownHash(candidate, signal, report).catch((thrown: unknown) => {
      if (signal?.aborted) throw thrown
      return null // cannot be read, so it cannot be linked to either
    })
    if (hash === wanted.hash) return { path: wanted.upwards(candidate), entries, complete }
  }
  return { path: null, entries, complete }
}

/** A folder is found by the largest of its files. */
function wantedFile(source: SourceReference): { name: string; sizeBytes: number; hash: string; upwards: (path: string) => string } {
  if (!isFolderSource(source)) {
    // The path may come from another system.
    const name = win32.basename(source.absolutePath)
    return { name, sizeBytes: source.sizeBytes, hash: source.hash, upwards: (path) => path }
  }
  const parts = [...(source.parts ?? [])].sort((a, b) => b.sizeBytes - a.sizeBytes)
  const largest = parts[0] as (typeof parts)[number]
  const within = nameWithin(source, largest).split('/')
  return {
    name: within.at(-1) as string,
    sizeBytes: largest.sizeBytes,
    hash: largest.hash,
    upwards: (path) => within.reduce((at) => dirname(at), path),
  }
}
