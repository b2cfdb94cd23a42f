/**
 * The steps of a stage: its program on rows, run in chunks from wherever the stage is. What a step computes depends on the seed,
 * its number, its pass and its plateau alone, so steps that were done once can be done again.
 *
 * Memory: the rows that its source keeps (shared with the worker), three times the weights for the optimiser and as much again while a chunk runs.
 */
import { compile } from '../compute/compile.ts'
import { openExecutor } from '../compute/executors/open.ts'
import type { NumericWorker } from '../compute/numericWorker.ts'
import { mix, stepKey } from '../compute/random/counter.ts'
import { type Executor, type HostArray, type HostArrays, mapValues } from '../compute/step.ts'
import { drawInPieces } from '../layers/initialise.ts'
import type { RowSample, Stage, Weight, Weights } from '../models/define.ts'
import type { TrainingParams } from '../models/training.ts'
import type { Packing } from '../optim/packing.ts'
import { optimiserOf } from '../optim/registry.ts'
import { type Batches, batchesOf, ChunkSize, stepsOf } from './batches.ts'
import { rowOrder } from './rowOrder.ts'
import { residentRows, type RowSource, type Shard } from './rowSource.ts'
import { learningRateAt, type Plateau } from './schedule.ts'
import { streamedRows } from './streamedRows.ts'
import { initialState, packingFor, prefixed, scalarsAt, type StepOptions, traceTraining, under, weightsOf } from './trainingStep.ts'
import type { ReadyOptions } from './types.ts'

/** One run of the worker takes about so long: cancelling answers within it. */
const chunkSeconds = 0.4

export interface StepsSetting {
  readonly index: number
  readonly stage: Stage
  /** Weights of the stages before. */
  readonly earlier: Weights
  readonly sample: RowSample
  readonly training: TrainingParams
  readonly worker: NumericWorker
  /** The step size at each step, in the place of the schedule. */
  readonly rateAt?: (step: number) => number
  /** Says in a sentence that the processor does what another device was asked for. */
  readonly onFallback: (message: string) => void
}

/** What the numbers of a step depend on beside the seed. */
export interface StepMoment {
  /** Passes that were judged. */
  readonly epoch: number
  /** Steps since the stage began. */
  readonly step: number
  readonly plateau: Plateau
}

export class StageSteps {
  /** Model and stage, for messages. */
  readonly title: string
  readonly batches: Batches
  readonly packing: Packing
  /** Weights of earlier stages that this one reads and leaves alone. */
  readonly frozen: Weights
  readonly #o: ReadyOptions
  readonly #s: StepsSetting
  readonly #options: StepOptions
  readonly #initial: HostArrays
  readonly #rows: RowSource
  readonly #chunk = new ChunkSize(chunkSeconds)
  #open: { readonly executor: Executor; shard: Shard } | null = null

  /** @param state  of a checkpoint, null at the start. @throws CANCELLED */
  static async from(options: ReadyOptions, setting: StepsSetting, state: HostArrays | null): Promise<StageSteps> {
    const { stage, sample } = setting
    return new StageSteps(options, setting, state, await drawInPieces(stage, sample, options.seed, options.signal))
  }

  private constructor(options: ReadyOptions, setting: StepsSetting, state: HostArrays | null, first: Weights) {
    const { stage, index, earlier, training } = setting
    this.#o = options
    this.#s = setting
    this.title = `${options.model.id}, ${stage.layout.title}`
    this.batches = batchesOf(options.trainRows, stage.layout.batchSize)
    this.#options = { ...training, optimiser: optimiserOf(training) }
    const all = { ...earlier, ...first }
    const trained = Object.fromEntries(stage.trains.map((name) => [name, all[name]]))
    this.packing = packingFor(stage, trained, this.#options)
    this.frozen = Object.fromEntries(Object.entries(earlier).filter(([name]) => !(name in trained)))
    this.#rows = rowSource(options, this.batches, index)
    this.#initial = state ?? initialState(stage, this.packing, trained, this.#options.optimiser)
  }

  /** As the last run measured it. */
  get secondsPerStep(): number {
    return this.#chunk.secondsPerStep
  }

  /** Has to come before everything below, and `close` after it whatever came of it. */
  async open(step: number): Promise<void> {
    const shard = await this.#rows.shardAt(step)
    const { stage, worker, onFallback } = this.#s
    const inputs = { x: shard.x, ...Object.fromEntries(Object.entries(this.frozen).map(([name, weight]) => [`weights/${name}`, weight])) }
    const program = traceTraining(this.title, stage, this.packing, this.#initial, inputs, this.batches.size, this.#options)
    const executor = await openExecutor(program, {
      device: this.#o.device ?? 'cpu',
      openOnProcessor: () => worker.open(compile(program), this.#o.threads),
      notify: onFallback,
      signal: this.#o.signal,
    })
    this.#open = { executor, shard }
    await executor.load({ state: this.#initial, inputs })
  }

  /** Where the steps are computed now. */
  get executorName(): string {
    return this.#opened.executor.name
  }

  /** A chunk of steps from `now` on, none from `end` on nor beyond the pass. @returns how many, and what they put out */
  async run(now: StepMoment, end: number): Promise<{ readonly steps: number; readonly out: HostArrays }> {
    const { step } = now
    const shard = await this.#shardFor(step)
    const steps = this.#chunk.next(Math.min(end, shard.endStep) - step)
    const rows = { shape: [steps, this.batches.size], values: shard.rowsOf(step, steps) }
    const started = performance.now()
    const out = await this.#opened.executor.run({ rows, ...this.scalars(now, steps) }, steps)
    this.#chunk.took(steps, (performance.now() - started) / 1000)
    return { steps, out }
  }

  /** A copy of the state. */
  state(): Promise<HostArrays> {
    return this.#opened.executor.state()
  }
  /** What is learned: weights, and buffers that belong to them. */
  weightsIn(state: HostArrays): Weights {
    return { ...weightsOf(this.packing, state), ...this.#kept(under('buffer', state)) }
  }
  /** The same for a checkpoint, and back. */
  packed(weights: Weights): HostArrays {
    return { ...this.packing.pack(weights), ...this.#kept(weights) }
  }
  unpacked(arrays: HostArrays): Weights {
    return { ...this.packing.unpack(arrays), ...this.#kept(arrays) }
  }
  #kept(arrays: HostArrays): Weights {
    return Object.fromEntries((this.#s.stage.keeps ?? []).map((name) => [name, arrays[name] as Weight]))
  }

  /** What the stage changes by hand after `pass` passes, `step` steps. */
  async revise(pass: number, step: number): Promise<void> {
    const { stage, sample, index } = this.#s
    if (!stage.revise) return
    const { executor } = this.#opened
    const state = await executor.state()
    const weights = weightsOf(this.packing, state)
    const buffers = under('buffer', state) as Weights
    const key = stepKey(noiseSeed(this.#o.seed, index), step)
    const revised = stage.revise({ weights, buffers, sample, pass, passes: stage.layout.epochs, key })
    if (!revised) return
    const slots = this.#options.optimiser.slots.map((slot) => {
      const remembered = withZeros(this.packing.unpack(under(slot, state)), revised.fresh)
      return prefixed(slot, this.packing.pack(remembered))
    })
    await executor.load({
      state: {
        ...prefixed('theta', this.packing.pack({ ...weights, ...revised.weights })),
        ...Object.assign({}, ...slots),
        ...prefixed('buffer', { ...buffers, ...revised.buffers }),
      },
    })
  }

  /** The rows of one step, [batch, D]. */
  async rowsOf(step: number): Promise<HostArray> {
    const shard = await this.#shardFor(step)
    const d = shard.x.shape[1]
    const rows = shard.rowsOf(step, 1)
    const values = new Float32Array(rows.length * d)
    for (const [i, row] of rows.entries()) values.set(shard.x.values.subarray(row * d, (row + 1) * d), i * d)
    return { shape: [rows.length, d], values }
  }

  /** What changes from step to step and is known beforehand. A run of steps never goes beyond a pass. */
  scalars({ step: firstStep, epoch: pass, plateau }: StepMoment, steps: number): HostArrays {
    const { training, stage, index, rateAt } = this.#s
    const total = stepsOf(this.batches, stage.layout.epochs)
    const columns: Record<string, Float32Array> = {}
    const key = new Int32Array(steps)
    for (let i = 0; i < steps; i++) {
      const step = firstStep + i
      const rate = rateAt?.(step) ?? learningRateAt(stage.learningRate, training, { step, steps: total, pass, plateau })
      key[i] = stepKey(noiseSeed(this.#o.seed, index), firstStep + i)
      for (const [name, value] of Object.entries(scalarsAt(stage, this.#options, rate, firstStep + i, total))) {
        columns[name] ??= new Float32Array(steps)
        columns[name][i] = value
      }
    }
    return { key: { shape: [steps], values: key }, ...mapValues(columns, (values) => ({ shape: [steps], values })) }
  }

  /** The rows are let go of even where the executor cannot be closed. */
  async close(): Promise<void> {
    try {
      await this.#open?.executor.close()
    } finally {
      await this.#rows.close()
    }
  }

  get #opened(): { readonly executor: Executor; shard: Shard } {
    if (!this.#open) throw new Error(`${this.title}: its steps are not open`)
    return this.#open
  }

  async #shardFor(step: number): Promise<Shard> {
    const open = this.#opened
    if (step >= open.shard.endStep) {
      open.shard = await this.#rows.shardAt(step)
      await open.executor.load({ inputs: { x: open.shard.x } })
    }
    return open.shard
  }
}

/** Every stage of every seed has noise of its own; with their sum, the second stage of one seed would have that of the next one's first. */
export const noiseSeed = (seed: number, stage: number): number => (stage === 0 ? seed : mix(mix(seed) + stage))

/** Copies in which some rows of some weights are zero. */
function withZeros(weights: Weights, rows: Readonly<Record<string, readonly number[]>>): Weights {
  return mapValues(weights, ({ shape, values }, name) => {
    const [zeroed, length] = [values.slice(), values.length / (shape[0] ?? 1)]
    for (const row of rows[name] ?? []) zeroed.fill(0, row * length, (row + 1) * length)
    return { shape, values: zeroed }
  })
}

function rowSource({ train, seed, signal }: ReadyOptions, batches: Batches, stage: number): RowSource {
  const { rows, columns } = train
  const order = rowOrder(rows, columns, batches.size, seed, stage)
  if (train.resident === null) return streamedRows(train, order, batches, signal)
  return residentRows({ shape: [rows, columns], values: train.resident }, order, batches)
}
