/**
 * Prepare: draws the rows to learn from and the rows held out, and fits the recorded, invertible pipeline on the
 * learning rows only. Applying a trained model to any file replays exactly these steps.
 *
 * Memory: two and a half times the drawn rows; beyond 128 MB of them, of a sample that the pipeline is fitted on, and the rows go
 * to the project file as they are read. Refused beforehand when that does not fit a quarter of the budget.
 */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { DatasetMeta, Finding } from '#common/domain/dataset.ts'
import { columnNoun, rowNoun } from '#common/domain/dataset.ts'
import type { FittedStep, MatrixMeta } from '#common/domain/results.ts'
import { openDataset } from '../data/import.ts'
import type { OpenSource } from '../data/dataset.ts'
import { type DrawnPart, drawLarge, type LargeDraw } from '../data/drawLarge.ts'
import { applyPipeline, type DrawOptions, drawRows, fitPipeline } from '../data/prepare.ts'
import { fitsFloat16 } from '../project/float16.ts'
import type { Draft } from '../project/project.ts'
import { blockRowsOf } from '../train/rowOrder.ts'
import { defineOperation } from './define.ts'
import { regionIdentity, regionParam, withinRegion } from './region.ts'

const params = z.object({
  rows: z.int().min(10).max(1_000_000_000).default(200_000).meta({
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

/** Rows beyond this are not held but read twice. It depends on the data alone, so every computer prepares them alike. */
const mostHeldBytes = 128e6

async function draw(
  source: OpenSource,
  meta: DatasetMeta,
  options: DrawOptions & { readonly columns: readonly number[] },
  wantedBytes: number,
): Promise<LargeDraw> {
  if (wantedBytes > mostHeldBytes) return drawLarge(source, meta, options, Math.floor(mostHeldBytes / (4 * options.columns.length)))
  const { train, trainIndex, holdout, holdoutIndex } = await drawRows(source, meta, options)
  const [trainRows, holdoutRows] = [trainIndex.length, holdoutIndex.length]
  async function* rows(): AsyncIterable<DrawnPart> {
    yield { part: 'train', n: trainRows, X: train, index: trainIndex }
    yield { part: 'holdout', n: holdoutRows, X: holdout, index: holdoutIndex }
  }
  return { trainRows, holdoutRows, sample: train, sampleRows: trainRows, rows }
}

/** Prepared rows and their numbers, part by part as they come. */
async function writeRows(
  draft: Draft,
  { trainRows, holdoutRows, rows }: LargeDraw,
  steps: readonly FittedStep[],
  d: number,
  storage: Params['storage'],
): Promise<void> {
  // Pieces are what training shuffles by, so both ways of keeping numbers give the same order.
  const writersOf = (part: DrawnPart['part'], n: number) => ({
    values: draft.writeArray(part, { dtype: storage, shape: [n, d], chunkRows: blockRowsOf(d) }),
    index: draft.writeArray(`${part}Index`, { dtype: 'float64', shape: [n] }),
  })
  const writers = { train: writersOf('train', trainRows), holdout: writersOf('holdout', holdoutRows) }
  for await (const { part, n, X, index } of rows()) {
    applyPipeline(steps, X, n, d)
    if (storage === 'float16') checkFitsFloat16(X)
    writers[part].values.append(X)
    writers[part].index.append(index)
  }
  for (const { values, index } of Object.values(writers)) {
    values.finish()
    index.finish()
  }
}

function checkFitsFloat16(values: Float32Array): void {
  if (fitsFloat16(values)) return
  throw new StratumError(
    'DATA_UNSUITABLE',
    'Some values are beyond 65 504, which is the largest number of two bytes.',
    'Scale the columns, or keep numbers in four bytes.',
    { parameter: 'storage' },
  )
}

export const prepareOperation = defineOperation({
  id: 'prepare',
  version: 2,
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
    if (Math.min(wantedBytes, mostHeldBytes) > ctx.memoryBudgetBytes / 4) {
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
      const drawn = await draw(
        learnable,
        meta,
        {
          trainRows: ctx.params.rows,
          holdoutShare: ctx.params.holdoutShare,
          splitBy,
          columns: columnIndex,
          seed: ctx.seed,
          signal: ctx.signal,
          report: ctx.report,
        },
        wantedBytes,
      )
      const { trainRows, holdoutRows, sample, sampleRows } = drawn
      if (trainRows < 2)
        throw new StratumError(
          'DATA_UNSUITABLE',
          `Only ${trainRows} usable ${rowNoun[meta.kind][1]} to learn from.`,
          'Hold out a smaller share, or check the no-data value.',
        )
      const findings: Finding[] = []
      const names = columnIndex.map((i) => meta.columns[i].name)
      const steps = fitPipeline(pipelineSteps(meta, ctx.params, sample), sample, sampleRows, d, names, findings)
      if (sampleRows < trainRows)
        findings.push({
          severity: 'info',
          code: 'FITTED_ON_SAMPLE',
          message: `Scaling was fitted on ${sampleRows} of the ${trainRows} ${rowNoun[meta.kind][1]} to learn from.`,
          hint: 'More would not change it noticeably; the extremes of a few rows may lie outside.',
        })
      await writeRows(ctx.draft, drawn, steps, d, ctx.params.storage)
      const result: MatrixMeta = {
        dataset: dataset.id,
        datasetKind: meta.kind,
        columns: columnIndex.map((i) => meta.columns[i]),
        columnIndex,
        steps,
        trainRows,
        holdoutRows,
        split: splitBy,
        findings,
      }
      return result
    } finally {
      await source.close()
    }
  },
})
