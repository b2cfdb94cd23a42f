/** Train: fits one model to a prepared matrix. Resumes from its last checkpoint after a crash. */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { MatrixMeta, ModelMeta } from '#common/domain/results.ts'
import { openEnergyMeter } from '../compute/energy.ts'
import { rowsInMemory } from '../compute/rowReader.ts'
import type { ModelDefinition, Weight, Weights } from '../models/define.ts'
import { modelById } from '../models/registry.ts'
import { mostResidentBytes, openMatrixRows } from '../train/matrixRows.ts'
import { sampleOf } from '../train/rowSample.ts'
import { type TrainingRows, trainModel, type TrainOptions } from '../train/train.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { pcaArrays, weightArray } from './trainedModel.ts'

const params = z.object({
  model: z.string().default('stacked').meta({ title: 'Model', description: 'One of the registry; `models` lists them.' }),
  preset: z
    .string()
    .nullable()
    .default(null)
    .meta({ title: 'Preset', description: 'A named set of settings; single settings below go before it.' }),
  settings: z.record(z.string(), z.unknown()).default({}).meta({ title: 'Settings', description: 'The model’s own parameters.' }),
})

/** Preset under explicit settings under nothing: what the model really runs with, defaults filled in. */
export function resolveSettings(
  model: ModelDefinition,
  preset: string | null,
  settings: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const found = preset === null ? undefined : model.presets.find((p) => p.id === preset)
  if (preset !== null && found === undefined) {
    throw new StratumError(
      'PARAMETER_INVALID',
      `${model.title} has no preset “${preset}”.`,
      model.presets.length ? `Choose among: ${model.presets.map((p) => p.id).join(', ')}.` : 'Leave the preset empty.',
      { parameter: 'preset' },
    )
  }
  const parsed = model.params.strict().safeParse({ ...found?.params, ...settings })
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new StratumError(
      'PARAMETER_INVALID',
      `${model.title}: ${issue.path.join('.') || 'settings'}: ${issue.message}`,
      `Settings of this model: ${Object.keys(model.params.shape).join(', ')}.`,
      { parameter: `settings.${issue.path.join('.')}` },
    )
  }
  return parsed.data
}

/** Names of the parameters that say how many passes are made, in the order of the stages. */
export const passParameters = (model: ModelDefinition): string[] =>
  Object.keys(model.params.shape).filter((name) => /epochs$/.test(String(model.params.shape[name].meta()?.paperTerm)))

/** Fewer steps than this leave any network near where it began. */
const leastSteps = 500

/**
 * Passes that nobody chose grow on small data until a stage makes enough steps: 30 passes over 250 rows would be 30 steps.
 * A number the user typed is kept.
 */
export function withEnoughPasses(
  model: ModelDefinition,
  settings: Readonly<Record<string, unknown>>,
  typed: Readonly<Record<string, unknown>>,
  rows: number,
): Record<string, unknown> {
  const stepsPerPass = Math.ceil(rows / Number(settings.batchSize ?? rows))
  const passNames = passParameters(model)
  const enough = (name: string, passes: unknown): unknown =>
    typeof passes === 'number' && passes > 0 && passNames.includes(name) && !(name in typed)
      ? Math.max(passes, Math.ceil(leastSteps / stepsPerPass))
      : passes
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, enough(name, value)]))
}

type Rows = Pick<TrainOptions, 'trainRows' | 'holdout' | 'holdoutRows' | 'inputDim' | 'conditions' | 'seed' | 'threads' | 'signal'> & {
  readonly train: TrainingRows
}

/** Of rows that are never kept in memory PCA learns from 64 MB: more moves its axes by less than its figures show, and may take hours. */
const referenceSample = { mostRows: Number.POSITIVE_INFINITY, mostValues: 2 ** 24, stretches: 256 }

/**
 * The baseline every run is shown against: PCA with as many components, same learning rows (a sample spread evenly over them beyond
 * 1 GB), same held-out rows.
 */
export async function pcaReference(given: Rows, components: number): Promise<{ figures: ModelMeta['pca']; weights: Weights }> {
  const model = modelById('pca')
  const rows = { ...given, ...(await learningRows(given)) }
  const { trainError, holdoutError, explainedVariance, columnError, weights } = await trainModel({
    ...rows,
    model,
    params: model.params.parse({ components }),
    keepRequested: () => false,
    untilResumed: async () => undefined,
    report: () => undefined,
    addMetrics: () => undefined,
    checkpoint: { load: () => null, save: () => undefined },
  })
  return { figures: { holdoutError: holdoutError ?? trainError, explainedVariance, columnError: [...columnError] }, weights }
}

async function learningRows({ train, trainRows }: Rows): Promise<Pick<Rows, 'train' | 'trainRows'>> {
  if (trainRows * train.columns * Float32Array.BYTES_PER_ELEMENT <= mostResidentBytes) return { train, trainRows }
  const { n, values } = await sampleOf(train, referenceSample)
  return { train: rowsInMemory(values, n, train.columns), trainRows: n }
}

/** The model and its baseline. Memory: what openMatrixRows and trainModel say. */
async function learned(
  ctx: OperationContext<z.output<typeof params>>,
  model: ModelDefinition,
  settings: Readonly<Record<string, unknown>>,
  matrixId: number,
  matrix: MatrixMeta,
) {
  const { trainRows, holdoutRows, columns, conditions = 0 } = matrix
  const rows = await openMatrixRows(ctx.project, matrixId, matrix, ctx.memoryBudgetBytes, ctx.signal)
  try {
    const { seed, threads, signal } = ctx
    const columnNames = columns.map(({ name }) => name)
    const common = {
      train: rows.train,
      trainRows,
      holdout: rows.holdout,
      holdoutRows,
      inputDim: columns.length,
      conditions,
      columnNames,
      seed,
      threads,
      signal,
    }
    const result = await trainModel({
      ...common,
      model,
      params: settings,
      device: ctx.device,
      keepRequested: ctx.keepRequested,
      untilResumed: ctx.untilResumed,
      report: ctx.report,
      addMetrics: (points) => ctx.draft.addMetrics(points),
      checkpoint: { load: () => ctx.draft.loadCheckpoint(), save: (state, arrays) => ctx.draft.saveCheckpoint(state, arrays) },
    })
    ctx.report({ stage: 'Comparing with PCA', fraction: null })
    return {
      result,
      pca: await pcaReference(common, Math.min(result.layout.activeCodes ?? result.layout.codeSize, columns.length - conditions)),
    }
  } finally {
    await rows.close()
  }
}

export const trainOperation = defineOperation({
  id: 'train',
  version: 3,
  title: 'Train',
  summary: 'Fits a model to the prepared rows and keeps its best state.',
  inputs: { matrix: { kinds: ['matrix'], description: 'Prepared rows' } },
  params,
  produces: 'model',
  nameFor: ({ model, preset }) => preset ?? model,
  canPause: true,
  canKeep: true,
  resumable: true,
  // Defaults of the model belong to the key: a changed default is another run.
  identity: ({ model, preset, settings }) => {
    const definition = modelById(model)
    return JSON.stringify({ version: definition.version, settings: resolveSettings(definition, preset, settings) })
  },
  async run(ctx) {
    const definition = modelById(ctx.params.model)
    const artifact = ctx.inputs.matrix!
    const matrix = artifact.meta as unknown as MatrixMeta
    const chosen = resolveSettings(definition, ctx.params.preset, ctx.params.settings)
    const settings = withEnoughPasses(definition, chosen, ctx.params.settings, matrix.trainRows)
    const meter = openEnergyMeter(ctx.device)
    const { result, pca } = await learned(ctx, definition, settings, artifact.id, matrix).finally(() => meter.close())
    const energy = await meter.read()
    for (const { message, hint } of result.warnings) ctx.log('warning', `${message} ${hint}`)
    const write = (name: string, { shape, values }: Weight) => {
      const writer = ctx.draft.writeArray(name, { dtype: 'float32', shape })
      writer.append(values)
      writer.finish()
    }
    for (const [name, weight] of Object.entries(result.weights)) write(weightArray(name), weight)
    // Kept so that a reconstruction can be shown beside what PCA makes of the same row.
    write(pcaArrays.mean, pca.weights.mean)
    write(pcaArrays.components, pca.weights.components)
    const meta: ModelMeta = {
      model: definition.id,
      settings,
      preset: ctx.params.preset,
      title: definition.title,
      matrix: artifact.id,
      dataset: matrix.dataset,
      columns: matrix.columns,
      ...(matrix.conditions !== undefined && { conditions: matrix.conditions }),
      sources: matrix.sources,
      parts: matrix.parts,
      layout: result.layout,
      codeSize: result.layout.codeSize,
      trainError: result.trainError,
      holdoutError: result.holdoutError,
      explainedVariance: result.explainedVariance,
      columnError: [...result.columnError],
      pca: pca.figures,
      epochs: result.epochs,
      steps: result.steps,
      rowsSeen: result.rowsSeen,
      stopped: result.stopped,
      executor: result.executor,
      energy,
      warnings: [...result.warnings],
    }
    return meta
  },
})
