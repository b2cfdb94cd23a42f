/**
 * A source as a dataset remembers it: where its files lie and what their bytes hash to.
 *
 * Paths are kept relative to the project's folder, with `/` on every system, so that project and data can move together. Of a
 * source of several files the one that was opened is the source itself, the others are its parts; a folder has only parts,
 * and its hash is the hash over them.
 */
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, posix, relative, resolve, sep } from 'node:path'
import type { Progress } from '#common/domain/artifact.ts'
import type { SourceReference } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import { combineHashes, knownHash, statOf } from './hash.ts'

type Part = NonNullable<SourceReference['parts']>[number]

const toPortable = (path: string): string => path.split(sep).join('/')

/** @param files absolute paths of all files that are read, where it is not only `path` */
export async function describeSource(
  path: string,
  projectPath: string,
  signal?: AbortSignal,
  report?: (progress: Progress) => void,
  files: readonly string[] = [],
): Promise<SourceReference> {
  const absolutePath = resolve(path)
  const folder = dirname(resolve(projectPath))
  const relativePath = toPortable(relative(folder, absolutePath))
  const main = await statOf(absolutePath)
  const parts: Part[] = []
  for (const file of new Set(files.map((it) => resolve(it)))) {
    if (file === absolutePath) continue
    const { size, mtimeMs } = await statOf(file)
    const hash = await knownHash(file, signal, report)
    parts.push({ relativePath: toPortable(relative(folder, file)), sizeBytes: size, modifiedMs: mtimeMs, hash })
  }
  if (main.isFolder) {
    if (parts.length === 0)
      throw new StratumError('DATA_UNSUITABLE', 'Nothing is read from this folder.', 'Choose a file inside the folder.', { path })
    return {
      relativePath,
      absolutePath,
      sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
      modifiedMs: Math.max(...parts.map((part) => part.modifiedMs)),
      hash: await combineHashes(parts.map((part) => ({ name: nameOf({ relativePath }, part), hash: part.hash }))),
      parts,
    }
  }
  const hash = await knownHash(absolutePath, signal, report)
  return { relativePath, absolutePath, sizeBytes: main.size, modifiedMs: main.mtimeMs, hash, ...(parts.length > 0 ? { parts } : {}) }
}

/** Deeper than paths reach, so that leading `..` stay what they are whatever the working directory. */
const base = '/-'.repeat(64)

/** Where a part lies as seen from the source: `genes.tsv` in a folder, `../b2.tif` beside a file. */
export const nameWithin = (source: Pick<SourceReference, 'relativePath'>, part: Pick<Part, 'relativePath'>): string =>
  posix.relative(posix.join(base, source.relativePath), posix.join(base, part.relativePath))

/** The same without what depends on where the files lie. */
function nameOf(source: Pick<SourceReference, 'relativePath'>, part: Part): string {
  const name = nameWithin(source, part)
  return name.startsWith('..') ? posix.basename(name) : name
}

/** The hash of everything that is read: equal contents wherever the files lie. */
export async function contentOf(source: SourceReference): Promise<string> {
  const { parts = [], hash } = source
  if (parts.length === 0 || isFolderSource(source)) return hash
  return combineHashes([{ name: '', hash }, ...parts.map((part) => ({ name: nameOf(source, part), hash: part.hash }))])
}

/** A folder has parts inside itself; a file has them beside it. */
export const isFolderSource = (source: SourceReference): boolean =>
  (source.parts ?? []).length > 0 && (source.parts ?? []).every((part) => !nameWithin(source, part).startsWith('..'))

export interface LocatedSource {
  readonly path: string
  /** In the order of the reference. */
  readonly parts: readonly string[]
  /** Of the source and its parts, those that are nowhere. */
  readonly missing: readonly string[]
}

/**
 * Where the files are now: relative to the project first, so that a folder can move as a whole, then where they were.
 * Parts are looked for from where the source was found. Looks only, reads nothing.
 */
export async function locateSource(source: SourceReference, projectPath: string): Promise<LocatedSource> {
  const folder = dirname(resolve(projectPath))
  const places = [resolve(folder, source.relativePath), source.absolutePath]
  const isFolder = isFolderSource(source)
  const path = await firstThat(places, async (place) => {
    const found = await stat(place).catch(() => null)
    return isFolder ? found?.isDirectory() === true : found?.isFile() === true
  })
  if (path === null) return { path: source.absolutePath, parts: [], missing: [source.absolutePath] }
  const parts: string[] = []
  const missing: string[] = []
  for (const part of source.parts ?? []) {
    const name = nameWithin(source, part)
    const candidates = [resolve(path, name), resolve(folder, part.relativePath), resolve(source.absolutePath, name)]
    const found = await firstThat(candidates, async (place) => (await stat(place).catch(() => null))?.isFile() === true)
    parts.push(found ?? (candidates[0] as string))
    if (found === null) missing.push(candidates[0] as string)
  }
  return { path, parts, missing }
}

async function firstThat(places: readonly string[], fits: (place: string) => Promise<boolean>): Promise<string | null> {
  for (const place of places) if (await fits(place)) return place
  return null
}

/** Where the parts were when the source was described. */
export const formerParts = (source: SourceReference): string[] =>
  (source.parts ?? []).map((part) => resolve(source.absolutePath, nameWithin(source, part)))

/** Where the source is now, without looking at its parts; where it was when it is nowhere. */
export function presentPath(source: Pick<SourceReference, 'relativePath' | 'absolutePath'>, projectPath: string): string {
  const beside = resolve(dirname(resolve(projectPath)), source.relativePath)
  return existsSync(beside) ? beside : source.absolutePath
}

/** Throws SOURCE_MISSING. */
export async function findSource(source: SourceReference, projectPath: string): Promise<string> {
  const { path, missing } = await locateSource(source, projectPath)
  if (missing.length > 0) throw missingSource(missing)
  return path
}

export const missingSource = (missing: readonly string[]): StratumError =>
  new StratumError(
    'SOURCE_MISSING',
    missing.length === 1
      ? `The file of this dataset is gone: ${missing[0]}`
      : `${missing.length} files of this dataset are gone, first ${missing[0]}`,
    'Put it back, or relink the dataset to where the file is now. What was computed from it is still here.',
    { path: missing[0] as string },
  )
