/** A model learned from a prepared matrix, with its baseline, written into a draft: what `train` and `continue` share. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { MatrixMeta, ModelMeta } from '#common/domain/results.ts'
import { openEnergyMeter } from '../compute/energy.ts'
import { firstOfEach, type RowReader, rowsInMemory } from '../compute/rowReader.ts'
import { listed } from '../data/pipeline/define.ts'
import { buildFor, scaleOf } from '../models/build.ts'
import type { ComparisonScale, ModelDefinition, Weight, Weights } from '../models/define.ts'
import { modelById } from '../models/registry.ts'
import type { Beginning } from '../train/beginning.ts'
import { mostResidentBytes, openMatrixRows } from '../train/matrixRows.ts'
import { sampleOf } from '../train/rowSample.ts'
import { type TrainingRows, trainModel, type TrainOptions, type TrainResult } from '../train/train.ts'
import type { OperationContext } from './define.ts'
import { lastArray, pcaArrays, weightArray } from './trainedModel.ts'

type Rows = Pick<
  TrainOptions,
  'trainRows' | 'holdout' | 'holdoutRows' | 'inputDim' | 'conditions' | 'masked' | 'seed' | 'threads' | 'signal'
> & {
  readonly train: TrainingRows
}

/** Of rows that are never kept in memory PCA learns from 64 MB: more moves its axes by less than its figures show, and may take hours. */
const referenceSample = { mostRows: Number.POSITIVE_INFINITY, mostValues: 2 ** 24, stretches: 256 }

/**
 * The baseline every run is shown against: PCA with as many components, same learning rows (a sample spread evenly over them beyond
 * 1 GB), same held-out rows. Where a model's errors are on a scale of its own, PCA is fitted and judged there too.
 */
export async function pcaReference(
  given: Rows,
  components: number,
  scale: ComparisonScale | null = null,
): Promise<{ figures: ModelMeta['pca']; weights: Weights }> {
  const model = modelById('pca')
  const rows = scale ? await scaledRows(given, scale) : { ...given, ...(await learningRows(given)) }
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

/** Without conditions, which have no place on the scale. Memory: 64 MB twice. */
async function scaledRows(given: Rows, scale: ComparisonScale): Promise<Rows> {
  const columns = given.inputDim - (given.conditions ?? 0)
  const { n, values } = await sampleOf(given.train, referenceSample)
  const train = rowsInMemory(scale.of(firstOfEach(values, n, given.inputDim, columns), n), n, columns)
  const heldOut: RowReader =
    given.holdout instanceof Float32Array ? rowsInMemory(given.holdout, given.holdoutRows, given.inputDim) : given.holdout
  const holdout: RowReader = {
    rows: heldOut.rows,
    columns,
    resident: null,
    async read(from, count) {
      const X = (await heldOut.read(from, count)).subarray(0, count * given.inputDim)
      return scale.of(firstOfEach(X, count, given.inputDim, columns), count)
    },
  }
  return { ...given, train, trainRows: n, holdout, inputDim: columns, conditions: 0, masked: false }
}

export interface Learning {
  readonly model: ModelDefinition
  readonly preset: string | null
  /** Everything the model runs with. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly matrix: Artifact
  readonly seed: number
  readonly beginning?: Beginning
}

/** The model and its baseline. Memory: what openMatrixRows and trainModel say. */
async function learned(ctx: OperationContext<unknown>, { model, settings, matrix: { id: matrixId, meta }, seed, beginning }: Learning) {
  const matrix = meta as unknown as MatrixMeta
  const { trainRows, holdoutRows, columns, conditions = 0, masked = false } = matrix
  const rows = await openMatrixRows(ctx.project, matrixId, matrix, ctx.memoryBudgetBytes, ctx.signal)
  try {
    const { threads, signal } = ctx
    const columnNames = columns.map(({ name }) => name)
    const common = {
      train: rows.train,
      trainRows,
      holdout: rows.holdout,
      holdoutRows,
      inputDim: columns.length,
      conditions,
      masked,
      columnNames,
      seed,
      threads,
      signal,
    }
    const result = await trainModel({
      ...common,
      model,
      params: settings,
      ...(beginning && { beginning }),
      device: ctx.device,
      keepRequested: ctx.keepRequested,
      untilResumed: ctx.untilResumed,
      report: ctx.report,
      addMetrics: (points) => ctx.draft.addMetrics(points),
      ...(ctx.checkpointSeconds !== undefined && { checkpointSeconds: ctx.checkpointSeconds }),
      checkpoint: { load: () => ctx.draft.loadCheckpoint(), save: (state, arrays) => ctx.draft.saveCheckpoint(state, arrays) },
    })
    ctx.report({ stage: 'Comparing with PCA', fraction: null })
    const built = buildFor(model, model.params.parse(settings), columns.length, conditions, masked)
    const components = Math.min(result.layout.activeCodes ?? result.layout.codeSize, columns.length - conditions)
    return {
      result,
      pca: await pcaReference(common, components, scaleOf(built, result.weights)),
      ...(built.kind === 'gradient' && built.comparison && { errorsOf: built.comparison.title }),
    }
  } finally {
    await rows.close()
  }
}

/** States up to here are kept so that a run can be gone on with: a dictionary of 16 000 codes of 1000 columns with Adam is 400 MB. */
const mostStateBytes = 256e6

const stateBytes = ({ arrays }: NonNullable<TrainResult['last']>): number =>
  Object.values(arrays).reduce((sum, { values }) => sum + values.byteLength, 0)

/** Trains, writes weights, state and baseline into the draft, and says what was found. */
export async function learnInto(
  ctx: OperationContext<unknown>,
  learning: Learning,
): Promise<{ readonly meta: ModelMeta; readonly begun: TrainResult['begun'] }> {
  const { model, preset, settings, matrix: artifact, seed } = learning
  const matrix = artifact.meta as unknown as MatrixMeta
  if (matrix.given && !model.takesConditions)
    ctx.log(
      'info',
      `${model.title} takes no known influences: ${listed(matrix.given.map(({ field }) => field))} are left aside. Conditional models use them.`,
    )
  const meter = openEnergyMeter(ctx.device)
  const { result, pca, errorsOf } = await learned(ctx, learning).finally(() => meter.close())
  const energy = await meter.read()
  for (const { message, hint } of result.warnings) ctx.log('warning', `${message} ${hint}`)
  const write = (name: string, { shape, values }: Weight) => {
    const writer = ctx.draft.writeArray(name, { dtype: 'float32', shape })
    writer.append(values)
    writer.finish()
  }
  for (const [name, weight] of Object.entries(result.weights)) write(weightArray(name), weight)
  const last = result.last && stateBytes(result.last) <= mostStateBytes ? result.last : null
  for (const [name, array] of Object.entries(last?.arrays ?? {})) write(lastArray(name), array as Weight)
  // Kept so that a reconstruction can be shown beside what PCA makes of the same row.
  write(pcaArrays.mean, pca.weights.mean)
  write(pcaArrays.components, pca.weights.components)
  const meta: ModelMeta = {
    model: model.id,
    settings,
    preset,
    title: model.title,
    matrix: artifact.id,
    dataset: matrix.dataset,
    columns: matrix.columns,
    ...(matrix.conditions !== undefined && { conditions: matrix.conditions }),
    ...(matrix.masked !== undefined && { masked: matrix.masked }),
    sources: matrix.sources,
    parts: matrix.parts,
    layout: result.layout,
    codeSize: result.layout.codeSize,
    trainError: result.trainError,
    holdoutError: result.holdoutError,
    explainedVariance: result.explainedVariance,
    ...(errorsOf !== undefined && { errorsOf }),
    columnError: [...result.columnError],
    pca: pca.figures,
    epochs: result.epochs,
    steps: result.steps,
    rowsSeen: result.rowsSeen,
    stopped: result.stopped,
    executor: result.executor,
    energy,
    last: last && { seed, position: { ...last.position } },
    warnings: [...result.warnings],
  }
  return { meta, begun: result.begun }
}
