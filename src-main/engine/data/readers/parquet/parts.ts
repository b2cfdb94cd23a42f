/** One Parquet file, or the parts in a folder as one. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StratumError } from '#common/errors.ts'
import type { ColumnarFile } from '../../columns/columnar.ts'
import { concatenated } from '../../columns/concatenated.ts'
import { openRandomAccess } from '../randomAccess.ts'
import { openColumns } from './open.ts'

/** Every part keeps its file and its table of contents open. */
const mostParts = 1000

/** @param partsOf the names in a folder that are parts, in order */
export async function openParquet(
  path: string,
  partsOf: (names: readonly string[]) => string[],
  signal?: AbortSignal,
): Promise<ColumnarFile> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false
  if (!isFolder) return openOne(path, signal)
  const names = partsOf(await readdir(path))
  if (names.length === 0 || names.length > mostParts)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The folder holds ${names.length} Parquet files; 1 to ${mostParts} can be read as one table.`,
      'Choose one file, or write fewer and larger parts.',
      { path },
    )
  const parts: ColumnarFile[] = []
  try {
    for (const name of names) parts.push(await openOne(join(path, name), signal))
    return concatenated(path, parts)
  } catch (thrown) {
    for (const part of parts) await part.close()
    throw thrown
  }
}

async function openOne(path: string, signal?: AbortSignal): Promise<ColumnarFile> {
  const file = await openRandomAccess(path)
  try {
    return await openColumns(file, signal)
  } catch (thrown) {
    await file.close()
    throw thrown
  }
}
