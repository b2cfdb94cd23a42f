/**
 * Examine: one pass over a dataset for what a model would stumble over. Memory: see analysis/data/examine.ts, at most 300 MB
 * beside a chunk of rows and 12 bytes per cell.
 */
import { z } from 'zod'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ExaminationMeta } from '#common/domain/examination.ts'
import { StratumError } from '#common/errors.ts'
import { examineSource } from '../analysis/data/examine.ts'
import { openDataset } from '../data/import.ts'
import type { Draft } from '../project/project.ts'
import { defineOperation } from './define.ts'

const params = z.object({
  sampleRows: z.int().min(100).max(200_000).default(20_000).meta({
    title: 'Rows compared',
    description: 'Correlations, copies and hints come from a sample of so many; everything else from every row.',
    unit: 'rows',
    advanced: true,
  }),
  labels: z.string().nullable().default(null).meta({
    title: 'Labels',
    description: 'The field that other columns might give away; all with few values when empty.',
    advanced: true,
  }),
  holdoutShare: z.number().min(0).max(0.9).default(0.2).meta({
    title: 'Held out for checking',
    description: 'Repeated rows are looked for across a random split of this share.',
    unit: 'share',
    advanced: true,
  }),
})

export const examineOperation = defineOperation({
  id: 'examine',
  version: 2,
  title: 'Examine',
  summary:
    'Looks through a dataset for repeated rows, columns that say nothing or the same twice, hidden missing values and labels given away.',
  inputs: { dataset: { kinds: ['dataset'], description: 'What to look through' } },
  params,
  produces: 'examination',
  ignores: ['device'],
  light: true,
  nameFor: (_, { dataset }) => `${dataset?.name ?? 'data'} examined`,
  async run(ctx) {
    const dataset = ctx.inputs.dataset!
    const meta = dataset.meta as unknown as DatasetMeta
    checkLabels(meta, ctx.params.labels)
    const source = await openDataset(meta, ctx.project.path, ctx.signal)
    try {
      const {
        meta: found,
        correlation,
        cells,
      } = await examineSource(source, meta, { ...ctx.params, seed: ctx.seed, signal: ctx.signal, report: ctx.report })
      if (correlation && found.correlation) {
        const c = found.correlation.columns.length
        write(ctx.draft, 'correlation', [c, c], correlation)
      }
      if (cells) for (const name of ['counts', 'genes', 'mitochondrial'] as const) write(ctx.draft, name, [meta.rows], cells[name])
      const result: ExaminationMeta = { dataset: dataset.id, ...found }
      return result
    } finally {
      await source.close()
    }
  },
})

function write(draft: Draft, name: string, shape: readonly number[], values: Float32Array): void {
  const writer = draft.writeArray(name, { dtype: 'float32', shape })
  writer.append(values)
  writer.finish()
}

function checkLabels({ metadataFields, columns }: DatasetMeta, labels: string | null): void {
  if (labels === null || metadataFields.includes(labels) || columns.some(({ name }) => name === labels)) return
  throw new StratumError(
    'PARAMETER_INVALID',
    `There is no field or column named “${labels}”.`,
    `Fields are ${metadataFields.slice(0, 20).join(', ') || 'none'}.`,
    { parameter: 'labels' },
  )
}
