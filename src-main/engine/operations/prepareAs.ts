/**
 * Prepare as a saved model was: the same columns through the same steps with the same numbers, from a file that was exported with the
 * model. Nothing is fitted. Files of SAELens that others have made say nothing of preparation: activations are taken as they are, all
 * columns of numbers in their order. Rows are drawn and held out as `prepare` does where nothing else is said: blocks of a scene, else
 * random rows.
 *
 * Memory: the rows drawn, prepared; refused when they take more than a quarter of the budget.
 */
import { resolve } from 'node:path'
import { z } from 'zod'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { MatrixMeta } from '#common/domain/results.ts'
import { StratumError } from '#common/errors.ts'
import type { OpenSource, RowChunk } from '../data/dataset.ts'
import { openDataset } from '../data/import.ts'
import { openReplay, type Replay } from '../data/pipeline/replay.ts'
import { drawRows } from '../data/prepare.ts'
import type { Preparation } from '../export/modelConfig.ts'
import { blockRowsOf } from '../train/rowOrder.ts'
import { defineOperation } from './define.ts'
import { identityOfModel, preparationIn } from './savedModel.ts'

const params = z.object({
  path: z
    .string()
    .min(1)
    .meta({ title: 'Saved model', description: 'A .json or .safetensors that was exported with a model, or a folder for SAELens.' }),
  rows: z.int().min(10).max(1_000_000_000).default(200_000).meta({
    title: 'Rows',
    description: 'Drawn evenly over the whole dataset, to judge the model on or to go on learning from.',
    unit: 'rows',
  }),
  holdoutShare: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.2)
    .meta({ title: 'Held out for checking', unit: 'share', description: 'The figures are judged on them.' }),
})

/** The rows of a source as the model sees them. */
function replayed(source: OpenSource, replay: Replay, preparation: Preparation): OpenSource {
  async function* chunks({ signal }: { signal?: AbortSignal } = {}): AsyncGenerator<RowChunk> {
    for await (const { start, n, X, valid } of source.chunks({ columns: replay.columns, signal }))
      yield { start, n, X: replay.prepare(X, n, start, valid), valid }
  }
  return {
    ...source,
    report: { ...source.report, columns: [...preparation.columns] },
    chunks,
    preview: source.preview.bind(source),
    close: () => source.close(),
  }
}

export const prepareAsOperation = defineOperation({
  id: 'prepare-as',
  version: 1,
  title: 'Prepare as a saved model was',
  summary: 'Sends the rows of a dataset through the steps that were saved with a model; nothing is fitted anew.',
  inputs: { dataset: { kinds: ['dataset'], description: 'With the columns that the model was trained on' } },
  params,
  produces: 'matrix',
  ignores: ['device'],
  keyed: ({ path: _, ...others }) => others,
  identity: ({ path }) => identityOfModel(path),
  nameFor: (_, { dataset }) => `${dataset?.name ?? 'data'} prepared as saved`,
  async run(ctx) {
    const { rows, holdoutShare } = ctx.params
    const path = resolve(ctx.params.path)
    const dataset = ctx.inputs.dataset!
    const meta = dataset.meta as unknown as DatasetMeta
    const said = await preparationIn(path)
    const preparation = said.preparation ?? asTheyAre(meta, said.columns)
    const d = preparation.columns.length
    checkMemory(meta, Math.min(meta.validRows, rows / (1 - holdoutShare)), d, ctx.memoryBudgetBytes)
    const source = await openDataset(meta, ctx.project.path, ctx.signal)
    try {
      const like = {
        ...preparation,
        dataset: 0,
        columnIndex: [],
        trainRows: 0,
        holdoutRows: 0,
        split: '',
        findings: [],
      } satisfies MatrixMeta
      const replay = await openReplay(like, { ...dataset, meta }, source, ctx.signal)
      for (const [column, unknown] of replay.unknownCategories)
        ctx.log('warning', `${column} has categories that training did not see: ${unknown.slice(0, 5).join(', ')}.`)
      const splitBy = meta.grid ? 'blocks' : 'random'
      const { train, trainIndex, holdout, holdoutIndex } = await drawRows(
        replayed(source, replay, preparation),
        { ...meta, columns: preparation.columns },
        { trainRows: rows, holdoutShare, splitBy, seed: ctx.seed, signal: ctx.signal, report: ctx.report },
      )
      const write = (name: 'train' | 'holdout', X: Float32Array, index: Float64Array): void => {
        const n = index.length
        const arrays = [
          [name, { dtype: 'float32', shape: [n, d], chunkRows: blockRowsOf(d) }, X],
          [`${name}Index`, { dtype: 'float64', shape: [n] }, index],
          ...(replay.groupsOf(0, 0)
            ? [
                [
                  `${name}Group`,
                  { dtype: 'int32', shape: [n] },
                  Int32Array.from(index, (row) => replay.groupsOf(row, 1)?.[0] ?? -1),
                ] as const,
              ]
            : []),
        ] as const
        for (const [array, spec, values] of arrays) {
          const writer = ctx.draft.writeArray(array, spec)
          writer.append(values)
          writer.finish()
        }
      }
      write('train', train, trainIndex)
      write('holdout', holdout, holdoutIndex)
      const result: MatrixMeta = {
        ...preparation,
        dataset: dataset.id,
        datasetKind: meta.kind,
        columnIndex: [...replay.columns],
        trainRows: trainIndex.length,
        holdoutRows: holdoutIndex.length,
        split: splitBy,
        findings: [],
      }
      return result
    } finally {
      await source.close()
    }
  },
})

/** All columns of numbers, with zero for what is missing. */
function asTheyAre({ kind, columns: all }: DatasetMeta, wanted: number): Preparation {
  const columns = all.filter(({ type }) => type === 'number' || type === 'integer' || type === 'boolean')
  if (columns.length !== wanted)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The dictionary takes ${wanted} columns, and the data have ${columns.length} columns of numbers.`,
      'Choose the activations that it was made for.',
      { columns: wanted, present: columns.length },
    )
  return { datasetKind: kind, columns, steps: [{ id: 'impute', values: columns.map(() => 0) }] }
}

function checkMemory({ kind }: DatasetMeta, rows: number, d: number, budgetBytes: number): void {
  const bytes = rows * d * 4
  if (bytes <= budgetBytes / 4) return
  throw new StratumError(
    'MEMORY_EXCEEDED',
    `${Math.round(rows)} prepared ${rowNoun[kind][1]} of ${d} numbers take ${Math.round(bytes / 1e6)} MB; a quarter of the memory budget is ${Math.round(budgetBytes / 4e6)} MB.`,
    `Take at most ${Math.floor(budgetBytes / 4 / (d * 4))}, or raise --memory.`,
    { parameter: 'rows' },
  )
}
