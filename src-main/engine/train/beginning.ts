/**
 * What a run begins with where that is not nothing: the weights of another model, or the whole state in which another run ended.
 *
 *   weights     those with equal names and shapes take the place of fresh ones in every stage; the optimiser begins anew
 *   going on    the last stage of a finished run, for more passes, from its last state: weights, what the optimiser remembers, where it
 *               was among the rows. 10 passes and 10 more are then 20 passes, bit for bit, where nothing depends on how many passes there
 *               are: a constant step size (or one in stairs), no weights of terms that warm up over a share of the run, no early end.
 *               Otherwise it goes on as if all passes had been planned from the start: a step size that had fallen along a cosine
 *               stands again where it would be on the longer one. A run that had ended early gets its patience anew.
 *
 * Where the last state is not known (models of earlier versions, runs that diverged, states too large to be kept), the last stage begins
 * anew from the best weights.
 */
import { StratumError } from '#common/errors.ts'
import { type HostArrays, mapValues } from '../compute/step.ts'
import type { Built } from '../models/build.ts'
import type { GradientModel, Stage, Weight, Weights } from '../models/define.ts'
import { TrainingParams } from '../models/training.ts'
import { weightShapes } from './layout.ts'
import type { LoadedCheckpoint, RunPosition } from './stages.ts'
import type { TrainOptions } from './types.ts'

/** Where a run ended: plain JSON, and 'state/…' arrays of the optimiser's step. */
export interface LastState {
  readonly position: RunPosition
  readonly arrays: HostArrays
}

export type Beginning =
  | { readonly kind: 'weights'; readonly weights: Weights }
  | { readonly kind: 'going on'; readonly weights: Weights; readonly last: LastState | null; readonly passes: number }

/** The model with what it begins with. @throws PARAMETER_INVALID where that does not fit */
export function begunWith(
  built: Built,
  { beginning, model }: Pick<TrainOptions, 'beginning' | 'model'>,
): { readonly built: Built; readonly begun: { readonly taken: string[]; readonly fresh: string[] } | null } {
  if (!beginning) return { built, begun: null }
  if (built.kind === 'closed-form') {
    const hint = 'Train it without a model to start from.'
    throw new StratumError('PARAMETER_INVALID', `${model.title} is solved at once and has nothing to begin with.`, hint, { input: 'start' })
  }
  const own = Object.entries(weightShapes(built) ?? {})
  const fits = ([name, shape]: [string, readonly number[]]): boolean => sameShape(beginning.weights[name], shape)
  const taken = own.filter(fits).map(([name]) => name)
  const fresh = own.filter((weight) => !fits(weight)).map(([name]) => name)
  if (taken.length === 0 || (beginning.kind === 'going on' && fresh.length > 0)) {
    const hint = 'Choose a model with the same layers, or train without one to start from.'
    throw new StratumError('PARAMETER_INVALID', `None of the weights fit those of ${model.title} with these settings.`, hint, {
      input: 'start',
    })
  }
  const stages = built.stages.map((stage) => withWeights(stage, beginning.weights))
  const began = beginning.kind === 'going on' ? longer(stages, beginning) : stages
  return { built: { ...built, stages: began }, begun: { taken, fresh } }
}

const sameShape = (weight: Weight | undefined, shape: readonly number[]): boolean =>
  weight !== undefined && weight.shape.length === shape.length && weight.shape.every((n, i) => n === shape[i])

/** A stage whose first weights, and kept buffers, are the given ones where they fit. */
function withWeights(stage: Stage, given: Weights): Stage {
  const instead = (all: Weights): Weights =>
    mapValues(all, (weight, name) => (sameShape(given[name], weight.shape) ? { shape: weight.shape, values: given[name].values } : weight))
  const kept = new Set(stage.keeps)
  return {
    ...stage,
    initialWeights: (initialiser, rows) => instead(stage.initialWeights(initialiser, rows)),
    ...(stage.buffers && {
      buffers: { ...stage.buffers, ...instead(Object.fromEntries(Object.entries(stage.buffers).filter(([name]) => kept.has(name)))) },
    }),
  }
}

/** With the passes that the last stage has made and those that it shall make. */
function longer(stages: GradientModel['stages'], { last, passes }: Extract<Beginning, { kind: 'going on' }>): Stage[] {
  const made = last?.position.within?.epoch ?? 0
  return stages.map((stage, i) => (i === stages.length - 1 ? { ...stage, layout: { ...stage.layout, epochs: made + passes } } : stage))
}

/** The end of the other run as a checkpoint of this one; null where nothing is to be gone on with. */
export function goingOn({ beginning, params }: Pick<TrainOptions, 'beginning' | 'params'>, lastStage: number): LoadedCheckpoint | null {
  if (beginning?.kind !== 'going on') return null
  const { weights, last } = beginning
  if (!last) return { position: { stage: lastStage, within: null, done: nothingDone }, weights, arrays: {} }
  const { patience } = TrainingParams.parse(params)
  const { within: ended } = last.position
  const within = ended && { ...ended, stale: patience > 0 && ended.stale >= patience ? 0 : ended.stale }
  return { position: { ...last.position, within }, weights, arrays: last.arrays, best: weights }
}

const nothingDone: RunPosition['done'] = { epochs: 0, steps: 0, rowsSeen: 0, stopped: 'finished', warnings: [], executor: '' }
