/** A source as a dataset remembers it: where it lies, what its bytes hash to, and how to open it again. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { createXXHash64 } from 'hash-wasm'
import type { Progress } from '#common/domain/artifact.ts'
import type { DatasetMeta, SourceReference } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled, toReport } from '#common/errors.ts'
import type { OpenSource } from './dataset.ts'
import { openSource } from './inspect.ts'

export { summariseSource } from './summary.ts'

const silent = (): void => {}

/** xxh64 of the whole content, as 16 hexadecimal digits. Memory: 1 MB. */
export async function hashFile(path: string, signal?: AbortSignal, report: (progress: Progress) => void = silent): Promise<string> {
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

export async function describeSource(
  path: string,
  projectPath: string,
  signal?: AbortSignal,
  report?: (progress: Progress) => void,
): Promise<SourceReference> {
  const absolutePath = resolve(path)
  const { size, mtimeMs } = await statOf(absolutePath)
  return {
    relativePath: relative(dirname(resolve(projectPath)), absolutePath)
      .split(sep)
      .join('/'),
    absolutePath,
    sizeBytes: size,
    modifiedMs: mtimeMs,
    hash: await hashFile(absolutePath, signal, report),
  }
}

/**
 * Opens the source of a dataset: relative to the project first, so that a folder can move as a whole, then where it was.
 * @throws SOURCE_MISSING when it is at neither place, SOURCE_CHANGED when its content is another one
 */
export async function openDataset(meta: DatasetMeta, projectPath: string, signal?: AbortSignal): Promise<OpenSource> {
  const { source } = meta
  const path = await findSource(source, projectPath)
  const { size, mtimeMs } = await statOf(path)
  const sameStamp = size === source.sizeBytes && mtimeMs === source.modifiedMs
  if (!sameStamp && (size !== source.sizeBytes || (await hashFile(path, signal)) !== source.hash)) {
    throw new StratumError(
      'SOURCE_CHANGED',
      `The file has changed since it was imported: it was ${source.sizeBytes} bytes, ${new Date(source.modifiedMs).toISOString()}, and is now ${size} bytes, ${new Date(mtimeMs).toISOString()}.`,
      'Import it again as a new dataset, or put the former file back.',
      { path },
    )
  }
  return openSource(path, meta.format, meta.readerOptions, signal)
}

/** Where the file is now. Throws SOURCE_MISSING. */
export async function findSource(source: SourceReference, projectPath: string): Promise<string> {
  const places = [resolve(dirname(resolve(projectPath)), source.relativePath), source.absolutePath]
  for (const place of places) {
    const found = await stat(place).catch(() => null)
    if (found?.isFile()) return place
  }
  throw new StratumError(
    'SOURCE_MISSING',
    `The file of this dataset is gone: ${source.absolutePath}`,
    'Put it back, or relink the dataset to where the file is now. What was computed from it is still here.',
    { path: source.absolutePath },
  )
}

async function statOf(path: string): Promise<{ size: number; mtimeMs: number }> {
  try {
    return await stat(path)
  } catch (thrown) {
    const { code, message, hint } = toReport(thrown)
    throw new StratumError(code, message, hint, { path }, thrown)
  }
}
