/** Import: describes a source file and summarises its columns in one streaming pass. The values stay in the file. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { throwIfCancelled } from '#common/errors.ts'
import { DatasetKind, type DatasetMeta, type SourceReference } from '#common/domain/dataset.ts'
import { describeSource, summariseSource } from '../data/import.ts'
import { recordedByStore, storeKey } from '../data/chunkStore/chunkStore.ts'
import { chosenOptions, openSource } from '../data/inspect.ts'
import { readerFor } from '../data/readers/registry.ts'
import { splitOptions } from '../data/series/options.ts'
import { knownHash, statOf } from '../data/source/hash.ts'
import { namesFiles, withoutPlaces } from '../data/source/optionPaths.ts'
import { sinceThen, writtenDown } from '../data/source/laterChoices.ts'
import { contentOf, locateSource } from '../data/source/reference.ts'
import { linkedTo } from '../data/source/relink.ts'
import { defineOperation, type OperationContext } from './define.ts'

const params = z.object({
  path: z.string().min(1).meta({ title: 'File', description: 'The source stays where it is; the project remembers its path and content.' }),
  as: DatasetKind.nullable().default(null).meta({ title: 'Read as', description: 'Chosen by content when empty.', advanced: true }),
  options: z.record(z.string(), z.unknown()).default({}).meta({
    title: 'Reader options',
    description: 'What the format lets you choose, such as a delimiter or a no-data value.',
    advanced: true,
  }),
})
type Params = z.output<typeof params>

/** Opens, checks and summarises one source. Memory: one chunk of rows and a sample of at most 100 000. */
export async function importFile(
  ctx: OperationContext<unknown>,
  path: string,
  as: DatasetKind | null,
  options: Readonly<Record<string, unknown>>,
): Promise<DatasetMeta> {
  ctx.report({ stage: 'Reading the header', fraction: null })
  const reader = await readerFor(path, kindOf(as))
  const readerOptions = writtenDown(reader, chosenOptions(reader, as, options))
  // Hashes are remembered, so the file is read through once.
  const describe = (files?: readonly string[]): Promise<SourceReference> =>
    describeSource(path, ctx.project.path, ctx.signal, ctx.report, files)
  const source = await openSource(path, as ?? undefined, readerOptions, ctx.signal, async (open) => {
    const table = await open()
    const content = await contentOf(await describe(table.files))
    return recordedByStore(table, storeKey(content, table.report.format, splitOptions(readerOptions).own))
  })
  try {
    throwIfCancelled(ctx.signal)
    const { summaries, validRows } = await summariseSource(source, { seed: ctx.seed, signal: ctx.signal, report: ctx.report })
    const { path: _, ...report } = source.report
    return { ...report, source: await describe(source.files), summaries, validRows, readerOptions }
  } finally {
    await source.close()
  }
}

/** Any reader may have rows that follow one another in time. */
const kindOf = (as: DatasetKind | null): DatasetKind | undefined => (as === null || as === 'series' ? undefined : as)

/** The hash of everything that will be read. Tables are one file unless an option names another: then they need not be opened. */
async function contentIdentity({ path, as, options }: Params): Promise<string> {
  const file = resolve(path)
  const { isFolder } = await statOf(file)
  const own = splitOptions(options).own
  const wanted = kindOf(as)
  const reader = await readerFor(file, wanted)
  if (!isFolder && reader.kind === 'table' && !namesFiles(own, file)) return `${await knownHash(file)}${sinceThen(reader)}`
  const source = await openSource(file, wanted, own)
  const { files } = source
  await source.close()
  return contentOf(await describeSource(file, file, undefined, undefined, files))
}

export const importOperation = defineOperation({
  id: 'import',
  version: 1,
  title: 'Import',
  summary: 'Adds a file to the project: a scene, a table, single cells, vectors or windows of a time series.',
  inputs: {},
  params,
  produces: 'dataset',
  ignores: ['seed', 'device'],
  nameFor: ({ path }) => (path.split(/[\\/]/).pop() ?? path).replace(/(\.tar)?\.[^.]+(\.gz)?$/i, ''),
  // The same content read the same way is the same dataset, wherever the file lies.
  keyed: ({ as, options }) => ({ as, options: withoutPlaces(options) }),
  identity: contentIdentity,
  /** Asked for from another place, a dataset whose file is gone is linked to that place. */
  async reuse(artifact, { path }, project) {
    const meta = artifact.meta as unknown as DatasetMeta
    if ((await locateSource(meta.source, project.path)).missing.length === 0) return artifact
    return project.relink(artifact.id, await linkedTo(meta, path, project.path))
  },
  run: (ctx) => importFile(ctx, resolve(ctx.params.path), ctx.params.as, ctx.params.options),
})
