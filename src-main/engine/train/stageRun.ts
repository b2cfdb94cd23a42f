/**
 * Trains one stage: passes over the rows in chunks of steps, judged on the held-out rows after every pass; the best weights
 * are kept. Everything a killed run needs to go on is in its checkpoint, and it then ends with the very same weights: the order
 * of rows and all noise depend on seed and step alone, not on what ran before.
 *
 * A loss that becomes infinite or explodes ends the stage with its best weights (guards.ts).
 *
 * Memory: the rows that its source keeps (shared with the worker), three times the weights for the optimiser and as much again while a chunk runs.
 */
import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '#common/errors.ts'
import { compile } from '../compute/compile.ts'
import { openExecutor } from '../compute/executors/open.ts'
import type { NumericWorker } from '../compute/numericWorker.ts'
import { stepKey } from '../compute/random/counter.ts'
import { type Executor, type HostArrays, mapValues } from '../compute/step.ts'
import { initialiserOf } from '../layers/initialise.ts'
import type { RowSample, Stage, Weights } from '../models/define.ts'
import type { TrainingParams } from '../models/training.ts'
import type { Packing } from '../optim/packing.ts'
import { optimiserOf } from '../optim/registry.ts'
import { type Batches, batchesOf, ChunkSize, stepsOf } from './batches.ts'
import { Curve, type CurveState } from './curve.ts'
import { type Divergence, StageDiverged } from './divergence.ts'
import { LossGuard, type LossGuardState, notFinite } from './guards.ts'
import { Judge } from './judge.ts'
import { layerNotFinite, rowsOfStep, type StepBefore } from './layerSearch.ts'
import { rowOrder } from './rowOrder.ts'
import { residentRows, type RowSource, type Shard } from './rowSource.ts'
import { learningRateAt, noPlateau, type Plateau, plateauAfter } from './schedule.ts'
import { streamedRows } from './streamedRows.ts'
import { initialState, packingFor, prefixed, scalarsAt, type StepOptions, traceTraining, under, weightsOf } from './trainingStep.ts'
import type { ReadyOptions } from './types.ts'

/** One run of the worker takes about so long: cancelling answers within it. */
const chunkSeconds = 0.4
/** Looking for the layer in which a run became infinite takes no longer. */
const searchSeconds = 15

/** How far a stage has come; with its arrays, its checkpoint. */
export interface StagePosition {
  /** Passes that were judged. */
  readonly epoch: number
  /** Steps since the stage began. */
  readonly step: number
  /** Lowest held-out error so far and the passes since; without held-out rows lowest mean loss of a pass. */
  readonly best: number | null
  readonly stale: number
  readonly plateau: Plateau
}
export interface SavedPosition extends StagePosition {
  readonly curve: CurveState
  readonly guard: LossGuardState
}
export interface StageCheckpoint {
  readonly position: SavedPosition
  /** 'state/…' of the step, 'best/…' weights. */
  readonly arrays: HostArrays
}

export interface StageSetting {
  readonly index: number
  readonly stage: Stage
  /** Weights of the stages before. */
  readonly earlier: Weights
  readonly sample: RowSample
  readonly training: TrainingParams
  readonly worker: NumericWorker
  /** One pass only, because the user asked to come to an end. */
  readonly shortened: boolean
  /** Global number of this stage's first step. */
  readonly firstStep: number
  /** Says in a sentence that the processor does what another device was asked for. */
  readonly onFallback: (message: string) => void
  readonly onProgress: (epochsDone: number, error: number, executor: string) => void
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
  readonly epochs: number
  readonly steps: number
  readonly rowsSeen: number
}

export class StageRun {
  readonly #o: ReadyOptions
  readonly #s: StageSetting
  readonly #title: string
  readonly #batches: Batches
  readonly #options: StepOptions
  readonly #packing: Packing
  readonly #frozen: Weights
  readonly #initial: HostArrays
  readonly #rows: RowSource
  readonly #judge: Judge | null
  readonly #curve: Curve
  readonly #guard: LossGuard
  readonly #chunk = new ChunkSize(chunkSeconds)
  #best: Weights | null = null
  /** What the plateau remembered after each pass. */
  readonly #plateaus = new Map<number, Plateau>()
  #position: StagePosition = { epoch: 0, step: 0, best: null, stale: 0, plateau: noPlateau }

  constructor(options: ReadyOptions, setting: StageSetting, resume: StageCheckpoint | null) {
    const { stage, index, earlier, sample, worker, training } = setting
    this.#o = options
    this.#s = setting
    this.#title = stage.layout.title
    this.#batches = batchesOf(options.trainRows, stage.layout.batchSize)
    this.#options = { ...training, optimiser: optimiserOf(training) }
    const all = { ...earlier, ...stage.initialWeights(initialiserOf(options.seed), sample) }
    const trained = Object.fromEntries(stage.trains.map((name) => [name, all[name]]))
    this.#packing = packingFor(stage, trained, this.#options)
    this.#frozen = Object.fromEntries(Object.entries(earlier).filter(([name]) => !(name in trained)))
    this.#rows = rowSource(options, this.#batches, index)
    this.#curve = new Curve(`stage${index + 1}`, stepsOf(this.#batches, 1), resume?.position.curve)
    this.#guard = new LossGuard(resume?.position.guard)
    this.#judge =
      options.holdoutRows > 0 ? new Judge(`${options.model.id}, ${this.#title}`, stage, worker, options.threads, options.holdout) : null
    this.#initial = resume ? under('state', resume.arrays) : initialState(stage, this.#packing, trained, this.#options.optimiser)
    if (resume) {
      const { curve: _curve, guard: _guard, ...position } = resume.position
      this.#position = position
      const best = under('best', resume.arrays)
      this.#best = Object.keys(best).length ? this.#packing.unpack(best) : null
    }
  }

  async run(): Promise<StageResult> {
    const epochs = this.#s.shortened ? 1 : this.#s.stage.layout.epochs
    let stopped: StageResult['stopped'] = 'finished'
    let shard = await this.#rows.shardAt(this.#position.step)
    const executor = await this.#open(shard)
    try {
      while (this.#position.epoch < epochs && stopped === 'finished') {
        const end = await this.#pass(executor, shard)
        if (end === 'kept') stopped = 'kept'
        else if (end === 'pass') stopped = (await this.#judged(executor)) ? 'early' : stopped
        else {
          shard = end
          await executor.load({ inputs: { x: shard.x } })
        }
      }
      // Without held-out rows nothing says which pass was best, so the last is.
      const last = this.#judge && this.#best ? null : weightsOf(this.#packing, await executor.state())
      return this.#result(stopped, executor.name, last ?? this.#best)
    } catch (error) {
      if (!(error instanceof StageDiverged)) throw error
      return this.#result('diverged', executor.name, this.#best, error.divergence)
    } finally {
      for (const open of [executor, this.#rows, ...(this.#judge ? [this.#judge] : [])]) await open.close()
    }
  }

  #result(stopped: StageResult['stopped'], executor: string, weights: Weights | null, divergence: Divergence | null = null): StageResult {
    const { epoch, step, stale } = this.#position
    return {
      weights,
      executor,
      bestPass: epoch - stale,
      stopped,
      divergence,
      epochs: stopped === 'finished' || stopped === 'early' ? epoch : this.#passesAt(step),
      steps: step,
      rowsSeen: step * this.#batches.size,
    }
  }

  /** What is left of the current pass, or of the shard: then the next one. 'kept' when the user asked to keep what there is. */
  async #pass(executor: Executor, shard: Shard): Promise<'pass' | 'kept' | Shard> {
    const passEnd = stepsOf(this.#batches, this.#position.epoch + 1)
    while (this.#position.step < passEnd) {
      await this.#o.untilResumed()
      await setImmediate() // let a cancel or a question through
      throwIfCancelled(this.#o.signal)
      if (!this.#s.shortened && this.#o.keepRequested()) return 'kept'
      const { step } = this.#position
      if (step >= shard.endStep) return this.#rows.shardAt(step)
      const steps = this.#chunk.next(Math.min(passEnd, shard.endStep) - step)
      await this.#steps(executor, shard, steps)
      this.#position = { ...this.#position, step: step + steps }
      this.#s.onProgress(Math.min(this.#position.epoch + 1, this.#passesAt(step + steps)), this.#curve.latest, executor.name)
      if (step + steps < passEnd) await this.#s.onCheckpoint(() => this.#checkpoint(executor))
    }
    return 'pass'
  }

  /** Passes that `step` steps make, as a fraction; what the last step borrows from a pass that is not to come is left out. */
  #passesAt(step: number): number {
    return Math.min(this.#s.stage.layout.epochs, (step * this.#batches.size) / this.#batches.rows)
  }

  /** A chunk of steps, and nothing but. */
  async #compute(executor: Executor, shard: Shard, steps: number): Promise<HostArrays> {
    const { step } = this.#position
    const rows = { shape: [steps, this.#batches.size], values: shard.rowsOf(step, steps) }
    const started = performance.now()
    const out = await executor.run({ rows, ...this.#scalars(step, steps) }, steps)
    this.#chunk.took(steps, (performance.now() - started) / 1000)
    return out
  }

  /** A chunk of steps, checked and drawn. */
  async #steps(executor: Executor, shard: Shard, steps: number): Promise<void> {
    const { step } = this.#position
    const out = await this.#compute(executor, shard, steps)
    const curves = Object.fromEntries(Object.entries(out).map(([name, { values }]) => [name.replace('term/', ''), values]))
    this.#check(curves, step)
    this.#o.addMetrics(this.#curve.add(this.#s.firstStep + step, curves, (at) => this.#passesAt(at - this.#s.firstStep)))
  }

  /**
   * Instead of `run`, on a run opened at the last checkpoint: the first layer or weight that is not finite at a step where another run
   * became infinite. The steps before are done once more, on a computer that repeats itself with the same numbers.
   *
   * @param step   since the stage began
   * @param other  the run that became infinite; knows what the step size depended on
   * @returns      null when everything is finite up to the loss itself, or when it takes too long
   */
  async layerNotFiniteAt(step: number, other: StageRun): Promise<string | null> {
    const giveUpAt = performance.now() + searchSeconds * 1000
    let shard = await this.#rows.shardAt(this.#position.step)
    const executor = await this.#open(shard)
    try {
      for (;;) {
        await setImmediate()
        throwIfCancelled(this.#o.signal)
        if (performance.now() > giveUpAt) return null
        const { step: at, epoch } = this.#position
        const passEnd = stepsOf(this.#batches, epoch + 1)
        if (at >= shard.endStep) {
          shard = await this.#rows.shardAt(at)
          await executor.load({ inputs: { x: shard.x } })
        } else if (at >= step) return await layerNotFinite(await this.#beforeStep(executor, shard), this.#s.worker, this.#o.threads)
        else if (at >= passEnd) {
          this.#position = { ...this.#position, epoch: epoch + 1, plateau: other.#plateaus.get(epoch + 1) ?? noPlateau }
        } else {
          const steps = this.#chunk.next(Math.min(step, passEnd, shard.endStep) - at)
          await this.#compute(executor, shard, steps)
          this.#position = { ...this.#position, step: at + steps }
        }
      }
    } finally {
      for (const open of [executor, this.#rows, ...(this.#judge ? [this.#judge] : [])]) await open.close()
    }
  }

  /** All that the next step reads. */
  async #beforeStep(executor: Executor, shard: Shard): Promise<StepBefore> {
    const state = await executor.state()
    const { key, ...scalars } = this.#scalars(this.#position.step, 1)
    return {
      title: `${this.#o.model.id}, ${this.#title}`,
      stage: this.#s.stage,
      trained: weightsOf(this.#packing, state),
      frozen: this.#frozen,
      buffers: under('buffer', state),
      x: rowsOfStep(shard, this.#position.step),
      scan: { key, ...prefixed('scalar', under('scalar', scalars)) },
    }
  }

  async #open({ x }: Shard): Promise<Executor> {
    const { stage, worker } = this.#s
    const inputs = { x, ...Object.fromEntries(Object.entries(this.#frozen).map(([name, weight]) => [`weights/${name}`, weight])) }
    const title = `${this.#o.model.id}, ${this.#title}`
    const program = traceTraining(title, stage, this.#packing, this.#initial, inputs, this.#batches.size, this.#options)
    const executor = await openExecutor(program, {
      device: this.#o.device ?? 'cpu',
      openOnProcessor: () => worker.open(compile(program), this.#o.threads),
      notify: this.#s.onFallback,
      signal: this.#o.signal,
    })
    await executor.load({ state: this.#initial, inputs })
    return executor
  }

  /** What changes from step to step and is known beforehand. */
  #scalars(firstStep: number, steps: number): HostArrays {
    const { training, stage, index } = this.#s
    const total = stepsOf(this.#batches, stage.layout.epochs)
    // A run of steps never goes beyond a pass.
    const { epoch: pass, plateau } = this.#position
    const columns: Record<string, Float32Array> = {}
    const key = new Int32Array(steps)
    for (let i = 0; i < steps; i++) {
      const rate = learningRateAt(stage.learningRate, training, { step: firstStep + i, steps: total, pass, plateau })
      key[i] = stepKey(this.#o.seed + index, firstStep + i)
      for (const [name, value] of Object.entries(scalarsAt(stage, this.#options, rate, firstStep + i, total))) {
        columns[name] ??= new Float32Array(steps)
        columns[name][i] = value
      }
    }
    return { key: { shape: [steps], values: key }, ...mapValues(columns, (values) => ({ shape: [steps], values })) }
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
    const total = stepsOf(this.#batches, layout.epochs)
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
    return new StageDiverged({ kind, stage: this.#title, step: this.#s.firstStep + step + 1, stepInStage: step, term, ...more })
  }

  /** Ends a pass. True when patience is at its end. */
  async #judged(executor: Executor): Promise<boolean> {
    const state = await executor.state()
    const weights = weightsOf(this.#packing, state)
    const epoch = this.#position.epoch + 1
    const mean = this.#curve.endPass()
    const error = this.#judge ? await this.#judge.error({ ...this.#frozen, ...weights }, under('buffer', state)) : null
    const step = this.#s.firstStep + this.#position.step
    const bad = error === null || !Number.isFinite(error) ? notFinite(weights).at(-1) : undefined
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
    this.#s.onProgress(epoch, error ?? mean, executor.name)
    await this.#s.onCheckpoint(() => this.#checkpoint(executor))
    return this.#judge !== null && this.#s.training.patience > 0 && this.#position.stale >= this.#s.training.patience
  }

  async #checkpoint(executor: Executor): Promise<StageCheckpoint> {
    const named = (prefix: string, arrays: HostArrays) =>
      Object.entries(arrays).map(([name, array]) => [`${prefix}/${name}`, array] as const)
    const best = this.#best ? named('best', this.#packing.pack(this.#best)) : []
    return {
      position: { ...this.#position, curve: this.#curve.state, guard: this.#guard.state },
      arrays: Object.fromEntries([...named('state', await executor.state()), ...best]),
    }
  }
}

function rowSource({ train, seed, signal }: ReadyOptions, batches: Batches, stage: number): RowSource {
  const { rows, columns } = train
  const order = rowOrder(rows, columns, batches.size, seed, stage)
  if (train.resident === null) return streamedRows(train, order, batches, signal)
  return residentRows({ shape: [rows, columns], values: train.resident }, order, batches)
}
