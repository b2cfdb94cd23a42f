/**
 * Which layer is not finite at a step where the loss is not. The steps from the last checkpoint on are done once more, on a computer
 * that repeats itself with the same numbers, so this takes no longer than the time between two checkpoints and that of one pass.
 */
import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '#common/errors.ts'
import { compile } from '../compute/compile.ts'
import type { NumericWorker } from '../compute/numericWorker.ts'
import type { HostArray, HostArrays } from '../compute/step.ts'
import type { Stage, Weights } from '../models/define.ts'
import { stepsOf } from './batches.ts'
import { notFinite } from './guards.ts'
import { noPlateau, type Plateau } from './schedule.ts'
import type { StageCheckpoint } from './stageRun.ts'
import { type StepMoment, StageSteps, type StepsSetting } from './stageSteps.ts'
import { prefixed, traceLayers, under } from './trainingStep.ts'
import type { ReadyOptions } from './types.ts'

/** It takes no longer in any case. */
const searchSeconds = 15

/**
 * The first layer or weight that is not finite at step `step` of a stage, which became infinite there.
 *
 * @param from      its last checkpoint; null where there is none
 * @param plateaus  what the step size depended on after each pass since
 * @returns         null when everything is finite up to the loss itself, when it takes too long, or when the stage is changed by hand on the way
 * @throws          CANCELLED
 */
export async function layerNotFiniteAt(
  step: number,
  options: ReadyOptions,
  setting: StepsSetting,
  from: StageCheckpoint | null,
  plateaus: ReadonlyMap<number, Plateau>,
): Promise<string | null> {
  if (setting.stage.revise) return null
  const giveUpAt = performance.now() + searchSeconds * 1000
  const steps = await StageSteps.from(options, setting, from && under('state', from.arrays))
  let now: StepMoment = from?.position ?? { epoch: 0, step: 0, plateau: noPlateau }
  try {
    await steps.open(now.step)
    while (now.step < step) {
      await setImmediate()
      throwIfCancelled(options.signal)
      if (performance.now() > giveUpAt) return null
      const passEnd = stepsOf(steps.batches, now.epoch + 1)
      if (now.step >= passEnd) now = { ...now, epoch: now.epoch + 1, plateau: plateaus.get(now.epoch + 1) ?? noPlateau }
      else now = { ...now, step: now.step + (await steps.run(now, Math.min(step, passEnd))).steps }
    }
    return await layerNotFinite(await before(steps, now, setting.stage), setting.worker, options.threads)
  } finally {
    await steps.close()
  }
}

/** A stage as it is before a step, and what the step reads. */
interface StepBefore {
  readonly title: string
  readonly stage: Stage
  readonly trained: Weights
  readonly frozen: Weights
  readonly buffers: HostArrays
  /** The rows of the step, [batch, D]. */
  readonly x: HostArray
  /** 'key' and 'scalar/…' of this one step. */
  readonly scan: HostArrays
}

async function before(steps: StageSteps, now: StepMoment, stage: Stage): Promise<StepBefore> {
  const state = await steps.state()
  const { key, ...scalars } = steps.scalars(now, 1)
  return {
    title: steps.title,
    stage,
    trained: steps.weightsIn(state),
    frozen: steps.frozen,
    buffers: under('buffer', state),
    x: await steps.rowsOf(now.step),
    scan: { key, ...prefixed('scalar', under('scalar', scalars)) },
  }
}

/**
 * Among the weights the one nearest to where it began; when all of them are finite, the first layer that gives something that is not.
 *
 * @returns  name of a weight or of a layer; null when it is the loss itself
 */
async function layerNotFinite(given: StepBefore, worker: NumericWorker, threads: number): Promise<string | null> {
  const { title, stage, trained, frozen, buffers, x, scan } = given
  const weight = notFinite(trained).at(-1)
  if (weight !== undefined) return weight
  const inputs = { x, ...prefixed('weights', { ...frozen, ...trained }), ...prefixed('buffer', buffers) }
  const executor = await worker.open(compile(traceLayers(title, stage, inputs)), threads)
  try {
    await executor.load({ inputs })
    const sums = await executor.run(scan, 1)
    return Object.keys(sums).find((name) => name !== 'loss' && !Number.isFinite(sums[name].values[0])) ?? null
  } finally {
    await executor.close()
  }
}
