/**
 * Trains one stage: passes over the rows in chunks of steps (stageSteps.ts), judged on the held-out rows after every pass; the best
 * weights are kept. Everything a killed run needs to go on is in its checkpoint, and it then ends with the very same weights: the
 * order of rows and all noise depend on seed and step alone, not on what ran before.
 *
 * A loss that becomes infinite or explodes ends the stage with its best weights (guards.ts).
 *
 * Memory: what the steps need, and the best weights.
 */
import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '#common/errors.ts'
import type { HostArrays } from '../compute/step.ts'
import type { Weights } from '../models/define.ts'
import { stepsOf } from './batches.ts'
import { Curve, type CurveState } from './curve.ts'
import { type Divergence, StageDiverged } from './divergence.ts'
import { LossGuard, type LossGuardState, notFinite } from './guards.ts'
import { Judge } from './judge.ts'
import { noPlateau, type Plateau, plateauAfter } from './schedule.ts'
import { type StepMoment, StageSteps, type StepsSetting } from './stageSteps.ts'
import { under } from './trainingStep.ts'
import type { ReadyOptions } from './types.ts'

/** How far a stage has come; with its arrays, its checkpoint. */
export interface StagePosition extends StepMoment {
  /** Lowest held-out error so far and the passes since; without held-out rows lowest mean loss of a pass. */
  readonly best: number | null
  readonly stale: number
}
export interface SavedPosition extends StagePosition {
  readonly curve: CurveState
  readonly guard: LossGuardState
}
export interface StageCheckpoint {
  readonly position: SavedPosition
  /** 'state/…' of the step, 'best/…' weights. */
  readonly arrays: HostArrays
  /** The best weights where the arrays have none: what an earlier run ended with. */
  readonly best?: Weights
}

/** Where a stage is. */
export interface StageProgress {
  /** Passes, as a fraction. */
  readonly epochs: number
  readonly error: number
  readonly executor: string
  /** As measured last. */
  readonly secondsPerStep: number
}

export interface StageSetting extends StepsSetting {
  /** One pass only, because the user asked to come to an end. */
  readonly shortened: boolean
  /** Global number of this stage's first step. */
  readonly firstStep: number
  /** Whether the state at the end is asked for. */
  readonly isLast: boolean
  readonly onProgress: (now: StageProgress) => void
  /** Called often; decides itself when it is time. */
  readonly onCheckpoint: (checkpoint: () => Promise<StageCheckpoint>) => Promise<void>
}

export interface StageResult {
  /** Where the steps were computed at the end. */
  readonly executor: string
  /** Null when the stage diverged before a pass was judged. */
  readonly weights: Weights | null
  /** The pass they are of. */
  readonly bestPass: number
  readonly stopped: 'finished' | 'early' | 'kept' | 'diverged'
  readonly divergence: Divergence | null
  /** What the plateau remembered after each pass of this run, where the step size depends on it. */
  readonly plateaus: ReadonlyMap<number, Plateau>
  readonly epochs: number
  readonly steps: number
  readonly rowsSeen: number
  /** Where it ended, with 'state/…' only; null where that was not asked for and after a divergence. */
  readonly last: StageCheckpoint | null
}

export class StageRun {
  readonly #o: ReadyOptions
  readonly #s: StageSetting
  readonly #steps: StageSteps
  readonly #judge: Judge | null
  readonly #curve: Curve
  readonly #guard: LossGuard
  readonly #plateaus = new Map<number, Plateau>()
  #best: Weights | null = null
  #position: StagePosition = { epoch: 0, step: 0, best: null, stale: 0, plateau: noPlateau }

  /** @throws CANCELLED */
  static async from(options: ReadyOptions, setting: StageSetting, resume: StageCheckpoint | null): Promise<StageRun> {
    const steps = await StageSteps.from(options, setting, resume && under('state', resume.arrays))
    return new StageRun(options, setting, steps, resume)
  }

  private constructor(options: ReadyOptions, setting: StageSetting, steps: StageSteps, resume: StageCheckpoint | null) {
    const { stage, index, worker } = setting
    this.#o = options
    this.#s = setting
    this.#steps = steps
    this.#curve = new Curve(`stage${index + 1}`, stepsOf(this.#steps.batches, 1), resume?.position.curve)
    this.#guard = new LossGuard(resume?.position.guard)
    this.#judge =
      options.holdoutRows > 0 ? new Judge(this.#steps.title, stage, worker, options.threads, options.holdout, options.signal) : null
    if (resume) {
      const { curve: _curve, guard: _guard, ...position } = resume.position
      this.#position = position
      const best = under('best', resume.arrays)
      this.#best = Object.keys(best).length ? this.#steps.unpacked(best) : (resume.best ?? null)
    }
  }

  async run(): Promise<StageResult> {
    const epochs = this.#s.shortened ? 1 : this.#s.stage.layout.epochs
    // A run may have been killed after its last pass.
    let stopped: StageResult['stopped'] = this.#isStale() ? 'early' : 'finished'
    try {
      await this.#steps.open(this.#position.step)
      while (this.#position.epoch < epochs && stopped === 'finished') {
        if ((await this.#pass()) === 'kept') stopped = 'kept'
        else {
          await this.#judged()
          if (this.#isStale()) stopped = 'early'
        }
      }
      const state = await this.#steps.state()
      // Without held-out rows nothing says which pass was best, so the last is.
      const last = this.#judge && this.#best ? null : this.#steps.weightsIn(state)
      return { ...this.#result(stopped, last ?? this.#best), last: this.#s.isLast ? this.#ending(state) : null }
    } catch (error) {
      if (!(error instanceof StageDiverged)) throw error
      return this.#result('diverged', this.#best, error.divergence)
    } finally {
      await this.#judge?.close()
      await this.#steps.close()
    }
  }

  #result(stopped: StageResult['stopped'], weights: Weights | null, divergence: Divergence | null = null): StageResult {
    const { epoch, step, stale } = this.#position
    return {
      weights,
      executor: this.#steps.executorName,
      bestPass: epoch - stale,
      stopped,
      divergence,
      plateaus: this.#plateaus,
      epochs: stopped === 'finished' || stopped === 'early' ? epoch : this.#passesAt(step),
      steps: step,
      rowsSeen: step * this.#steps.batches.size,
      last: null,
    }
  }

  #ending(state: HostArrays): StageCheckpoint {
    return {
      position: { ...this.#position, curve: this.#curve.state, guard: this.#guard.state },
      arrays: Object.fromEntries(Object.entries(state).map(([name, array]) => [`state/${name}`, array])),
    }
  }

  /** Held-out rows have not become better for as many passes as the user has patience. */
  #isStale(): boolean {
    const { patience } = this.#s.training
    return this.#judge !== null && patience > 0 && this.#position.stale >= patience
  }

  /** What is left of the current pass; 'kept' when the user asked to keep what there is. */
  async #pass(): Promise<'pass' | 'kept'> {
    const passEnd = stepsOf(this.#steps.batches, this.#position.epoch + 1)
    while (this.#position.step < passEnd) {
      await this.#o.untilResumed()
      await setImmediate() // let a cancel or a question through
      throwIfCancelled(this.#o.signal)
      if (!this.#s.shortened && this.#o.keepRequested()) return 'kept'
      const { step } = this.#position
      const { steps, out } = await this.#steps.run(this.#position, passEnd)
      this.#checkAndDraw(out)
      this.#position = { ...this.#position, step: step + steps }
      this.#progressed(Math.min(this.#position.epoch + 1, this.#passesAt(step + steps)), this.#curve.latest)
      if (step + steps < passEnd) await this.#s.onCheckpoint(() => this.#checkpoint())
    }
    return 'pass'
  }

  #progressed(epochs: number, error: number): void {
    const { executorName: executor, secondsPerStep } = this.#steps
    this.#s.onProgress({ epochs, error, executor, secondsPerStep })
  }

  /** Passes that `step` steps make, as a fraction; what the last step borrows from a pass that is not to come is left out. */
  #passesAt(step: number): number {
    const { size, rows } = this.#steps.batches
    return Math.min(this.#s.stage.layout.epochs, (step * size) / rows)
  }

  /** Looks at the losses of the steps from the current position on, and adds them to the curve. */
  #checkAndDraw(out: HostArrays): void {
    const { step } = this.#position
    const curves = Object.fromEntries(Object.entries(out).map(([name, { values }]) => [name.replace('term/', ''), values]))
    this.#check(curves, step)
    this.#o.addMetrics(this.#curve.add(this.#s.firstStep + step, curves, (at) => this.#passesAt(at - this.#s.firstStep)))
  }

  /** @throws  StageDiverged when the loss became infinite or has exploded */
  #check(curves: Readonly<Record<string, ArrayLike<number>>>, firstStep: number): void {
    const at = Array.from(curves.loss).findIndex((value) => !Number.isFinite(value))
    if (at >= 0) {
      const term = Object.keys(curves).find((name) => name !== 'loss' && !Number.isFinite(curves[name][at])) ?? 'loss'
      throw this.#diverged('infinite', term, firstStep + at)
    }
    const exploded = this.#guard.add(curves.loss, this.#sameLossFrom(firstStep))
    if (exploded < 0) return
    throw this.#diverged('exploded', 'loss', firstStep + exploded, { loss: curves.loss[exploded], lowest: this.#guard.lowest })
  }

  /** Whether step `firstStep` + i, asked in order, has the scalars of the one before; undefined where there are none. */
  #sameLossFrom(firstStep: number): ((i: number) => boolean) | undefined {
    const { scalars, layout } = this.#s.stage
    if (!scalars) return undefined
    const total = stepsOf(this.#steps.batches, layout.epochs)
    const numbersAt = (step: number): string => Object.values(scalars(step, total)).join()
    let before = numbersAt(Math.max(0, firstStep - 1))
    return (i) => {
      const now = numbersAt(firstStep + i)
      const isSame = now === before
      before = now
      return isSame
    }
  }

  /** @param step  from 0, since the stage began */
  #diverged(kind: Divergence['kind'], term: string, step: number, more: Partial<Divergence> = {}): StageDiverged {
    const { stage, firstStep } = this.#s
    return new StageDiverged({ kind, stage: stage.layout.title, step: firstStep + step + 1, stepInStage: step, term, ...more })
  }

  /** Ends a pass. @throws StageDiverged */
  async #judged(): Promise<void> {
    const state = await this.#steps.state()
    const weights = this.#steps.weightsIn(state)
    const epoch = this.#position.epoch + 1
    const mean = this.#curve.endPass()
    const error = this.#judge ? await this.#judge.error({ ...this.#steps.frozen, ...weights }, under('buffer', state)) : null
    const step = this.#s.firstStep + this.#position.step
    const bad = notFinite(weights).at(-1)
    if (bad !== undefined) throw this.#diverged('infinite', 'weights', this.#position.step - 1, { layer: bad })
    if (error !== null && !Number.isFinite(error)) throw this.#diverged('infinite', 'held-out error', this.#position.step - 1)
    if (error !== null) this.#o.addMetrics([{ step, name: `stage${this.#s.index + 1}/holdout`, value: error }])

    const { best, stale, plateau } = this.#position
    const better = best === null || (error ?? mean) < best
    if (better) this.#best = weights
    this.#position = {
      ...this.#position,
      epoch,
      best: better ? (error ?? mean) : best,
      stale: better ? 0 : stale + 1,
      plateau: plateauAfter(plateau, error ?? mean, this.#s.training),
    }
    if (this.#s.training.learningRateSchedule === 'plateau') this.#plateaus.set(epoch, this.#position.plateau)
    this.#progressed(epoch, error ?? mean)
    await this.#steps.revise(epoch, this.#position.step)
    await this.#s.onCheckpoint(() => this.#checkpoint())
  }

  async #checkpoint(): Promise<StageCheckpoint> {
    const named = (prefix: string, arrays: HostArrays) =>
      Object.entries(arrays).map(([name, array]) => [`${prefix}/${name}`, array] as const)
    const best = this.#best ? named('best', this.#steps.packed(this.#best)) : []
    return {
      position: { ...this.#position, curve: this.#curve.state, guard: this.#guard.state },
      arrays: Object.fromEntries([...named('state', await this.#steps.state()), ...best]),
    }
  }
}
