/**
 * Import a model: weights that were saved before, here or elsewhere, become a model of this project that encodes, scores and is exported
 * like one that was trained here. Its figures are computed anew on the rows it is given.
 *
 * `prepare-as` prepares a dataset as the file says. Other prepared rows of the same columns are taken too, and a warning stays with the
 * model when it learned from rows that were prepared otherwise.
 *
 * Memory: the weights twice, and what openMatrixRows says.
 */
import { z } from 'zod'
import { conditionsOf, type MatrixMeta, type ModelMeta, rebuiltOf, type TrainWarning } from '#common/domain/results.ts'
import { StratumError } from '#common/errors.ts'
import { buildFor, type Built } from '../models/build.ts'
import type { ModelDefinition, Weights } from '../models/define.ts'
import { modelById } from '../models/registry.ts'
import { openEncoder, traceForward } from '../train/encoder.ts'
import { layoutOf, weightShapes } from '../train/layout.ts'
import { openMatrixRows } from '../train/matrixRows.ts'
import { qualityOf } from '../train/quality.ts'
import { defineOperation, type OperationContext } from './define.ts'
import { identityOfModel, type LoadedModel, readSavedModel } from './savedModel.ts'
import { pcaReference } from './learn.ts'
import { pcaArrays, weightArray } from './trainedModel.ts'

const params = z.object({
  path: z.string().min(1).meta({
    title: 'Saved model',
    description:
      'The .safetensors of an exported model, with its .json beside it, or a folder of SAELens (cfg.json and sae_weights.safetensors).',
  }),
})
type Context = OperationContext<z.output<typeof params>>

function checkColumns({ takesConditions }: ModelDefinition, { columns, conditions: wanted, file }: LoadedModel, matrix: MatrixMeta): void {
  const wide = rebuiltOf(matrix).length
  const conditions = conditionsOf(matrix)
  if (takesConditions && columns === wide && wanted !== conditions)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The model in ${file} is given ${wanted} columns of known influences, and the prepared rows have ${conditions}.`,
      'Prepare the data as the saved model takes them: then its own preparation is used.',
      { conditions: wanted, present: conditions },
    )
  if (columns === wide) return
  throw new StratumError(
    'DATA_UNSUITABLE',
    `The model in ${file} takes ${columns} columns, and the prepared rows have ${wide}.`,
    'Choose the data that the model was made for, or prepare the same columns.',
    { columns, present: wide },
  )
}

/** What is different from the preparation that the model learned with. Names of columns are compared only where the file knows them. */
function preparationWarnings({ config, file }: LoadedModel, matrix: MatrixMeta): TrainWarning[] {
  const warn = (message: string, hint: string): TrainWarning[] => [{ code: 'OTHER_PREPARATION', message, hint, where: { file } }]
  if (!config) {
    const scaled = matrix.steps.filter(({ id }) => !['impute', 'complete-rows', 'select'].includes(id)).map(({ id }) => id)
    if (scaled.length === 0) return []
    return warn(
      `The rows went through ${scaled.join(', ')} before; a dictionary of SAELens usually takes activations as they are.`,
      'Prepare the data as the saved model takes them, unless it was trained on rows scaled like these.',
    )
  }
  const then = config.preparation
  const names = (columns: MatrixMeta['columns']): string => columns.map(({ name }) => name).join('\0')
  if (names(then.columns) !== names(matrix.columns))
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The model learned from the columns ${listed(then.columns)}, and these are ${listed(matrix.columns)}.`,
      'Load it onto data with the same columns in the same order.',
    )
  if (JSON.stringify(then.steps) === JSON.stringify(matrix.steps) && JSON.stringify(then.given) === JSON.stringify(matrix.given)) return []
  return warn(
    'The rows were prepared otherwise than those the model learned from, at least with other numbers.',
    'Prepare the data as the saved model takes them: then its own preparation is used.',
  )
}

const listed = (columns: MatrixMeta['columns']): string => {
  const names = columns.slice(0, 4).map(({ name }) => name)
  return `${names.join(', ')}${columns.length > 4 ? ' …' : ''} (${columns.length})`
}

/** Settings as the model's schema has them now. @throws FORMAT_UNSUPPORTED */
function settingsOf(definition: ModelDefinition, { settings, version, file }: LoadedModel): Record<string, unknown> {
  if (version !== null && version > definition.version)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `${file} was made by a later version of ${definition.title} (${version}; this is ${definition.version}).`,
      'Update Stratum.',
      { file },
    )
  const parsed = definition.params.strict().safeParse(settings)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]
  throw new StratumError(
    'FORMAT_UNSUPPORTED',
    `${file}: the setting ${path.join('.') || '(all)'} of ${definition.title}: ${message}`,
    'The file was made by another version, or changed.',
    { file },
  )
}

/** Every weight that the model has, of its shape, and no other. @throws FILE_CORRUPT */
function checkWeights(
  definition: ModelDefinition,
  settings: Record<string, unknown>,
  { columns, conditions, weights, file }: LoadedModel,
): void {
  const inputDim = columns + conditions
  const built = buildFor(definition, settings, inputDim, conditions)
  const damaged = (message: string, cause?: unknown): StratumError =>
    new StratumError('FILE_CORRUPT', `${file}: ${message}`, 'Export the model again.', { file }, cause)
  const shapes = weightShapes(built)
  for (const [name, shape] of Object.entries(shapes ?? {})) {
    const found = weights[name]
    if (!found) throw damaged(`the weight ${name} is missing.`)
    if (found.shape.length !== shape.length || found.shape.some((size, i) => size !== shape[i]))
      throw damaged(`the weight ${name} has the shape (${found.shape.join(', ')}), and (${shape.join(', ')}) was expected.`)
  }
  const extra = shapes && Object.keys(weights).find((name) => !(name in shapes))
  if (extra) throw damaged(`there is no weight ${extra} in ${definition.title}.`)
  const noNumber = Object.entries(weights).find(([, { values }]) => values.some((value) => value - value !== 0))
  if (noNumber) throw damaged(`the weight ${noNumber[0]} holds a value that is no number.`)
  if (shapes) return
  try {
    traceForward(definition, built, weights, 'encode', 1, inputDim, conditions)
  } catch (thrown) {
    throw damaged(`the weights do not belong to ${definition.title}.`, thrown)
  }
}

export const importModelOperation = defineOperation({
  id: 'import-model',
  version: 1,
  title: 'Load a model',
  summary: 'Adds a saved model, of Stratum or a sparse autoencoder of SAELens, and judges it on the data.',
  inputs: { matrix: { kinds: ['matrix'], description: 'Rows prepared as the model learned from them' } },
  params,
  produces: 'model',
  ignores: ['device'],
  keyed: () => ({}),
  identity: ({ path }) => identityOfModel(path),
  nameFor: ({ path }) =>
    (
      path
        .replace(/[\\/]+$/, '')
        .split(/[\\/]/)
        .pop() ?? path
    ).replace(/\.(safetensors|json)$/i, ''),
  async run(ctx) {
    ctx.report({ stage: 'Reading the file', fraction: null })
    const loaded = await readSavedModel(ctx.params.path, ctx.memoryBudgetBytes)
    const definition = modelById(loaded.model)
    const settings = settingsOf(definition, loaded)
    checkWeights(definition, settings, loaded)
    const artifact = ctx.inputs.matrix!
    const matrix = artifact.meta as unknown as MatrixMeta
    checkColumns(definition, loaded, matrix)
    const built = buildFor(definition, settings, matrix.columns.length, matrix.conditions, matrix.masked)
    const warnings = [...preparationWarnings(loaded, matrix), ...versionWarnings(definition, loaded)]
    for (const { message, hint } of warnings) ctx.log('warning', `${message} ${hint}`)

    const { weights } = loaded
    const figures = await judged(ctx, { definition, settings, built, weights }, artifact.id, matrix)
    const { pca, ...judgement } = figures
    const arrays = {
      ...Object.fromEntries(Object.entries(weights).map(([name, weight]) => [weightArray(name), weight])),
      [pcaArrays.mean]: pca.weights.mean,
      [pcaArrays.components]: pca.weights.components,
    }
    for (const [name, { shape, values }] of Object.entries(arrays)) {
      const writer = ctx.draft.writeArray(name, { dtype: 'float32', shape })
      writer.append(values)
      writer.finish()
    }
    const then = loaded.config?.figures
    const layout = layoutOf(built)
    const meta: ModelMeta = {
      model: definition.id,
      settings,
      preset: null,
      title: definition.title,
      matrix: artifact.id,
      dataset: matrix.dataset,
      columns: matrix.columns,
      ...(matrix.conditions !== undefined && { conditions: matrix.conditions }),
      ...(matrix.masked !== undefined && { masked: matrix.masked }),
      sources: matrix.sources,
      parts: matrix.parts,
      layout,
      codeSize: layout.codeSize,
      ...judgement,
      pca: pca.figures,
      epochs: then?.epochs ?? 0,
      steps: then?.steps ?? 0,
      rowsSeen: then?.rowsSeen ?? 0,
      stopped: 'finished',
      executor: 'none: it was loaded from a file',
      imported: {
        format: loaded.format,
        file: loaded.file,
        madeFrom: loaded.madeFrom,
        writtenBy: loaded.config?.writtenBy ?? null,
        holdoutError: then?.holdoutError ?? then?.trainError ?? null,
        explainedVariance: then?.explainedVariance ?? null,
      },
      warnings,
    }
    return meta
  },
})

const versionWarnings = ({ title, version: now }: ModelDefinition, { version, file }: LoadedModel): TrainWarning[] =>
  version === null || version === now
    ? []
    : [
        {
          code: 'OTHER_VERSION',
          message: `${file} was trained with version ${version} of ${title}; this is version ${now}.`,
          hint: 'It is used as it is. Training again may give other weights than then.',
          where: { file },
        },
      ]

interface Candidate {
  readonly definition: ModelDefinition
  readonly settings: Readonly<Record<string, unknown>>
  readonly built: Built
  readonly weights: Weights
}

/** How it does on these rows, as a training would say it, and PCA beside it. */
async function judged(ctx: Context, { definition, settings, built, weights }: Candidate, matrixId: number, matrix: MatrixMeta) {
  const { trainRows, holdoutRows, columns, conditions = 0, masked = false } = matrix
  const { seed, threads, signal } = ctx
  const rows = await openMatrixRows(ctx.project, matrixId, matrix, ctx.memoryBudgetBytes, signal)
  const inputDim = columns.length
  const encoder = await openEncoder({ model: definition, params: settings, inputDim, conditions, masked, weights, threads })
  try {
    ctx.report({ stage: 'Judging', fraction: null })
    const onTrain = await qualityOf(encoder, rows.train, signal, { conditions, masked })
    const onHoldout = holdoutRows > 0 ? await qualityOf(encoder, rows.holdout, signal, { conditions, masked }) : null
    if (!Number.isFinite(onTrain.error) || !Number.isFinite(onHoldout?.error ?? 0))
      throw new StratumError(
        'DATA_UNSUITABLE',
        'The model does not give numbers back for these rows.',
        'Look for values far outside what it was trained on.',
      )
    ctx.report({ stage: 'Comparing with PCA', fraction: null })
    const { codeSize, activeCodes } = layoutOf(built)
    const common = { train: rows.train, trainRows, holdout: rows.holdout, holdoutRows, inputDim, conditions, masked, seed, threads, signal }
    const pca = await pcaReference(common, Math.min(activeCodes ?? codeSize, inputDim - conditions), encoder.scale)
    const { explainedVariance, columnError } = onHoldout ?? onTrain
    return { trainError: onTrain.error, holdoutError: onHoldout?.error ?? null, explainedVariance, columnError: [...columnError], pca }
  } finally {
    await encoder.close()
    await rows.close()
  }
}
