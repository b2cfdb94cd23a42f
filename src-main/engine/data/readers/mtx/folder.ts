/** The files of a Matrix Market folder: the matrix, and the tables of names beside it with the same prefix. */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { StratumError } from '#common/errors.ts'

export interface MtxFiles {
  readonly matrix: string
  readonly barcodes: string | null
  readonly features: string | null
}

const matrixName = /\.mtx(?:\.gz)?$/i

/** @param path the .mtx file or its folder */
export async function findFiles(path: string): Promise<MtxFiles> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false
  const folder = isFolder ? path : dirname(path)
  const names = (await readdir(folder)).sort()
  const matrix = isFolder ? chooseMatrix(names, path) : basename(path)
  // 'GSM1_matrix.mtx.gz' has 'GSM1_barcodes.tsv.gz' beside it.
  const prefix = matrix.replace(/(?:matrix|counts?)?\.mtx(?:\.gz)?$/i, '')
  const beside = (kinds: string): string | null => {
    const pattern = new RegExp(`^(?:${kinds})(?:\\.(?:tsv|txt|csv))?(?:\\.gz)?$`, 'i')
    const found = names.find((name) => name.startsWith(prefix) && pattern.test(name.slice(prefix.length)))
    return found === undefined ? null : join(folder, found)
  }
  return { matrix: join(folder, matrix), barcodes: beside('barcodes|cells|cell_names'), features: beside('features|genes|gene_names') }
}

function chooseMatrix(names: readonly string[], path: string): string {
  const matrices = names.filter((name) => matrixName.test(name))
  const chosen = matrices.find((name) => /^matrix\.mtx(?:\.gz)?$/i.test(name)) ?? (matrices.length === 1 ? matrices[0] : undefined)
  if (chosen !== undefined) return chosen
  if (matrices.length === 0)
    throw new StratumError('FORMAT_UNKNOWN', 'There is no .mtx file in this folder.', 'Choose the folder that holds matrix.mtx.', { path })
  throw new StratumError(
    'FORMAT_UNKNOWN',
    `The folder holds ${matrices.length} matrices: ${matrices.slice(0, 5).join(', ')}.`,
    'Open one of the .mtx files.',
    { path },
  )
}
