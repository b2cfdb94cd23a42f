/** Whether a table that obviously belongs to the vectors lies beside them: the only small one with as many rows. */
import { lstat, readdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Finding } from '#common/domain/dataset.ts'
import { openTable } from './table.ts'

const tableName = /\.(?:csv|tsv|parquet|feather|arrow)$/i
/** It is read whole to count its rows, whenever the vectors are opened. */
const largestTable = 2 << 20
/** In a folder with more tables than this none is obvious. */
const mostTables = 4

export async function suggestTable(path: string, rows: number, signal?: AbortSignal): Promise<Finding | null> {
  const folder = dirname(resolve(path))
  const names = (await readdir(folder).catch(() => [])).filter((name) => tableName.test(name) && name !== basename(path))
  if (rows < 2 || names.length === 0 || names.length > mostTables) return null
  const fitting: string[] = []
  for (const name of names) if ((await rowsOf(join(folder, name), signal)) === rows) fitting.push(name)
  const [only] = fitting
  if (only === undefined || fitting.length > 1) return null
  return {
    severity: 'info',
    code: 'METADATA_NEARBY',
    message: `${only} beside this file has as many rows (${rows}) as there are vectors.`,
    hint: `If it describes them, name it in the option "metadata": its columns then go along as labels.`,
    where: { file: only },
  }
}

/** null for what is no small readable table: a neighbour must not keep the vectors from being opened. */
async function rowsOf(path: string, signal?: AbortSignal): Promise<number | null> {
  try {
    const { size } = await lstat(path).then((found) => (found.isFile() ? found : { size: Number.POSITIVE_INFINITY }))
    if (size > largestTable) return null
    const table = await openTable(path, signal)
    await table.close()
    return table.rows
  } catch {
    signal?.throwIfAborted()
    return null
  }
}
