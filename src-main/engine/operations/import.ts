/** Import: describes a source file and summarises its columns in one streaming pass. The values stay in the file. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { throwIfCancelled } from '#common/errors.ts'
import { DatasetKind, type DatasetMeta } from '#common/domain/dataset.ts'
import { describeSource, hashFile, summariseSource } from '../data/import.ts'
import { readerFor } from '../data/readers/registry.ts'
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

/** Opens, checks and summarises one file. Memory: one chunk of rows and a sample of at most 100 000. */
export async function importFile(
  ctx: OperationContext<unknown>,
  path: string,
  as: DatasetKind | null,
  options: Readonly<Record<string, unknown>>,
): Promise<DatasetMeta> {
  ctx.report({ stage: 'Reading the header', fraction: null })
  const reader = await readerFor(path, as ?? undefined)
  const source = await reader.open(path, options, ctx.signal)
  try {
    throwIfCancelled(ctx.signal)
    const { summaries, validRows } = await summariseSource(source, { seed: ctx.seed, signal: ctx.signal, report: ctx.report })
    const { path: _, ...report } = source.report
    const reference = await describeSource(path, ctx.project.path, ctx.signal, ctx.report)
    return { ...report, source: reference, summaries, validRows, readerOptions: { ...options } }
  } finally {
    await source.close()
  }
}

export const importOperation = defineOperation({
  id: 'import',
  version: 1,
  title: 'Import',
  summary: 'Adds a file to the project: a scene, a table, single cells or vectors.',
  inputs: {},
  params,
  produces: 'dataset',
  ignores: ['seed', 'device'],
  nameFor: ({ path }) => (path.split(/[\\/]/).pop() ?? path).replace(/(\.tar)?\.[^.]+(\.gz)?$/i, ''),
  identity: ({ path }) => hashFile(resolve(path)),
  run: (ctx) => importFile(ctx, resolve(ctx.params.path), ctx.params.as, ctx.params.options),
})
