/** Fingerprints of files: xxh64 of the whole content, remembered while the engine runs. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createXXHash64, xxhash64 } from 'hash-wasm'
import type { Progress } from '#common/domain/artifact.ts'
import { StratumError, throwIfCancelled, toReport } from '#common/errors.ts'

type Report = (progress: Progress) => void
const silent = (): void => {}

/** What the system says of a file or folder. Throws FILE_NOT_FOUND, FILE_UNREADABLE. */
export async function statOf(path: string): Promise<{ size: number; mtimeMs: number; ctimeMs: number; isFolder: boolean }> {
  try {
    const { size, mtimeMs, ctimeMs, ...entry } = await stat(path).then((found) => ({
      size: found.size,
      mtimeMs: found.mtimeMs,
      ctimeMs: found.ctimeMs,
      isFolder: found.isDirectory(),
    }))
    return { size, mtimeMs, ctimeMs, isFolder: entry.isFolder }
  } catch (thrown) {
    const { code, message, hint } = toReport(thrown)
    throw new StratumError(code, message, hint, { path }, thrown)
  }
}

/** xxh64 of the whole content, as 16 hexadecimal digits. Memory: 1 MB. */
export async function hashFile(path: string, signal?: AbortSignal, report: Report = silent): Promise<string> {
  const { size } = await statOf(path)
  const hasher = await createXXHash64()
  let done = 0
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>) {
    if (signal) throwIfCancelled(signal)
    hasher.update(piece)
    done += piece.length
    report({ stage: 'Fingerprinting the file', fraction: size === 0 ? 1 : Math.min(1, done / size), done, unit: 'bytes' })
  }
  return hasher.digest('hex')
}

/** Hashes of files that were not written since, the oldest forgotten first. */
const remembered = new Map<string, string>()
const mostRemembered = 1000

/** The same, read once for as long as size and times of the file stay: a dataset is opened by every step of a job. */
export async function knownHash(path: string, signal?: AbortSignal, report: Report = silent): Promise<string> {
  const { size, mtimeMs, ctimeMs } = await statOf(path)
  const key = [path, size, mtimeMs, ctimeMs].join('\0')
  const known = remembered.get(key)
  if (known !== undefined) return known
  const hash = await hashFile(path, signal, report)
  if (remembered.size >= mostRemembered) remembered.delete(remembered.keys().next().value as string)
  remembered.set(key, hash)
  return hash
}

/** One fingerprint of several, in their order. */
export const combineHashes = (parts: readonly { readonly name: string; readonly hash: string }[]): Promise<string> =>
  xxhash64(parts.map(({ name, hash }) => `${name}\0${hash}\n`).join(''))
