/**
 * Trains one stage: passes over the rows in chunks of steps, judged on the held-out rows after every pass; the best weights
 * are kept. Everything a killed run needs to go on is in its checkpoint, and it then ends with the very same weights: the order
 * of rows and all noise depend on seed and step alone, not on what ran before.
 *
 * Memory: the rows once (shared with the worker), three times the weights for the optimiser and as much again while a chunk runs.
 */
import { setImmediate } from 'node:timers/promises'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { emit } from '../compute/emit/emit.ts'
import type { NumericWorker } from '../compute/numericWorker.ts'
import { stepKey } from '../compute/random/counter.ts'
import type { Executor, HostArrays } from '../compute/step.ts'
import { initialiserOf } from '../layers/initialise.ts'
import type { Stage, Weights } from '../models/define.ts'
import type { TrainingParams } from '../models/training.ts'
import { adamScalars } from '../optim/adam.ts'
import { type Packing, packingOf } from '../optim/packing.ts'
import { type Batches, batchesOf, ChunkSize, epochOrder } from './batches.ts'
import { Curve } from './curve.ts'
import { Judge } from './judge.ts'
import { learningRateAt } from './schedule.ts'
import { initialState, traceTraining, under, weightsOf } from './trainingStep.ts'
import type { TrainOptions } from './types.ts'

/** One run of the worker takes about so long: cancelling answers within it. */
const chunkSeconds = 0.4

/** How far a stage has come; with its arrays, its checkpoint. */
export interface StagePosition {
  readonly epoch: number
  /** Within the pass. */
  readonly step: number
  /** Lowest held-out error so far and the passes since. */
  readonly best: number | null
  readonly stale: number
}
export interface StageCheckpoint {
  readonly position: StagePosition
  /** 'state/…' of the step, 'best/…' weights. */
  readonly arrays: HostArrays
}

export interface StageSetting {
  readonly index: number
  readonly stage: Stage
  /** Weights of the stages before. */
  readonly earlier: Weights
  readonly training: TrainingParams
  readonly worker: NumericWorker
  /** One pass only, because the user asked to come to an end. */
  readonly shortened: boolean
  /** Global number of this stage's first step. */
  readonly firstStep: number
  readonly onProgress: (epochsDone: number, error: number) => void
  /** Called often; decides itself when it is time. */
  readonly onCheckpoint: (checkpoint: () => StageCheckpoint) => void
}

export interface StageResult {
  readonly weights: Weights
  readonly stopped: 'finished' | 'early' | 'kept'
  readonly epochs: number
  readonly steps: number
  readonly rowsSeen: number
}

/** The run became infinite. `kept` are the best weights of this stage, null when no pass was finished. */
export class StageDiverged extends StratumError {
  readonly kept: Weights | null
  constructor(term: string, title: string, step: number, kept: Weights | null) {
    super(
      'TRAIN_DIVERGED',
      `Training became infinite in “${title}”: the term “${term}” at step ${step}.`,
      'Choose a smaller step size or another scaling, or set a limit on the step.',
      { term, stage: title, step },
    )
    this.kept = kept
  }
}

export class StageRun {
  readonly #o: TrainOptions
  readonly #s: StageSetting
  readonly #title: string
  readonly #batches: Batches
  readonly #packing: Packing
  readonly #inputs: HostArrays
  readonly #frozen: Weights
  readonly #judge: Judge | null
  readonly #curve: Curve
  readonly #chunk = new ChunkSize(chunkSeconds)
  readonly #executors = new Map<number, Executor>()
  #state: HostArrays
  #best: Weights | null = null
  #position: StagePosition = { epoch: 0, step: 0, best: null, stale: 0 }

  /** @param options  with training and held-out rows on shared memory */
  constructor(options: TrainOptions, setting: StageSetting, resume: StageCheckpoint | null) {
    const { stage, index, earlier, worker } = setting
    this.#o = options
    this.#s = setting
    this.#title = stage.layout.title
    this.#batches = batchesOf(options.trainRows, stage.layout.batchSize)
    const all = { ...earlier, ...stage.initialWeights(initialiserOf(options.seed)) }
    // Copied: the state's memory goes to the worker, and a weight of an earlier stage is still needed here.
    const trained = Object.fromEntries(stage.trains.map((name) => [name, { shape: all[name].shape, values: all[name].values.slice() }]))
    this.#packing = packingOf(trained)
    this.#frozen = Object.fromEntries(Object.entries(earlier).filter(([name]) => !(name in trained)))
    this.#inputs = {
      x: { shape: [options.trainRows, options.inputDim], values: options.train },
      ...Object.fromEntries(Object.entries(this.#frozen).map(([name, weight]) => [`weights/${name}`, weight])),
    }
    this.#curve = new Curve(`stage${index + 1}`, this.#batches.stepsPerEpoch)
    this.#judge =
      options.holdoutRows > 0
        ? new Judge(
            `${options.model.id}, ${this.#title}`,
            stage,
            worker,
            options.threads,
            options.holdout,
            options.holdoutRows,
            options.inputDim,
          )
        : null
    this.#state = resume ? under('state', resume.arrays) : initialState(this.#packing, trained)
    if (resume) {
      this.#position = resume.position
      const best = under('best', resume.arrays)
      this.#best = Object.keys(best).length ? this.#packing.unpack(best) : null
    }
  }

  async run(): Promise<StageResult> {
    const epochs = this.#s.shortened ? 1 : this.#s.stage.layout.epochs
    let stopped: StageResult['stopped'] = 'finished'
    try {
      while (this.#position.epoch < epochs && stopped === 'finished') {
        if (!(await this.#pass())) stopped = 'kept'
        else if (await this.#judged()) stopped = 'early'
      }
    } finally {
      for (const executor of [...this.#executors.values(), ...(this.#judge ? [this.#judge] : [])]) await executor.close()
    }
    const { epoch, step } = this.#position
    return {
      weights: this.#best ?? weightsOf(this.#packing, this.#state),
      stopped,
      epochs: epoch + step / this.#batches.stepsPerEpoch,
      steps: this.#stepsDone,
      rowsSeen: epoch * this.#o.trainRows + Math.min(step * this.#batches.size, this.#o.trainRows),
    }
  }

  get #stepsDone(): number {
    return this.#position.epoch * this.#batches.stepsPerEpoch + this.#position.step
  }

  /** What is left of the current pass. False when the user asked to keep what there is. */
  async #pass(): Promise<boolean> {
    const { epoch } = this.#position
    const { stepsPerEpoch, rest } = this.#batches
    const order = epochOrder(this.#o.trainRows, this.#o.seed, this.#s.index, epoch)
    const full = rest > 0 ? stepsPerEpoch - 1 : stepsPerEpoch
    while (this.#position.step < stepsPerEpoch) {
      await this.#o.untilResumed()
      await setImmediate() // let a cancel or a question through
      throwIfCancelled(this.#o.signal)
      if (!this.#s.shortened && this.#o.keepRequested()) return false
      const { step } = this.#position
      const steps = step < full ? this.#chunk.next(full - step) : 1
      await this.#steps(order, steps, step < full ? this.#batches.size : rest)
      this.#position = { ...this.#position, step: step + steps }
      this.#s.onProgress(epoch + this.#position.step / stepsPerEpoch, this.#curve.latest)
      if (this.#position.step < stepsPerEpoch) this.#s.onCheckpoint(() => this.#checkpoint())
    }
    return true
  }

  /** A chunk of steps in the worker. */
  async #steps(order: Int32Array, steps: number, batch: number): Promise<void> {
    const firstStep = this.#stepsDone
    const executor = this.#executors.get(batch) ?? (await this.#open(batch))
    const from = this.#position.step * this.#batches.size
    const rows = { shape: [steps, batch], values: order.slice(from, from + steps * batch) }
    const started = performance.now()
    const { state, out } = await executor.run(this.#state, this.#inputs, { rows, ...this.#scalars(firstStep, steps) }, steps)
    this.#chunk.took(steps, (performance.now() - started) / 1000)
    const curves = Object.fromEntries(Object.entries(out).map(([name, { values }]) => [name.replace('term/', ''), values]))
    this.#guard(curves, firstStep)
    this.#state = state
    const { stepsPerEpoch } = this.#batches
    this.#o.addMetrics(this.#curve.add(this.#s.firstStep + firstStep, curves, (step) => (step - this.#s.firstStep) / stepsPerEpoch))
  }

  async #open(batch: number): Promise<Executor> {
    const program = traceTraining(
      `${this.#o.model.id}, ${this.#title}`,
      this.#s.stage,
      this.#packing,
      this.#state,
      this.#inputs,
      batch,
      this.#s.training,
    )
    const executor = await this.#s.worker.open(emit(program, 'loop'), this.#o.threads)
    this.#executors.set(batch, executor)
    return executor
  }

  /** What changes from step to step and is known beforehand. */
  #scalars(firstStep: number, steps: number): HostArrays {
    const { training, stage, index } = this.#s
    const total = stage.layout.epochs * this.#batches.stepsPerEpoch
    const rates = Array.from({ length: steps }, (_, i) => learningRateAt(stage.learningRate, training, firstStep + i, total))
    const adam = rates.map((rate, i) => adamScalars(rate, firstStep + i + 1))
    const column = (values: readonly number[]) => ({ shape: [steps], values: Float32Array.from(values) })
    return {
      key: { shape: [steps], values: Int32Array.from({ length: steps }, (_, i) => stepKey(this.#o.seed + index, firstStep + i)) },
      stepSize: column(adam.map((a) => a.stepSize)),
      offset: column(adam.map((a) => a.offset)),
      ...(training.weightDecay > 0 && { shrink: column(rates.map((rate) => rate * training.weightDecay)) }),
    }
  }

  #guard(curves: Readonly<Record<string, ArrayLike<number>>>, firstStep: number): void {
    const i = Array.from(curves.loss).findIndex((value) => !Number.isFinite(value))
    if (i < 0) return
    const term = Object.keys(curves).find((name) => name !== 'loss' && !Number.isFinite(curves[name][i])) ?? 'loss'
    throw new StageDiverged(term, this.#title, this.#s.firstStep + firstStep + i + 1, this.#best)
  }

  /** Ends a pass. True when patience is at its end. */
  async #judged(): Promise<boolean> {
    const weights = weightsOf(this.#packing, this.#state)
    const epoch = this.#position.epoch + 1
    const mean = this.#curve.endEpoch()
    const error = this.#judge ? await this.#judge.error({ ...this.#frozen, ...weights }) : null
    const step = this.#s.firstStep + epoch * this.#batches.stepsPerEpoch
    if (error !== null && !Number.isFinite(error)) throw new StageDiverged('held-out error', this.#title, step, this.#best)
    if (error !== null) this.#o.addMetrics([{ step, name: `stage${this.#s.index + 1}/holdout`, value: error }])

    const { best, stale } = this.#position
    const better = error === null || best === null || error < best
    if (better) this.#best = weights
    this.#position = { epoch, step: 0, best: better ? error : best, stale: better ? 0 : stale + 1 }
    this.#s.onProgress(epoch, error ?? mean)
    this.#s.onCheckpoint(() => this.#checkpoint())
    return this.#judge !== null && this.#s.training.patience > 0 && this.#position.stale >= this.#s.training.patience
  }

  #checkpoint(): StageCheckpoint {
    const named = (prefix: string, arrays: HostArrays) =>
      Object.entries(arrays).map(([name, array]) => [`${prefix}/${name}`, array] as const)
    return {
      position: this.#position,
      arrays: Object.fromEntries([...named('state', this.#state), ...(this.#best ? named('best', this.#packing.pack(this.#best)) : [])]),
    }
  }
}
