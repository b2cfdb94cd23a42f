/**
 * Whole files that damage starts from: small ones of the data folder, used in place, and for formats that are not there files written
 * here byte by byte.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openSource } from '#engine/data/inspect.ts'
import { readerFor, readers } from '#engine/data/readers/registry.ts'
import { hasSharedData, sharedData, sharedDataRoot } from '../helpers/sharedData.ts'
import { madeSeeds } from './made.ts'

export interface Seed {
  readonly name: string
  /** What is opened: a file of `files`, or '.' for the folder. */
  readonly open: string
  readonly files: readonly { readonly path: string; readonly bytes: () => Uint8Array }[]
  readonly options?: Readonly<Record<string, unknown>>
}

/** Written by the scripts of fixtures/make: Parquet, Arrow, sheets, arrays and tensors of every kind, MATLAB's levels, NetCDF. */
const fixtures = ['columnar', 'mat', 'netcdf'].map((name) => fileURLToPath(new URL(`../fixtures/${name}/`, import.meta.url)))
const largestBytes = 120_000
const mostPerReader = 16

/** Seeds by reader. Each opens undamaged: that is checked here. */
export async function seedsByReader(): Promise<ReadonlyMap<string, readonly Seed[]>> {
  const found = new Map<string, Seed[]>(readers.map(({ id }) => [id, []]))
  for (const seed of madeSeeds) {
    const reader = await readerOf(seed)
    if (reader) found.get(reader)?.push(seed)
    else throw new Error(`the seed '${seed.name}' is not read`)
  }
  for (const path of [...fixtures.flatMap(smallFiles), ...(hasSharedData ? smallFiles(sharedDataRoot) : [])]) {
    const seed = {
      name: path.startsWith(sharedDataRoot) ? path.slice(sharedDataRoot.length) : basename(path),
      open: basename(path),
      files: [{ path: basename(path), bytes: () => readFileSync(path) }],
    }
    const reader = await readerOf(seed)
    const seeds = found.get(reader ?? '')
    if (seeds && seeds.length < mostPerReader) seeds.push(seed)
  }
  return found
}

/** Smallest first; damaged ones of the folder are tests of their own. */
function smallFiles(root: string): readonly string[] {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(sharedData('malformed')))
    .map(({ parentPath, name }) => join(parentPath, name))
  const sizes = new Map(files.map((path) => [path, statSync(path).size]))
  const sizeOf = (path: string): number => sizes.get(path) ?? 0
  return files.filter((path) => sizeOf(path) > 0 && sizeOf(path) <= largestBytes).sort((a, b) => sizeOf(a) - sizeOf(b) || (a < b ? -1 : 1))
}

/** Id of the reader that opens a seed as it is; null where none does. */
async function readerOf({ files, open, options }: Seed): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), 'stratum-seed-'))
  try {
    for (const { path, bytes } of files) writeFileSync(join(folder, path), bytes())
    const path = join(folder, open)
    const { id } = await readerFor(path)
    await (await openSource(path, id, options ?? {})).close()
    return id
  } catch {
    return null // a file that is refused whole is no start; the reference tests say which those are
  } finally {
    rmSync(folder, { recursive: true })
  }
}
