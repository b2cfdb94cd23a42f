/** Trains any model: its stages one after the other, or its closed form; then judges the result. */
import { cancelled, StratumError, throwIfCancelled } from '#common/errors.ts'
import type { TrainWarning } from '#common/domain/results.ts'
import { NumericWorker } from '../compute/numericWorker.ts'
import { blocksOf, type ResidentRows, type RowReader, rowsInMemory } from '../compute/rowReader.ts'
import { buildFor } from '../models/build.ts'
import { begunWith } from './beginning.ts'
import { deadUnits } from './deadUnits.ts'
import { encoderOn } from './encoder.ts'
import { constantColumns, deadUnitsWarning } from './findings.ts'
import { ColumnRange } from './guards.ts'
import { layoutOf } from './layout.ts'
import { qualityOf } from './quality.ts'
import { type Trained, trainStages } from './stages.ts'
import type { ReadyOptions, TrainOptions, TrainResult } from './types.ts'
import { inSharedMemory } from '../analysis/threads/sharedMemory.ts'

export type { MetricPoint } from './curve.ts'
export type { CheckpointStore, TrainingRows, TrainOptions, TrainResult } from './types.ts'

/**
 * The same options give the same weights, bit for bit, whether or not the run was interrupted and resumed.
 * Memory: rows in memory once more unless they are on shared memory; of others what streamedRows.ts says; and what StageRun says.
 *
 * A run that becomes infinite or explodes ends as `stopped: 'diverged'` with the best weights before, and says so in a warning.
 *
 * @throws  CANCELLED · TRAIN_DIVERGED when there is nothing usable · DATA_UNSUITABLE without rows or with values that are no numbers · PARAMETER_INVALID
 */
export async function trainModel(given: TrainOptions): Promise<TrainResult> {
  const params = given.model.params.parse(given.params)
  const o: ReadyOptions = {
    ...given,
    params,
    train: toRows(given.train, given.trainRows, given.inputDim),
    holdout: toRows(given.holdout, given.holdoutRows, given.inputDim),
  }
  const constant = await checkRows(o)
  const { built, begun } = begunWith(buildFor(o.model, params, o.inputDim, o.conditions, o.masked), o)
  const layout = layoutOf(built)
  const worker = new NumericWorker()
  // One step may take seconds; nobody waits for its end who has cancelled.
  const abandon = (): void => worker.abandon(cancelled())
  o.signal.addEventListener('abort', abandon, { once: true })
  if (o.signal.aborted) abandon()

  async function judged(trained: Trained): Promise<TrainResult> {
    const { model, inputDim, conditions, masked, threads } = o
    const encoder = encoderOn(worker, { model, params, inputDim, conditions, masked, weights: trained.weights, threads })
    o.report({ stage: 'Judging', fraction: null })
    try {
      const onTrain = await qualityOf(encoder, o.train, o.signal, o)
      const onHoldout = o.holdoutRows > 0 ? await qualityOf(encoder, o.holdout, o.signal, o) : null
      const { explainedVariance, columnError } = onHoldout ?? onTrain
      const result = {
        ...trained,
        begun,
        layout,
        trainError: onTrain.error,
        holdoutError: onHoldout?.error ?? null,
        explainedVariance,
        columnError,
      }
      checkFigures(result)
      const parameters = Object.keys(o.model.params.shape)
      const learned = { title: o.model.id, built, weights: trained.weights }
      const dead = built.kind === 'gradient' ? await deadUnits(learned, worker, o.threads, o.train, o.signal) : []
      return { ...result, warnings: [...constant, ...trained.warnings, ...dead.map((found) => deadUnitsWarning(found, parameters))] }
    } finally {
      await encoder.close()
    }
  }

  try {
    if (built.kind === 'gradient') return await judged(await trainStages(o, built, worker))
    o.report({ stage: built.layout.title, fraction: null })
    const weights = await built.fit(o.train, o.seed, o.signal)
    throwIfCancelled(o.signal)
    return await judged({
      weights,
      epochs: 1,
      steps: 1,
      rowsSeen: o.trainRows,
      stopped: 'finished',
      executor: 'closed form, float64',
      warnings: [],
      last: null,
    })
  } finally {
    o.signal.removeEventListener('abort', abandon)
    await worker.close()
  }
}

/** Weights that give no number for a row are of no use, whatever was kept of them. */
function checkFigures({ trainError, holdoutError, warnings }: TrainResult): void {
  if (Number.isFinite(trainError) && Number.isFinite(holdoutError ?? 0)) return
  const diverged = warnings.findLast(({ code }) => code === 'DIVERGED')
  throw new StratumError(
    'TRAIN_DIVERGED',
    diverged?.message ?? 'The trained model does not give numbers back.',
    diverged?.hint ?? 'Choose a smaller step size or another scaling.',
    diverged?.where,
  )
}

/**
 * One missing value would spread to every weight in a step, so all rows are looked through before. Memory: one block.
 *
 * @returns  what is to be said of columns that never change
 */
async function checkRows({ model, train, holdout, conditions = 0, masked, columnNames, signal }: ReadyOptions): Promise<TrainWarning[]> {
  if (train.rows < 1) {
    const hint = 'Loosen the row filter or the missing-value rule in Prepare.'
    throw new StratumError('DATA_UNSUITABLE', 'There are no rows to train on.', hint)
  }
  const ranges = { training: new ColumnRange(train.columns), 'held-out': new ColumnRange(train.columns) } as const
  for (const [rows, what] of [
    [train, 'training'],
    [holdout, 'held-out'],
  ] as const) {
    for await (const { from, n, X } of blocksOf(rows)) {
      throwIfCancelled(signal)
      ranges[what].add(X, n)
      const at = firstMissing(X, n * rows.columns)
      if (model.learnsFrom === 'counts') checkCounts(X, n, rows.columns, conditions, columnNames)
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
  // Columns that say what is known do not change where all is; they come after the others.
  const spoken = (columns: number[]): number[] => (masked ? columns.filter((column) => column < conditions) : columns)
  const heldOut = holdout.rows > 0 ? spoken(ranges['held-out'].constant) : null
  return constantColumns(spoken(ranges.training.constant), heldOut, columnNames)
}

/** Missing values are the business of another check. */
function checkCounts(X: Float32Array, n: number, columns: number, conditions: number, names: readonly string[] | undefined): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j < columns - conditions; j++) {
      const value = X[i * columns + j]
      if (value - value !== 0 || (value >= 0 && Number.isInteger(value))) continue
      throw new StratumError(
        'DATA_UNSUITABLE',
        `This model learns from raw counts, and ${names?.[j] ?? `column ${j + 1}`} has ${value < 0 ? 'a negative value' : 'a fraction'} (${Number(value.toPrecision(4))}).`,
        'In Prepare choose “As they are” for Counts and “None” for Scale each column. Where the values were normalised before, import the layer with raw counts, such as raw/X or counts.',
        { column: j },
      )
    }
}

/** Position of the first value that is no number or infinite; −1 when there is none. */
function firstMissing(X: Float32Array, length: number): number {
  for (let i = 0; i < length; i++) if (X[i] - X[i] !== 0) return i
  return -1
}

/** Rows of an array as a reader of them, on shared memory. */
function toRows<R extends RowReader>(given: Float32Array | R, rows: number, columns: number): R | ResidentRows {
  if (given instanceof Float32Array) return rowsInMemory(inSharedMemory(given), rows, columns)
  if (given.rows !== rows || given.columns !== columns)
    throw new Error(`${given.rows} × ${given.columns} rows, expected ${rows} × ${columns}`)
  return given.resident ? rowsInMemory(inSharedMemory(given.resident), rows, columns) : given
}
