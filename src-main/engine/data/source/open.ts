/** Opens the source of a dataset again: found, checked, and read with the options it was imported with. */
import { resolve } from 'node:path'
import type { DatasetMeta, SourceReference } from '#common/domain/dataset.ts'
import { counted, localTime } from '#common/domain/words.ts'
import { StratumError } from '#common/errors.ts'
import { openThroughStore, storeKey } from '../chunkStore/chunkStore.ts'
import type { OpenSource } from '../dataset.ts'
import { openSource } from '../inspect.ts'
import { splitOptions } from '../series/options.ts'
import { knownHash, statOf } from './hash.ts'
import { asBefore } from './laterChoices.ts'
import { mapTexts } from './optionPaths.ts'
import { contentOf, formerParts, type LocatedSource, locateSource, missingSource } from './reference.ts'

/** @throws SOURCE_MISSING when it is nowhere, SOURCE_CHANGED when its content is another one or is read otherwise than it was */
export async function openDataset(meta: DatasetMeta, projectPath: string, signal?: AbortSignal): Promise<OpenSource> {
  const { source, format } = meta
  const readerOptions = asImported(meta)
  const located = await checkedSource(source, projectPath, signal)
  const key = storeKey(await contentOf(source), format, splitOptions(readerOptions).own)
  const files = source.parts ? [located.path, ...located.parts] : undefined
  const open = await openSource(located.path, format, relocated(readerOptions, source, located), signal, (open) =>
    openThroughStore(key, located.path, files, open),
  )
  if (isReadAlike(open.report, meta)) return open
  await open.close()
  throw readOtherwise(located.path, open.report, meta)
}

type Shape = Pick<DatasetMeta, 'rows' | 'columns'>
const isReadAlike = (now: Shape, then: Shape): boolean =>
  now.rows === then.rows && now.columns.length === then.columns.length && now.columns.every(({ name }, i) => name === then.columns[i]?.name)

const shapeWords = ({ rows, columns }: Shape): string => `${counted(rows, 'row')} of ${counted(columns.length, 'column')}`

/** Names or units of a table may be found where an earlier version took them for values: stored results would no longer fit its rows. */
const readOtherwise = (path: string, now: Shape, then: Shape): StratumError =>
  new StratumError(
    'SOURCE_CHANGED',
    `The file is the same, but it is read otherwise than when it was imported: ${shapeWords(then)} then, ${shapeWords(now)} now${shapeWords(then) === shapeWords(now) ? ', with other names' : ''}.`,
    'Import it again as a new dataset; results of this one stay as they are.',
    { path },
  )

export const asImported = ({ format, readerOptions }: Pick<DatasetMeta, 'format' | 'readerOptions'>): Record<string, unknown> =>
  asBefore(format, readerOptions)

/** Where the source is, once its content is known to be the same. A file that was only touched is read through once. */
export async function checkedSource(source: SourceReference, projectPath: string, signal?: AbortSignal): Promise<LocatedSource> {
  const located = await locateSource(source, projectPath)
  if (located.missing.length > 0) throw missingSource(located.missing)
  const isFolder = (await statOf(located.path)).isFolder
  if (!isFolder) await checkFile(located.path, source, signal)
  for (const [i, part] of (source.parts ?? []).entries()) await checkFile(located.parts[i] as string, part, signal)
  return located
}

interface Stamp {
  readonly sizeBytes: number
  readonly modifiedMs: number
  readonly hash: string
}

async function checkFile(path: string, was: Stamp, signal?: AbortSignal): Promise<void> {
  const { size, mtimeMs } = await statOf(path)
  if (size === was.sizeBytes && (mtimeMs === was.modifiedMs || (await knownHash(path, signal)) === was.hash)) return
  throw new StratumError(
    'SOURCE_CHANGED',
    `The file has changed since it was imported: it was ${was.sizeBytes} bytes, written ${localTime(was.modifiedMs)}, and is now ${size} bytes, written ${localTime(mtimeMs)}.`,
    'Import it again as a new dataset, or put the former file back.',
    { path },
  )
}

/** Options that name a part, such as a table that is joined, name the place where it is now. */
export function relocated(
  options: Readonly<Record<string, unknown>>,
  source: SourceReference,
  located: Pick<LocatedSource, 'parts'>,
): Record<string, unknown> {
  const former = formerParts(source)
  return mapTexts(options, (text) => located.parts[former.indexOf(resolve(text))] ?? text)
}
