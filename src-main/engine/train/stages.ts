/** A model's stages, one after the other, with a checkpoint of where the whole run is. */
import type { TrainWarning } from '#common/domain/results.ts'
import type { NumericWorker } from '../compute/numericWorker.ts'
import { executorNames, type HostArrays } from '../compute/step.ts'
import type { GradientModel, Weights } from '../models/define.ts'
import { TrainingParams } from '../models/training.ts'
import { goingOn, type LastState } from './beginning.ts'
import { type Divergence, divergenceError, divergenceWarning } from './divergence.ts'
import { sampleOf } from './rowSample.ts'
import { layerNotFiniteAt } from './layerSearch.ts'
import { type SavedPosition, type StageCheckpoint, type StageResult, type StageProgress, StageRun, type StageSetting } from './stageRun.ts'
import { under } from './trainingStep.ts'
import type { ReadyOptions, TrainOptions, TrainResult } from './types.ts'

/** Sums over the finished stages. */
type Done = Pick<TrainResult, 'epochs' | 'steps' | 'rowsSeen' | 'stopped' | 'warnings' | 'executor'>
export type Trained = Done & Pick<TrainResult, 'weights' | 'last'>

/** The JSON beside a checkpoint's arrays. */
export interface RunPosition {
  readonly stage: number
  /** Null at the very start of a stage. */
  readonly within: SavedPosition | null
  readonly done: Done
}
const defaultCheckpointSeconds = 5

export async function trainStages(o: ReadyOptions, { stages }: GradientModel, worker: NumericWorker): Promise<Trained> {
  const training = TrainingParams.parse(o.params)
  const saved = loadCheckpoint(o) ?? goingOn(o, stages.length - 1)
  const sample = await sampleOf(o.train)
  let last: LastState | null = null
  let weights: Weights = saved?.weights ?? {}
  let done: Done = saved?.position.done ?? {
    epochs: 0,
    steps: 0,
    rowsSeen: 0,
    stopped: 'finished',
    warnings: [],
    executor: executorNames.onnxCpu,
  }
  let savedAt = performance.now()
  const save = (stage: number, checkpoint: StageCheckpoint | null): void => {
    saveCheckpoint(o, { stage, within: checkpoint?.position ?? null, done }, weights, checkpoint?.arrays ?? {})
    savedAt = performance.now()
  }

  for (let index = saved?.position.stage ?? 0; index < stages.length; index++) {
    const setting = {
      index,
      stage: stages[index],
      earlier: weights,
      sample,
      training,
      worker,
      shortened: done.stopped === 'kept' || (index > 0 && o.keepRequested()),
      firstStep: done.steps,
      isLast: index === stages.length - 1,
      onFallback: (message: string) => {
        if (!done.warnings.some((warning) => warning.message === message))
          done = { ...done, warnings: [...done.warnings, fallback(message)] }
      },
      onProgress: (now: StageProgress) => report(o, stages, index, done, now),
      onCheckpoint: async (checkpoint: () => Promise<StageCheckpoint>) => {
        if (performance.now() - savedAt >= (o.checkpointSeconds ?? defaultCheckpointSeconds) * 1000) save(index, await checkpoint())
      },
    }
    const result = await (await StageRun.from(o, setting, within(saved, index))).run()
    const warning = result.divergence && { ...result.divergence, layer: await layerOf(result.divergence, o, setting, result) }
    weights = { ...weights, ...result.weights }
    if (warning && !stages[index].trains.every((name) => name in weights)) throw divergenceError(warning)
    if (result.last) last = { position: { stage: index, within: result.last.position, done }, arrays: result.last.arrays }
    done = {
      epochs: done.epochs + result.epochs,
      steps: done.steps + result.steps,
      rowsSeen: done.rowsSeen + result.rowsSeen,
      stopped: endings[Math.max(endings.indexOf(done.stopped), endings.indexOf(result.stopped))],
      executor: result.executor,
      warnings: warning ? [...done.warnings, divergenceWarning(warning, keptOf(result))] : done.warnings,
    }
    if (index + 1 < stages.length) save(index + 1, null)
  }
  return { ...done, weights, last }
}

const fallback = (message: string): TrainWarning => ({
  code: 'DEVICE_FALLBACK',
  message,
  hint: 'The result is as good, it only took longer. Settings lists the devices and what is the matter with each.',
  where: {},
})

/** How stages end; a run ends like the last of these that one of them did. */
const endings = ['finished', 'early', 'kept', 'diverged'] as const

const keptOf = ({ weights, bestPass }: StageResult): string =>
  weights ? `Kept are the weights after pass ${bestPass}, the best before.` : 'Kept are the weights that the stages before learned.'

/** Where nothing else has told, the steps since the last checkpoint are done again. */
async function layerOf(
  { kind, layer, stepInStage }: Divergence,
  o: ReadyOptions,
  setting: StageSetting,
  { plateaus }: StageResult,
): Promise<string | null> {
  if (layer || kind !== 'infinite') return layer ?? null
  return layerNotFiniteAt(stepInStage, o, setting, within(loadCheckpoint(o), setting.index), plateaus)
}

/** A step cannot be interrupted; where it takes longer than this, the progress says how long pausing and cancelling may take. */
const slowStepSeconds = 1

function report(
  o: TrainOptions,
  stages: GradientModel['stages'],
  index: number,
  done: Done,
  { epochs, error, executor, secondsPerStep }: StageProgress,
): void {
  const { title, epochs: of } = stages[index].layout
  const sum = (some: GradientModel['stages']): number => some.reduce((total, { layout }) => total + layout.epochs, 0)
  o.report({
    stage: secondsPerStep > slowStepSeconds ? `${title}, ${secondsPerStep.toFixed(1)} s a step` : title,
    fraction: (sum(stages.slice(0, index)) + epochs) / sum(stages),
    done: done.rowsSeen + Math.round(epochs * o.trainRows),
    unit: 'rows',
    detail: {
      stage: index + 1,
      stages: stages.length,
      epoch: Math.min(of, Math.floor(epochs) + 1),
      epochs: of,
      ...(Number.isFinite(error) && { error }),
      executor,
      ...(secondsPerStep > slowStepSeconds && { secondsPerStep }),
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

export interface LoadedCheckpoint {
  readonly position: RunPosition
  readonly weights: Weights
  readonly arrays: HostArrays
  readonly best?: Weights
}

/** A checkpoint as one of a stage; null at its start. */
function within(saved: LoadedCheckpoint | null, index: number): StageCheckpoint | null {
  if (!saved || saved.position.stage !== index || !saved.position.within) return null
  return { position: saved.position.within, arrays: saved.arrays, ...(saved.best && { best: saved.best }) }
}

function loadCheckpoint(o: TrainOptions): LoadedCheckpoint | null {
  const saved = o.checkpoint.load()
  if (!saved) return null
  const floats = Object.entries(saved.arrays).map(
    ([name, { shape, values }]) => [name, { shape, values: Float32Array.from(values) }] as const,
  )
  const arrays = Object.fromEntries(floats)
  return { position: saved.state as RunPosition, weights: under('weights', arrays), arrays }
}
