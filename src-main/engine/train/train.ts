/** Trains any model: its stages one after the other, or its closed form; then judges the result. */
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { NumericWorker } from '../compute/numericWorker.ts'
import { blocksOf, type ResidentRows, type RowReader, rowsInMemory } from '../compute/rowReader.ts'
import { encoderOn } from './encoder.ts'
import { layoutOf } from './layout.ts'
import { qualityOf } from './quality.ts'
import { shared } from './shared.ts'
import { StagesDiverged, type Trained, trainStages } from './stages.ts'
import type { ReadyOptions, TrainOptions, TrainResult } from './types.ts'

export type { MetricPoint } from './curve.ts'
export type { CheckpointStore, TrainingRows, TrainOptions, TrainResult } from './types.ts'

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
 * Memory: rows in memory once more unless they are on shared memory; of others what streamedRows.ts says; and what StageRun says.
 *
 * @throws  CANCELLED · TRAIN_DIVERGED (a TrainingDiverged) · DATA_UNSUITABLE without rows or with values that are no numbers · PARAMETER_INVALID
 */
export async function trainModel(given: TrainOptions): Promise<TrainResult> {
  const o: ReadyOptions = {
    ...given,
    train: toRows(given.train, given.trainRows, given.inputDim),
    holdout: toRows(given.holdout, given.holdoutRows, given.inputDim),
  }
  await checkRows(o)
  const params = o.model.params.parse(o.params)
  const built = o.model.build(params, o.inputDim)
  const layout = layoutOf(built)
  const worker = new NumericWorker()

  async function judged(trained: Trained): Promise<TrainResult> {
    const encoder = encoderOn(worker, { model: o.model, params, inputDim: o.inputDim, weights: trained.weights, threads: o.threads })
    o.report({ stage: 'Judging', fraction: null })
    try {
      const onTrain = await qualityOf(encoder, o.train, o.signal)
      const onHoldout = o.holdoutRows > 0 ? await qualityOf(encoder, o.holdout, o.signal) : null
      const { explainedVariance, columnError } = onHoldout ?? onTrain
      return { ...trained, layout, trainError: onTrain.error, holdoutError: onHoldout?.error ?? null, explainedVariance, columnError }
    } finally {
      await encoder.close()
    }
  }

  try {
    if (built.kind === 'gradient') return await judged(await trainStages(o, built, worker))
    o.report({ stage: built.layout.title, fraction: null })
    const weights = await built.fit(o.train, o.seed, o.signal)
    throwIfCancelled(o.signal)
    return await judged({ weights, epochs: 1, steps: 1, rowsSeen: o.trainRows, stopped: 'finished', executor: 'closed form, float64' })
  } catch (error) {
    throw error instanceof StagesDiverged ? new TrainingDiverged(error, error.trained && (await judged(error.trained))) : error
  } finally {
    await worker.close()
  }
}

/** One missing value would spread to every weight in a step, so all rows are looked through before. Memory: one block. */
async function checkRows({ train, holdout, signal }: ReadyOptions): Promise<void> {
  if (train.rows < 1) {
    const hint = 'Loosen the row filter or the missing-value rule in Prepare.'
    throw new StratumError('DATA_UNSUITABLE', 'There are no rows to train on.', hint)
  }
  for (const [rows, what] of [
    [train, 'training'],
    [holdout, 'held-out'],
  ] as const) {
    for await (const { from, n, X } of blocksOf(rows)) {
      throwIfCancelled(signal)
      const at = firstMissing(X, n * rows.columns)
      if (at < 0) continue
      const where = { row: from + Math.floor(at / rows.columns), column: at % rows.columns }
      throw new StratumError(
        'DATA_UNSUITABLE',
        `Row ${where.row} of the ${what} rows has no number in column ${where.column + 1}.`,
        'Choose a rule for missing values in Prepare.',
        where,
      )
    }
  }
}

/** Position of the first value that is no number or infinite; −1 when there is none. */
function firstMissing(X: Float32Array, length: number): number {
  for (let i = 0; i < length; i++) if (X[i] - X[i] !== 0) return i
  return -1
}

/** Rows of an array as a reader of them, on shared memory. */
function toRows<R extends RowReader>(given: Float32Array | R, rows: number, columns: number): R | ResidentRows {
  if (given instanceof Float32Array) return rowsInMemory(shared(given), rows, columns)
  if (given.rows !== rows || given.columns !== columns)
    throw new Error(`${given.rows} × ${given.columns} rows, expected ${rows} × ${columns}`)
  return given.resident ? rowsInMemory(shared(given.resident), rows, columns) : given
}
