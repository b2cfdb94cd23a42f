/** Trains any model: its stages one after the other, or its closed form; then judges the result. */
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { NumericWorker } from '../compute/numericWorker.ts'
import { encoderOn } from './encoder.ts'
import { layoutOf } from './layout.ts'
import { qualityOf } from './quality.ts'
import { shared } from './shared.ts'
import { StagesDiverged, type Trained, trainStages } from './stages.ts'
import type { TrainOptions, TrainResult } from './types.ts'

export type { MetricPoint } from './curve.ts'
export type { CheckpointStore, TrainOptions, TrainResult } from './types.ts'

/** Training became infinite; `kept` is the best state before, where there is a usable one. */
export class TrainingDiverged extends StratumError {
  readonly kept: TrainResult | null
  constructor({ code, message, hint, where }: StratumError, kept: TrainResult | null) {
    super(code, message, hint, where)
    this.kept = kept
  }
}

/**
 * The same options give the same weights, bit for bit, whether or not the run was interrupted and resumed.
 * Memory: the rows once more unless they are on shared memory, and what StageRun says.
 *
 * @throws  CANCELLED · TRAIN_DIVERGED (a TrainingDiverged) · DATA_UNSUITABLE without rows or with values that are no numbers · PARAMETER_INVALID
 */
export async function trainModel(given: TrainOptions): Promise<TrainResult> {
  checkRows(given)
  const o = { ...given, train: shared(given.train), holdout: shared(given.holdout) }
  const params = o.model.params.parse(o.params)
  const built = o.model.build(params, o.inputDim)
  const layout = layoutOf(built)
  const worker = new NumericWorker()

  async function judged(trained: Trained): Promise<TrainResult> {
    const encoder = encoderOn(worker, { model: o.model, params, inputDim: o.inputDim, weights: trained.weights, threads: o.threads })
    o.report({ stage: 'Judging', fraction: null })
    const onTrain = await qualityOf(encoder, o.train, o.trainRows, o.inputDim, o.signal)
    const onHoldout = o.holdoutRows > 0 ? await qualityOf(encoder, o.holdout, o.holdoutRows, o.inputDim, o.signal) : null
    const { explainedVariance, columnError } = onHoldout ?? onTrain
    return { ...trained, layout, trainError: onTrain.error, holdoutError: onHoldout?.error ?? null, explainedVariance, columnError }
  }

  try {
    if (built.kind === 'gradient') return await judged(await trainStages(o, built, worker))
    o.report({ stage: built.layout.title, fraction: null })
    const weights = await built.fit(o.train, o.trainRows, o.seed, o.signal)
    throwIfCancelled(o.signal)
    return await judged({ weights, epochs: 1, steps: 1, rowsSeen: o.trainRows, stopped: 'finished', executor: 'closed form, float64' })
  } catch (error) {
    throw error instanceof StagesDiverged ? new TrainingDiverged(error, error.trained && (await judged(error.trained))) : error
  } finally {
    await worker.close()
  }
}

/** One missing value would spread to every weight in a step, so it is looked for before. */
function checkRows({ train, trainRows, holdout, holdoutRows, inputDim }: TrainOptions): void {
  if (trainRows < 1) {
    const hint = 'Loosen the row filter or the missing-value rule in Prepare.'
    throw new StratumError('DATA_UNSUITABLE', 'There are no rows to train on.', hint)
  }
  for (const [rows, n, what] of [
    [train, trainRows, 'training'],
    [holdout, holdoutRows, 'held-out'],
  ] as const) {
    if (rows.length < n * inputDim) throw new Error(`${what} rows: ${rows.length} values are fewer than ${n} rows of ${inputDim}`)
    const at = rows.findIndex((value) => !Number.isFinite(value))
    if (at < 0) continue
    const where = { row: Math.floor(at / inputDim), column: at % inputDim }
    throw new StratumError(
      'DATA_UNSUITABLE',
      `Row ${where.row} of the ${what} rows has no number in column ${where.column + 1}.`,
      'Choose a rule for missing values in Prepare.',
      where,
    )
  }
}
