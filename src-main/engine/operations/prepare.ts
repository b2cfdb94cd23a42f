/**
 * Prepare: draws the rows to learn from and the rows held out, and fits the recorded, invertible pipeline on the
 * learning rows only. Applying a trained model to any file replays exactly these steps.
 *
 * Memory: the drawn rows as float32, refused beforehand when they do not fit a quarter of the budget.
 */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { DatasetMeta, Finding } from '#common/domain/dataset.ts'
import { columnNoun, rowNoun } from '#common/domain/dataset.ts'
import type { FittedStep, MatrixMeta } from '#common/domain/results.ts'
import { openDataset } from '../data/import.ts'
import { applyPipeline, drawRows, fitPipeline } from '../data/prepare.ts'
import { fitsFloat16 } from '../project/float16.ts'
import type { ArraySpec } from '../project/project.ts'
import { blockRowsOf } from '../train/rowOrder.ts'
import { defineOperation } from './define.ts'
import { regionIdentity, regionParam, withinRegion } from './region.ts'

const params = z.object({
  rows: z.int().min(10).max(50_000_000).default(200_000).meta({
    title: 'Rows to learn from',
    description: 'Drawn evenly over the whole dataset; more than this rarely changes what is learned.',
    unit: 'rows',
  }),
  holdoutShare: z.number().min(0).max(0.9).default(0.2).meta({
    title: 'Held out for checking',
    description: 'Never learned from; the error and the anomaly threshold are judged on them.',
    unit: 'share',
  }),
  splitBy: z.enum(['auto', 'blocks', 'random']).default('auto').meta({
    title: 'Hold out by',
    description: 'Neighbouring pixels are alike. Blocks of 32 × 32 keep the check honest; auto uses blocks for scenes.',
  }),
  scaling: z.enum(['z-score', 'min-max', 'none']).default('z-score').meta({
    title: 'Scale each column',
    description: 'z-score gives mean 0 and spread 1; min-max gives 0 to 1, which a sigmoid output needs.',
  }),
  counts: z.enum(['auto', 'log1p-cp10k', 'none']).default('auto').meta({
    title: 'Counts',
    description: 'log(1 + counts per 10 000) evens out sequencing depth; auto uses it for cells whose values are raw counts.',
    advanced: true,
  }),
  region: regionParam('learns from pixels'),
  storage: z
    .enum(['float32', 'float16'])
    .default('float32')
    .meta({
      title: 'Numbers kept as',
      labels: { float32: 'Four bytes', float16: 'Two bytes' },
      description:
        'Two bytes halve the rows on disk and what training reads of rows that do not fit into memory. Scaled values keep three significant digits, which is finer than most measurements.',
      advanced: true,
    }),
  columns: z
    .array(z.string())
    .nullable()
    .default(null)
    .meta({ title: 'Columns', description: 'Learn from these only; all when empty.', advanced: true }),
})
type Params = z.output<typeof params>

function chooseColumns(meta: DatasetMeta, wanted: readonly string[] | null): number[] {
  const noun = columnNoun[meta.kind][1]
  if (wanted === null) {
    // A column without a single value carries nothing and would become NaN everywhere.
    const usable = meta.columns.map((_, i) => i).filter((i) => (meta.summaries[i]?.valid ?? 1) > 0)
    if (usable.length === 0)
      throw new StratumError(
        'DATA_UNSUITABLE',
        `None of the ${meta.columns.length} ${noun} holds a number.`,
        'Check the no-data value and the file; a model learns from numbers.',
      )
    return usable
  }
  return wanted.map((name) => {
    const i = meta.columns.findIndex((c) => c.name === name)
    if (i < 0)
      throw new StratumError(
        'PARAMETER_INVALID',
        `There is no ${columnNoun[meta.kind][0]} named “${name}”.`,
        `Choose among: ${meta.columns
          .slice(0, 20)
          .map((c) => c.name)
          .join(', ')}.`,
        { parameter: 'columns' },
      )
    return i
  })
}

/** Raw counts are whole and not negative; normalised or scaled values are not. NaN is missing. */
export const looksLikeCounts = (X: Float32Array): boolean =>
  X.every((value) => Number.isNaN(value) || (value >= 0 && Number.isInteger(value)))

function pipelineSteps(meta: DatasetMeta, { scaling, counts }: Params, train: Float32Array): FittedStep['id'][] {
  const isCounts = counts === 'log1p-cp10k' || (counts === 'auto' && meta.kind === 'cells' && looksLikeCounts(train))
  return ['impute', ...(isCounts ? (['log1p-cp10k'] as const) : []), ...(scaling === 'none' ? [] : [scaling])]
}

function checkFitsFloat16(...parts: readonly Float32Array[]): void {
  if (parts.every(fitsFloat16)) return
  throw new StratumError(
    'DATA_UNSUITABLE',
    'Some values are beyond 65 504, which is the largest number of two bytes.',
    'Scale the columns, or keep numbers in four bytes.',
    { parameter: 'storage' },
  )
}

export const prepareOperation = defineOperation({
  id: 'prepare',
  version: 1,
  title: 'Prepare',
  summary: 'Draws the rows to learn from, holds some out, and fits the scaling on the learning rows.',
  inputs: { dataset: { kinds: ['dataset'], description: 'What to learn from' } },
  params,
  produces: 'matrix',
  ignores: ['device'],
  identity: ({ region }) => regionIdentity(region),
  nameFor: (_, { dataset }) => `${dataset?.name ?? 'data'} prepared`,
  async run(ctx) {
    const dataset = ctx.inputs.dataset!
    const meta = dataset.meta as unknown as DatasetMeta
    const columnIndex = chooseColumns(meta, ctx.params.columns)
    const d = columnIndex.length
    const wantedBytes = Math.min(ctx.params.rows / (1 - ctx.params.holdoutShare), meta.validRows) * d * 4
    if (wantedBytes > ctx.memoryBudgetBytes / 4) {
      const rows = Math.floor((ctx.memoryBudgetBytes / 4 / (d * 4)) * (1 - ctx.params.holdoutShare))
      throw new StratumError(
        'MEMORY_EXCEEDED',
        `Learning from ${ctx.params.rows} ${rowNoun[meta.kind][1]} of ${d} ${columnNoun[meta.kind][1]} takes ${Math.round(wantedBytes / 1e6)} MB; a quarter of the memory budget is ${Math.round(ctx.memoryBudgetBytes / 4e6)} MB.`,
        `Learn from at most ${rows} ${rowNoun[meta.kind][1]}, choose fewer ${columnNoun[meta.kind][1]}, or raise --memory.`,
        { parameter: 'rows' },
      )
    }
    const splitBy = ctx.params.splitBy === 'auto' ? (meta.grid ? 'blocks' : 'random') : ctx.params.splitBy
    const source = await openDataset(meta, ctx.project.path, ctx.signal)
    try {
      const learnable = await withinRegion(source, meta, ctx.params.region, ctx.signal)
      const drawn = await drawRows(learnable, meta, {
        trainRows: ctx.params.rows,
        holdoutShare: ctx.params.holdoutShare,
        splitBy,
        columns: columnIndex,
        seed: ctx.seed,
        signal: ctx.signal,
        report: ctx.report,
      })
      const n = drawn.trainIndex.length
      const m = drawn.holdoutIndex.length
      if (n < 2)
        throw new StratumError(
          'DATA_UNSUITABLE',
          `Only ${n} usable ${rowNoun[meta.kind][1]} to learn from.`,
          'Hold out a smaller share, or check the no-data value.',
        )
      const findings: Finding[] = []
      const steps = fitPipeline(
        pipelineSteps(meta, ctx.params, drawn.train),
        drawn.train,
        n,
        d,
        drawn.columns.map((column) => column.name),
        findings,
      )
      applyPipeline(steps, drawn.train, n, d)
      applyPipeline(steps, drawn.holdout, m, d)
      const { storage } = ctx.params
      if (storage === 'float16') checkFitsFloat16(drawn.train, drawn.holdout)
      const write = (name: string, values: Float32Array | Float64Array, spec: ArraySpec) => {
        const writer = ctx.draft.writeArray(name, spec)
        writer.append(values)
        writer.finish()
      }
      // Pieces are what training shuffles by, so both ways of keeping numbers give the same order.
      const chunkRows = blockRowsOf(d)
      write('train', drawn.train, { dtype: storage, shape: [n, d], chunkRows })
      write('holdout', drawn.holdout, { dtype: storage, shape: [m, d], chunkRows })
      write('trainIndex', drawn.trainIndex, { dtype: 'float64', shape: [n] })
      write('holdoutIndex', drawn.holdoutIndex, { dtype: 'float64', shape: [m] })
      const result: MatrixMeta = {
        dataset: dataset.id,
        datasetKind: meta.kind,
        columns: columnIndex.map((i) => meta.columns[i]),
        columnIndex,
        steps,
        trainRows: n,
        holdoutRows: m,
        split: splitBy,
        findings,
      }
      return result
    } finally {
      await source.close()
    }
  },
})
