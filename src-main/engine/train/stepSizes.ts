/**
 * Learning-rate finder: Smith 2017, Cyclical learning rates for training neural networks, WACV (arXiv 1506.01186)
 *
 *   η_t = η_0 · (η_T / η_0)^(t / (T − 1))       one step of the ordinary training with each, from the ordinary start
 *   s_t = (β s_{t−1} + (1 − β) l_t) / (1 − β^{t+1})      the loss, smoothed
 *
 * Suggested is a tenth of where s is lowest, for there it has stopped falling; or where ln s falls most steeply, if that is smaller. A
 * loss that may be below zero has no such logarithm, and its steepest fall is mostly its first, so there it is the tenth alone. Slopes
 * are taken over five steps to either side, and the first ten steps are noise. What warms up in a loss is as it ends.
 *
 * Measured on a small table, ten passes each (held-out error with the suggestion and with the best of 0.0003 … 0.1): autoencoder 0.04 and
 * 0.02, VAE 0.05 and 0.04, JumpReLU 0.02 and 0.02, TopK 0.03 and 0.007, autoencoder by plain gradient descent 0.11 and 0.03.
 *
 * Otherwise than in the paper, which raises η linearly over some passes and reads the curve by eye.
 *
 * Memory: what the steps of a stage need (stageSteps.ts), and three numbers a step.
 */
import { setImmediate } from 'node:timers/promises'
import { cancelled, StratumError, throwIfCancelled } from '#common/errors.ts'
import { NumericWorker } from '../compute/numericWorker.ts'
import { buildFor } from '../models/build.ts'
import { TrainingParams } from '../models/training.ts'
import { stepsOf } from './batches.ts'
import { sampleOf } from './rowSample.ts'
import { noPlateau } from './schedule.ts'
import { type StepMoment, StageSteps } from './stageSteps.ts'
import type { ReadyOptions } from './types.ts'

/** What of a training the finder needs. */
type FinderOptions = Omit<ReadyOptions, 'keepRequested' | 'addMetrics' | 'checkpoint' | 'beginning'>

export interface Found extends Curve, Suggestion {
  readonly stage: string
  readonly stages: number
  /** Step size of the stage as the settings have it. */
  readonly current: number
  readonly endedBy: string | null
}

/** Far enough for every warm-up to have ended. */
const lastStep = 2 ** 30
/** Steps between two looks at whether it is worth going on. */
const stepsAtOnce = 16

/** @throws PARAMETER_INVALID for a model that makes no steps · CANCELLED · TRAIN_DIVERGED when the smallest step size is too large already */
export async function findStepSizes(given: FinderOptions, range: { from: number; to: number; steps: number }): Promise<Found> {
  const params = given.model.params.parse(given.params)
  const built = buildFor(given.model, params, given.inputDim, given.conditions, given.masked)
  if (built.kind === 'closed-form') {
    throw new StratumError('PARAMETER_INVALID', `${given.model.title} is solved at once; it has no step size.`, 'Choose another model.', {
      parameter: 'model',
    })
  }
  const [first] = built.stages
  const { scalars } = first
  // What warms up is as it ends: a loss that changes by itself says nothing about step sizes.
  const stage = scalars ? { ...first, scalars: () => scalars(lastStep, lastStep + 1) } : first
  const rates = ratesBetween(range.from, range.to, range.steps)
  const worker = new NumericWorker()
  const abandon = (): void => worker.abandon(cancelled())
  given.signal.addEventListener('abort', abandon, { once: true })
  if (given.signal.aborted) abandon()
  const o: ReadyOptions = {
    ...given,
    params,
    keepRequested: () => false,
    addMetrics: () => undefined,
    checkpoint: { load: () => null, save: () => undefined },
  }
  const sample = await sampleOf(o.train)
  const setting = {
    index: 0,
    stage,
    earlier: {},
    sample,
    training: TrainingParams.parse(params),
    worker,
    rateAt: (step: number) => rates[step],
    onFallback: () => undefined,
  }
  try {
    const losses = await lossesOf(await StageSteps.from(o, setting, null), rates.length, o)
    const made = { rates: rates.slice(0, losses.length), losses }
    const bad = losses.findIndex((loss) => !Number.isFinite(loss))
    if (bad >= 0 && bad < 2 * early) {
      const hint = 'Begin with a smaller step size, or look at the data for values far off.'
      throw new StratumError('TRAIN_DIVERGED', `The loss is no number from the step size ${short(rates[0])} on.`, hint, {
        parameter: 'from',
      })
    }
    const endedBy =
      losses.length < rates.length ? `The loss exploded at ${short(rates[losses.length - 1])}; larger step sizes were left out.` : null
    return {
      ...made,
      ...suggestionFrom(made),
      stage: stage.layout.title,
      stages: built.stages.length,
      current: stage.learningRate,
      endedBy,
    }
  } finally {
    given.signal.removeEventListener('abort', abandon)
    await worker.close()
  }
}

/** Fewer losses than steps where it exploded before. */
async function lossesOf(steps: StageSteps, n: number, { signal, report, untilResumed }: ReadyOptions): Promise<number[]> {
  const losses: number[] = []
  let now: StepMoment = { epoch: 0, step: 0, plateau: noPlateau }
  try {
    await steps.open(0)
    while (now.step < n && !hasExploded(losses)) {
      await untilResumed()
      await setImmediate() // let a cancel or a question through
      throwIfCancelled(signal)
      const passEnd = stepsOf(steps.batches, now.epoch + 1)
      if (now.step >= passEnd) {
        now = { ...now, epoch: now.epoch + 1 }
        continue
      }
      const made = await steps.run(now, Math.min(n, passEnd, now.step + stepsAtOnce))
      losses.push(...(made.out.loss.values as Float32Array))
      now = { ...now, step: now.step + made.steps }
      report({ stage: 'Trying step sizes', fraction: now.step / n, done: now.step, unit: 'steps' })
    }
    return losses
  } finally {
    await steps.close()
  }
}

export interface Curve {
  readonly rates: readonly number[]
  readonly losses: readonly number[]
}

interface Suggestion {
  readonly smoothed: number[]
  readonly lowest: number
  readonly steepest: number
  readonly suggestion: number | null
  readonly reason: string
}

const beta = 0.95
/** Steps to either side over which a slope is taken, and steps at the beginning whose mean is the loss before anything was learned. */
const reach = 5
const early = 10
/** A smoothed loss this many times the lowest has exploded: no larger step size is worth looking at. */
const explodedTimes = 4
/** The loss has to fall by this share of what it was for a suggestion, and by twice its spread among the first steps. */
const leastFall = 0.01

export const ratesBetween = (from: number, to: number, steps: number): number[] =>
  Array.from({ length: steps }, (_, t) => from * (to / from) ** (t / (steps - 1)))

/** @returns s_t, one for each loss */
export function smoothedOf(losses: readonly number[]): number[] {
  let mean = 0
  return losses.map((loss, t) => {
    mean = beta * mean + (1 - beta) * loss
    return mean / (1 - beta ** (t + 1))
  })
}

/** Whether the losses so far are enough: not a number, or far above the lowest. Losses below zero are measured from their first. */
export function hasExploded(losses: readonly number[]): boolean {
  const last = losses.at(-1)
  if (last !== undefined && !Number.isFinite(last)) return true
  if (losses.length < 2 * early) return false
  const smoothed = smoothedOf(losses)
  const lowest = Math.min(...smoothed)
  const start = losses.slice(0, early).reduce((a, b) => a + b, 0) / early
  const scale = Math.max(Math.abs(lowest), Math.abs(start - lowest))
  return (smoothed.at(-1) as number) - lowest > explodedTimes * scale
}

export function suggestionFrom({ rates, losses }: Curve): Suggestion {
  const finite = losses.findIndex((loss) => !Number.isFinite(loss))
  const known = finite < 0 ? losses : losses.slice(0, finite)
  const smoothed = smoothedOf(known)
  const low = smoothed.indexOf(Math.min(...smoothed))
  const lowest = rates[Math.max(0, low)]
  // In logarithms where there are some: else the first fall of a large loss hides that it falls by as large a share later.
  const heights = smoothed.every((loss) => loss > 0) ? smoothed.map(Math.log) : smoothed
  const slopeAt = (t: number): number => heights[Math.min(heights.length - 1, t + reach)] - heights[t - reach]
  let steep = Math.min(early, low)
  for (let t = early; t <= low; t++) if (slopeAt(t) < slopeAt(steep)) steep = t
  const steepest = rates[steep]
  const begin = known.slice(0, early)
  const start = begin.reduce((a, b) => a + b, 0) / Math.max(1, begin.length)
  const noise = Math.sqrt(begin.reduce((sum, loss) => sum + (loss - start) ** 2, 0) / Math.max(1, begin.length - 1))
  if (known.length < 2 * early || start - smoothed[low] < Math.max(leastFall * Math.abs(start), 2 * noise)) {
    const reason = 'The loss did not fall with any of these step sizes: look at the scaling of the data, or try a wider range.'
    return { smoothed, lowest, steepest, suggestion: null, reason }
  }
  const tenth = lowest / 10
  const atSteepest = smoothed.every((loss) => loss > 0) && steepest < tenth
  const suggestion = Number((atSteepest ? steepest : tenth).toPrecision(2))
  const stops = `${short(lowest)}, where the loss is lowest and stops falling`
  const reason = atSteepest
    ? `The loss falls most steeply here, well before ${stops}.`
    : `A tenth of ${stops}.${steepest > tenth ? ` The steepest descent, at ${short(steepest)}, is nearer to that than is safe.` : ''}`
  return { smoothed, lowest, steepest, suggestion, reason }
}
const short = (rate: number): string => String(Number(rate.toPrecision(2)))
