/**
 * A trained model, ready to encode and reconstruct any number of rows.
 *
 * Rows go through in blocks of a fixed size, each on one thread: the products of a narrow model are too small to be divided, so
 * threads take different blocks instead. What a row becomes therefore depends neither on the number of threads nor on the rows
 * around it.
 */
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { type CompiledProgram, compile } from '../compute/compile.ts'
import { NumericWorker } from '../compute/numericWorker.ts'
import { type Executor, executorNames, mapValues, specsOf, type TensorMap } from '../compute/step.ts'
import { div, maximum, mean, mul, slice, squaredDifference, sum, type Tensor1D, type Tensor2D } from '../compute/tfjs.ts'
import { type Program, trace } from '../compute/trace/trace.ts'
import { buildFor, presentOf, scaleOf } from '../models/build.ts'
import type { ComparisonScale, GradientModel, ModelDefinition, Weights } from '../models/define.ts'
import { layoutOf } from './layout.ts'
import { inSharedMemory, sharedFloats } from '../analysis/threads/sharedMemory.ts'

export interface Encoder {
  readonly codeSize: number
  readonly executor: string
  /** What errors are of, where it is not prepared numbers. */
  readonly scale: ComparisonScale | null
  /**
   * @param X   [n × D] prepared rows; read, not kept. On shared memory they are not copied either.
   * @returns   codes [n × Z] and the mean squared error of each row over the columns that are rebuilt and known, in prepared units or on `scale`
   * @throws    CANCELLED, when the runs that are begun have ended: within about 0.2 s
   */
  encode(X: Float32Array, n: number, signal?: AbortSignal): Promise<{ codes: Float32Array; error: Float32Array }>
  /** The codes alone, for half the work. */
  codes(X: Float32Array, n: number, signal?: AbortSignal): Promise<Float32Array>
  /** x̂ [n × D − C]. */
  reconstruct(X: Float32Array, n: number, signal?: AbortSignal): Promise<Float32Array>
  close(): Promise<void>
}

export interface EncoderOptions {
  readonly model: ModelDefinition
  readonly params: Readonly<Record<string, unknown>>
  /** D, all columns of prepared rows. */
  readonly inputDim: number
  /** How many of them, the last ones, are given and not rebuilt: C; default none. */
  readonly conditions?: number
  /** Whether the last of these say which of the values to rebuild are known; see models/build.ts. */
  readonly masked?: boolean | undefined
  readonly weights: Weights
  /** Workers that share the blocks of a large call. */
  readonly threads: number
}

export type What = 'encode' | 'codes' | 'reconstruct'

/** Rows of a block: few for a click on a map; as many as a core's cache holds of a layer for streams; fewer for very wide layers. */
export const blockRows = { small: 64, large: 1024, wide: 256 } as const
const wideFrom = 4096
/** Of one run of a worker, input or codes, whichever are wider, at most (but at least a block): long enough that calls cost little and
 *  that a busy engine is no hurry. */
const runBytes = 4 << 20
/** Multiply-adds of a run at most, about 0.1 s: cancelling waits for the runs that are begun. */
const runWork = 4e9
/** Multiply-adds in a call from which further workers are worth starting. */
const worthWorkers = 4e9

/** Memory: the weights, and per call its results and two runs for each worker. Close it: it holds threads. */
export async function openEncoder(options: EncoderOptions): Promise<Encoder> {
  const worker = new NumericWorker()
  const encoder = encoderOn(worker, options)
  return {
    ...encoder,
    async close() {
      await encoder.close()
      await worker.close()
    },
  }
}

/** Codes, with or without the error of each row, or reconstructions of blocks of rows. Inputs are the weights; scan 'x' [block, D]. */
export function traceForward(
  { id }: Pick<ModelDefinition, 'id'>,
  { encode, decode, comparison }: Pick<GradientModel, 'encode' | 'decode' | 'comparison'>,
  weights: Weights,
  what: What,
  block: number,
  inputDim: number,
  conditions = 0,
  masked = false,
): Program {
  const spec = { state: {}, inputs: specsOf(weights), scan: { x: { shape: [block, inputDim], dtype: 'float32' } } } as const
  return trace(`${id}, ${what}`, spec, ({ inputs, scan }) => {
    const x = scan.x as Tensor2D
    const codes = encode(x, inputs)
    const out = (): TensorMap => {
      if (what === 'codes') return { codes }
      const reconstruction = decode(codes, inputs, x)
      if (what === 'reconstruct') return { reconstruction }
      const rebuilt = conditions === 0 ? x : slice(x, [0, 0], [block, inputDim - conditions])
      const scaled = (t: Tensor2D): Tensor2D => comparison?.of(t, inputs) ?? t
      const squares = squaredDifference<Tensor2D>(scaled(rebuilt), scaled(reconstruction))
      if (!masked) return { codes, error: mean(squares, 1) }
      const present = presentOf(x, inputDim - conditions)
      return { codes, error: div(sum<Tensor1D>(mul<Tensor2D>(present, squares), 1), maximum(sum<Tensor1D>(present, 1), 1)) }
    }
    return { state: {}, out: out() }
  })
}

/** Begins on a worker that somebody else closes; those it adds for large calls are its own. */
export function encoderOn(
  first: NumericWorker,
  { model, params, inputDim, conditions = 0, masked, weights: given, threads }: EncoderOptions,
): Encoder {
  const built = buildFor(model, model.params.parse(params), inputDim, conditions, masked)
  const { codeSize } = layoutOf(built)
  const weights: Weights = mapValues(given, ({ shape, values }) => ({ shape, values: inSharedMemory(values) }))
  const workPerRow = Object.values(weights).reduce((sum, { values }) => sum + values.length, 0)
  const widest = Math.max(inputDim, ...Object.values(weights).flatMap(({ shape }) => shape))
  const largeRows = widest > wideFrom ? blockRows.wide : blockRows.large

  const workers = [first]
  const programs = new Map<string, CompiledProgram>()
  const executors = new Map<string, Promise<Executor>>()

  /** A program for blocks of `block` rows. */
  function programFor(what: What, block: number): CompiledProgram {
    const key = `${what} ${block}`
    const known = programs.get(key)
    if (known) return known
    const program = compile(traceForward(model, built, weights, what, block, inputDim, conditions, masked))
    programs.set(key, program)
    return program
  }

  function executorOn(i: number, what: What, block: number): Promise<Executor> {
    const key = `${i} ${what} ${block}`
    const known = executors.get(key)
    if (known) return known
    const opening = workers[i].open(programFor(what, block), 1).then(async (executor) => {
      await executor.load({ inputs: weights })
      return executor
    })
    executors.set(key, opening)
    opening.catch(() => executors.delete(key)) // tried again when it is asked for again
    return opening
  }

  /** Runs all rows through a program; `take` gets each run's results, which may be longer than `rows` (the last block is filled up). */
  async function eachRun(
    what: What,
    X: Float32Array,
    n: number,
    signal: AbortSignal | undefined,
    take: (out: Readonly<Record<string, Float32Array>>, row: number, rows: number) => void,
  ): Promise<void> {
    if (n === 0) return
    const block = n <= blockRows.small ? blockRows.small : largeRows
    const wanted = n * workPerRow < worthWorkers ? 1 : Math.min(threads, Math.ceil(n / block))
    // At least two runs for each lane, so that they end together.
    const blocksPerRun = Math.min(
      Math.floor(runBytes / (block * Math.max(inputDim, codeSize) * 4)),
      Math.floor(runWork / (block * workPerRow)),
      Math.floor(n / (4 * wanted * block)),
    )
    const rowsPerRun = block * Math.max(1, blocksPerRun)
    while (workers.length < wanted) workers.push(new NumericWorker())
    let next = 0

    /** One run after another, each on the rows that nobody has taken yet. */
    async function lane(executor: Executor): Promise<void> {
      let staging: Float32Array | null = null
      while (next < n) {
        if (signal) throwIfCancelled(signal)
        const row = next
        const rows = Math.min(rowsPerRun, n - row)
        next += rows
        const steps = Math.ceil(rows / block)
        let values = X.subarray(row * inputDim, (row + rows) * inputDim)
        if (!(X.buffer instanceof SharedArrayBuffer) || rows < steps * block) {
          staging ??= sharedFloats(steps * block * inputDim)
          staging.set(values)
          values = staging.subarray(0, steps * block * inputDim)
        }
        const out = await executor.run({ x: { shape: [steps, block, inputDim], values } }, steps)
        take(
          mapValues(out, (array) => array.values as Float32Array),
          row,
          rows,
        )
      }
    }
    // Two lanes for each worker: while one run is computed the next one waits in line already.
    const opened = await Promise.all(workers.slice(0, wanted).map((_, i) => executorOn(i, what, block)))
    const ends = await Promise.allSettled(
      [...opened, ...opened].map((executor) =>
        lane(executor).catch((error: unknown) => {
          next = n
          throw error
        }),
      ),
    )
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  async function gathered(what: What, X: Float32Array, n: number, sizes: Readonly<Record<string, number>>, signal?: AbortSignal) {
    if (X.length < n * inputDim)
      throw new StratumError('INTERNAL', `${X.length} values are fewer than ${n} rows of ${inputDim}.`, 'Send this line to the authors.')
    const whole = mapValues(sizes, (size) => new Float32Array(n * size))
    await eachRun(what, X, n, signal, (out, row, rows) => {
      for (const [name, size] of Object.entries(sizes)) whole[name].set(out[name].subarray(0, rows * size), row * size)
    })
    return whole
  }

  return {
    codeSize,
    executor: executorNames.onnxCpu,
    scale: scaleOf(built, given),
    async encode(X, n, signal) {
      const { codes, error } = await gathered('encode', X, n, { codes: codeSize, error: 1 }, signal)
      return { codes, error }
    },
    codes: async (X, n, signal) => (await gathered('codes', X, n, { codes: codeSize }, signal)).codes,
    reconstruct: async (X, n, signal) =>
      (await gathered('reconstruct', X, n, { reconstruction: inputDim - conditions }, signal)).reconstruction,
    async close() {
      const opened = await Promise.allSettled(executors.values())
      for (const one of opened) if (one.status === 'fulfilled') await one.value.close()
      for (const worker of workers.slice(1)) await worker.close()
    },
  }
}
