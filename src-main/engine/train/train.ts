/** Trains any model: its stages one after the other, or its closed form; then judges the result. */
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { NumericWorker } from '../compute/numericWorker.ts'
import type { HostArrays } from '../compute/step.ts'
import type { GradientModel, Weights } from '../models/define.ts'
import { TrainingParams } from '../models/training.ts'
import { encoderOn } from './encoder.ts'
import { layoutOf } from './layout.ts'
import { qualityOf } from './quality.ts'
import { shared } from './shared.ts'
import { type StageCheckpoint, StageDiverged, type StagePosition, type StageResult, StageRun } from './stageRun.ts'
import { under } from './trainingStep.ts'
import type { TrainOptions, TrainResult } from './types.ts'

export type { MetricPoint } from './curve.ts'
export type { CheckpointStore, TrainOptions, TrainResult } from './types.ts'

/** Training became infinite; `kept` is the best state before, where there is one. */
export class TrainingDiverged extends StratumError {
  readonly kept: TrainResult | null
  constructor({ code, message, hint, where }: StratumError, kept: TrainResult | null) {
    super(code, message, hint, where)
    this.kept = kept
  }
}

type Trained = Pick<TrainResult, 'weights' | 'epochs' | 'steps' | 'rowsSeen' | 'stopped' | 'executor'>

/**
 * The same options give the same weights, bit for bit, whether or not the run was interrupted and resumed.
 *
 * @throws  CANCELLED · TRAIN_DIVERGED (a TrainingDiverged) · DATA_UNSUITABLE without rows · PARAMETER_INVALID
 */
export async function trainModel(given: TrainOptions): Promise<TrainResult> {
  if (given.trainRows < 1)
    throw new StratumError(
      'DATA_UNSUITABLE',
      'There are no rows to train on.',
      'Loosen the row filter or the missing-value rule in Prepare.',
    )
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
    if (built.kind === 'closed-form') {
      o.report({ stage: built.layout.title, fraction: null })
      const weights = await built.fit(o.train, o.trainRows, o.seed, o.signal)
      throwIfCancelled(o.signal)
      return await judged({ weights, epochs: 1, steps: 1, rowsSeen: o.trainRows, stopped: 'finished', executor: 'closed form, float64' })
    }
    return await judged(await trainStages(o, built, TrainingParams.parse(params), worker))
  } catch (error) {
    if (error instanceof StageDiverged && error.kept && built.kind === 'gradient' && built.stages.length === 1) {
      const trained = {
        weights: error.kept,
        epochs: 0,
        steps: Number(error.where.step),
        rowsSeen: 0,
        stopped: 'diverged',
        executor: '',
      } as const
      throw new TrainingDiverged(error, await judged(trained))
    }
    throw error
  } finally {
    await worker.close()
  }
}

/** The JSON beside a checkpoint's arrays. */
interface RunPosition {
  readonly version: 1
  readonly stage: number
  readonly within: StagePosition | null
  readonly done: Done
}
/** Sums over the finished stages. */
interface Done extends Pick<StageResult, 'epochs' | 'steps' | 'rowsSeen'> {
  readonly stopped: TrainResult['stopped']
  readonly executor: string
}

async function trainStages(o: TrainOptions, { stages }: GradientModel, training: TrainingParams, worker: NumericWorker): Promise<Trained> {
  const saved = loadCheckpoint(o)
  let weights: Weights = saved?.weights ?? {}
  let done: Done = saved?.position.done ?? { epochs: 0, steps: 0, rowsSeen: 0, stopped: 'finished', executor: '' }
  const totalEpochs = stages.reduce((sum, { layout }) => sum + layout.epochs, 0)
  let savedAt = performance.now()

  for (let index = saved?.position.stage ?? 0; index < stages.length; index++) {
    const stage = stages[index]
    const epochsBefore = stages.slice(0, index).reduce((sum, { layout }) => sum + layout.epochs, 0)
    const save = (checkpoint: StageCheckpoint | null, at: number): void => {
      saveCheckpoint(o, { version: 1, stage: at, within: checkpoint?.position ?? null, done }, weights, checkpoint?.arrays ?? {})
      savedAt = performance.now()
    }
    const resume =
      saved && index === saved.position.stage && saved.position.within ? { position: saved.position.within, arrays: saved.arrays } : null
    const run = new StageRun(
      o,
      {
        index,
        stage,
        stages: stages.length,
        earlier: weights,
        training,
        worker,
        train: o.train,
        holdout: o.holdout,
        firstStep: done.steps,
        shortened: done.stopped === 'kept',
        onProgress: (epochs, error) =>
          o.report({
            stage: stage.layout.title,
            fraction: (epochsBefore + epochs) / totalEpochs,
            done: done.rowsSeen + Math.round(epochs * o.trainRows),
            unit: 'rows',
            detail: {
              stage: index + 1,
              stages: stages.length,
              epoch: Math.min(stage.layout.epochs, Math.floor(epochs) + 1),
              epochs: stage.layout.epochs,
              ...(Number.isFinite(error) && { error }),
            },
          }),
        onCheckpoint: (checkpoint) => {
          if (performance.now() - savedAt >= (o.checkpointSeconds ?? 5) * 1000) save(checkpoint(), index)
        },
      },
      resume,
    )
    const result = await run.run()
    weights = { ...weights, ...result.weights }
    done = {
      epochs: done.epochs + result.epochs,
      steps: done.steps + result.steps,
      rowsSeen: done.rowsSeen + result.rowsSeen,
      stopped: result.stopped === 'finished' ? done.stopped : result.stopped,
      executor: result.executor,
    }
    if (index + 1 < stages.length) save(null, index + 1)
  }
  return { weights, ...done }
}

function saveCheckpoint(o: TrainOptions, position: RunPosition, weights: Weights, arrays: HostArrays): void {
  const all = [...Object.entries(weights).map(([name, weight]) => [`weights/${name}`, weight] as const), ...Object.entries(arrays)]
  o.checkpoint.save(
    position,
    Object.fromEntries(
      all.map(([name, { shape, values }]) => [
        name,
        { dtype: values instanceof Float32Array ? 'float32' : 'int32', shape, values } as const,
      ]),
    ),
  )
}

function loadCheckpoint(o: TrainOptions): { position: RunPosition; weights: Weights; arrays: HostArrays } | null {
  const saved = o.checkpoint.load()
  if (!saved) return null
  const arrays = Object.fromEntries(
    Object.entries(saved.arrays).map(([name, { shape, values }]) => [name, { shape, values: Float32Array.from(values) }]),
  )
  return { position: saved.state as RunPosition, weights: under('weights', arrays), arrays }
}
