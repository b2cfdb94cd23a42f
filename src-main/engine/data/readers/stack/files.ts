/** Which files a stack is made of. Nothing outside the opened folder is touched, whatever names and links say. */
import { readdir, realpath, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { StratumError, toReport } from '#common/errors.ts'

export interface StackFiles {
  readonly folder: string
  /** Absolute paths. */
  readonly paths: readonly string[]
  /** True when the user named them: their order is then the order of the columns. */
  readonly chosen: boolean
}

/** Each has open file handles and block tables. */
const mostFiles = 1024
const isRaster = (name: string): boolean => /\.(tiff?|jp2)$/i.test(name) && !name.startsWith('.')

/**
 * @param path a folder, whose rasters (or, when it has none, those of the folders in it) are taken, or one file of the stack
 * @throws DATA_UNSUITABLE when there are fewer than one or too many, PARAMETER_INVALID for a name that leads outside
 */
export async function stackFiles(path: string, names: readonly string[] | undefined): Promise<StackFiles> {
  const isFolder = (await stat(path).catch((thrown: unknown) => refuse(path, thrown))).isDirectory()
  const folder = isFolder ? path : dirname(path)
  if (names) return { folder, paths: await Promise.all(names.map((name) => insideFolder(folder, name))), chosen: true }
  const found = await rastersIn(folder)
  const all = isFolder && found.length === 0 ? await rastersOneDeeper(folder) : found
  const paths = isFolder ? all : all.filter((other) => belongTogether(other, path))
  if (paths.length === 0 || paths.length > mostFiles)
    throw new StratumError(
      'DATA_UNSUITABLE',
      paths.length === 0 ? 'There are no rasters in this folder.' : `There are ${paths.length} rasters; at most ${mostFiles} make a stack.`,
      'Name the files that belong to the stack with the option files.',
      { path },
    )
  return { folder, paths, chosen: false }
}

async function rastersIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter(isRaster)
  return Promise.all(names.map((name) => insideFolder(folder, name)))
}

async function rastersOneDeeper(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).slice(0, mostFiles)
  return (await Promise.all(entries.map((entry) => rastersIn(join(folder, entry.name))))).flat()
}

/** Same name but for one token, such as the band's. */
function belongTogether(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => (path.split(sep).at(-1) as string).replace(/\.[^.]+$/, '').split(/[_\-. ]/))
  return a?.length === b?.length && (a as string[]).filter((token, i) => token !== b?.[i]).length <= 1
}

async function insideFolder(folder: string, name: string): Promise<string> {
  const path = isAbsolute(name) ? name : join(folder, name)
  const real = await realpath(path).catch((thrown: unknown) => refuse(path, thrown))
  const way = relative(await realpath(folder), real)
  if (way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return path
  throw new StratumError(
    'PARAMETER_INVALID',
    `The file '${name}' lies outside the opened folder.`,
    'Put the files of a stack into one folder and open that.',
    { path, parameter: 'files' },
  )
}

function refuse(path: string, thrown: unknown): never {
  const { code, message, hint } = toReport(thrown)
  throw new StratumError(code, message, hint, { path }, thrown)
}
