/** A model's stages, one after the other, with a checkpoint of where the whole run is. */
import { StratumError } from '#common/errors.ts'
import type { NumericWorker } from '../compute/numericWorker.ts'
import { executorNames, type HostArrays } from '../compute/step.ts'
import type { GradientModel, Weights } from '../models/define.ts'
import { TrainingParams } from '../models/training.ts'
import { sampleOf } from './rowSample.ts'
import { type SavedPosition, type StageCheckpoint, StageDiverged, StageRun } from './stageRun.ts'
import { under } from './trainingStep.ts'
import type { ReadyOptions, TrainOptions, TrainResult } from './types.ts'

/** Sums over the finished stages. */
type Done = Pick<TrainResult, 'epochs' | 'steps' | 'rowsSeen' | 'stopped'>
export type Trained = Done & Pick<TrainResult, 'weights' | 'executor'>

/** A stage became infinite. `trained` has a weight for every one the model needs, or is null. */
export class StagesDiverged extends StratumError {
  readonly trained: Trained | null
  constructor({ code, message, hint, where }: StratumError, trained: Trained | null) {
    super(code, message, hint, where)
    this.trained = trained
  }
}

/** The JSON beside a checkpoint's arrays. */
interface RunPosition {
  readonly stage: number
  /** Null at the very start of a stage. */
  readonly within: SavedPosition | null
  readonly done: Done
}

const defaultCheckpointSeconds = 5

export async function trainStages(o: ReadyOptions, { stages }: GradientModel, worker: NumericWorker): Promise<Trained> {
  const training = TrainingParams.parse(o.params)
  const executor = executorNames.onnxCpu
  const saved = loadCheckpoint(o)
  const sample = await sampleOf(o.train)
  let weights: Weights = saved?.weights ?? {}
  let done: Done = saved?.position.done ?? { epochs: 0, steps: 0, rowsSeen: 0, stopped: 'finished' }
  let savedAt = performance.now()
  const save = (stage: number, checkpoint: StageCheckpoint | null): void => {
    saveCheckpoint(o, { stage, within: checkpoint?.position ?? null, done }, weights, checkpoint?.arrays ?? {})
    savedAt = performance.now()
  }

  for (let index = saved?.position.stage ?? 0; index < stages.length; index++) {
    const stage = stages[index]
    const run = new StageRun(
      o,
      {
        index,
        stage,
        earlier: weights,
        sample,
        training,
        worker,
        shortened: done.stopped === 'kept',
        firstStep: done.steps,
        onProgress: (epochs, error) => report(o, stages, index, done, epochs, error),
        onCheckpoint: async (checkpoint) => {
          if (performance.now() - savedAt >= (o.checkpointSeconds ?? defaultCheckpointSeconds) * 1000) save(index, await checkpoint())
        },
      },
      saved && index === saved.position.stage && saved.position.within ? { position: saved.position.within, arrays: saved.arrays } : null,
    )
    try {
      const result = await run.run()
      weights = { ...weights, ...result.weights }
      done = {
        epochs: done.epochs + result.epochs,
        steps: done.steps + result.steps,
        rowsSeen: done.rowsSeen + result.rowsSeen,
        stopped: result.stopped === 'finished' ? done.stopped : result.stopped,
      }
    } catch (error) {
      if (!(error instanceof StageDiverged)) throw error
      const kept = { ...weights, ...error.kept }
      const complete = stages.every(({ trains }) => trains.every((name) => name in kept))
      throw new StagesDiverged(error, complete ? { ...done, weights: kept, stopped: 'diverged', executor } : null)
    }
    if (index + 1 < stages.length) save(index + 1, null)
  }
  return { ...done, weights, executor }
}

function report(o: TrainOptions, stages: GradientModel['stages'], index: number, done: Done, epochs: number, error: number): void {
  const { title, epochs: of } = stages[index].layout
  const sum = (some: GradientModel['stages']): number => some.reduce((total, { layout }) => total + layout.epochs, 0)
  o.report({
    stage: title,
    fraction: (sum(stages.slice(0, index)) + epochs) / sum(stages),
    done: done.rowsSeen + Math.round(epochs * o.trainRows),
    unit: 'rows',
    detail: {
      stage: index + 1,
      stages: stages.length,
      epoch: Math.min(of, Math.floor(epochs) + 1),
      epochs: of,
      ...(Number.isFinite(error) && { error }),
    },
  })
}

function saveCheckpoint(o: TrainOptions, position: RunPosition, weights: Weights, arrays: HostArrays): void {
  const all = [...Object.entries(weights).map(([name, weight]) => [`weights/${name}`, weight] as const), ...Object.entries(arrays)]
  const typed = all.map(
    ([name, { shape, values }]) => [name, { dtype: values instanceof Float32Array ? 'float32' : 'int32', shape, values }] as const,
  )
  o.checkpoint.save(position, Object.fromEntries(typed))
}

function loadCheckpoint(o: TrainOptions): { position: RunPosition; weights: Weights; arrays: HostArrays } | null {
  const saved = o.checkpoint.load()
  if (!saved) return null
  const floats = Object.entries(saved.arrays).map(
    ([name, { shape, values }]) => [name, { shape, values: Float32Array.from(values) }] as const,
  )
  const arrays = Object.fromEntries(floats)
  return { position: saved.state as RunPosition, weights: under('weights', arrays), arrays }
}
