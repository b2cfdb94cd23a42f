/** A trained model, ready to encode and reconstruct any number of rows; the numeric work is a worker's. */
import { emit } from '../compute/emit/emit.ts'
import { NumericWorker } from '../compute/numericWorker.ts'
import { type Executor, executorNames, specsOf, type TensorMap } from '../compute/step.ts'
import { mean, squaredDifference, type Tensor2D } from '../compute/tfjs.ts'
import { type Program, trace } from '../compute/trace/trace.ts'
import type { ModelDefinition, Weights } from '../models/define.ts'
import { layoutOf } from './layout.ts'

export interface Encoder {
  readonly codeSize: number
  readonly executor: string
  /**
   * @param X   [n × D] prepared rows; read, not kept
   * @returns   codes [n × Z] and the mean squared error of each row in prepared units
   */
  encode(X: Float32Array, n: number): Promise<{ codes: Float32Array; error: Float32Array }>
  /** x̂ [n × D]. */
  reconstruct(X: Float32Array, n: number): Promise<Float32Array>
  close(): Promise<void>
}

export interface EncoderOptions {
  readonly model: ModelDefinition
  readonly params: Readonly<Record<string, unknown>>
  readonly inputDim: number
  readonly weights: Weights
  readonly threads: number
}

/** Rows of one step of the program and the most steps of one run: small blocks for a click on a map, large ones for streams. */
const blocks = { small: 64, large: 4096 } as const
const stepsPerRun = 32

/** Memory: the weights, and per call the results and one run's rows (at most 131 072). Close it: it holds a thread. */
export async function openEncoder(options: EncoderOptions): Promise<Encoder> {
  const worker = new NumericWorker()
  const encoder = encoderOn(worker, options)
  return {
    ...encoder,
    async close() {
      await worker.close()
    },
  }
}

/** On a worker that somebody else closes. */
export function encoderOn(worker: NumericWorker, { model, params, inputDim, weights, threads }: EncoderOptions): Encoder {
  const built = model.build(model.params.parse(params), inputDim)
  const { codeSize } = layoutOf(built)
  const programs = new Map<string, Promise<Executor>>()

  /** A program for blocks of `block` rows, opened when first wanted. */
  function program(what: 'encode' | 'reconstruct', block: number): Promise<Executor> {
    const known = programs.get(`${what} ${block}`)
    if (known) return known
    const spec = { state: {}, inputs: specsOf(weights), scan: { x: { shape: [block, inputDim], dtype: 'float32' } } } as const
    const traced = trace(`${model.id}, ${what}`, spec, ({ inputs, scan }) => {
      const x = scan.x as Tensor2D
      const codes = built.encode(x, inputs)
      const reconstruction = built.decode(codes, inputs)
      const out: TensorMap = what === 'reconstruct' ? { reconstruction } : { codes, error: mean(squaredDifference(x, reconstruction), 1) }
      return { state: {}, out }
    })
    const opening = opened(traced)
    programs.set(`${what} ${block}`, opening)
    return opening
  }

  async function opened(program: Program): Promise<Executor> {
    const executor = await worker.open(emit(program, 'loop'), threads)
    await executor.load({ inputs: weights })
    return executor
  }

  /** Runs all rows through a program; `take` gets each run's results, which may be longer than `rows` (the last block is filled up). */
  async function eachRun(
    what: 'encode' | 'reconstruct',
    X: Float32Array,
    n: number,
    take: (out: Readonly<Record<string, Float32Array>>, row: number, rows: number) => void,
  ): Promise<void> {
    const block = n <= blocks.small ? blocks.small : blocks.large
    const executor = n > 0 ? await program(what, block) : null
    for (let row = 0; row < n; ) {
      const steps = Math.min(stepsPerRun, Math.ceil((n - row) / block))
      const rows = Math.min(steps * block, n - row)
      const values = new Float32Array(steps * block * inputDim)
      values.set(X.subarray(row * inputDim, (row + rows) * inputDim))
      const out = await (executor as Executor).run({ x: { shape: [steps, block, inputDim], values } }, steps)
      take(Object.fromEntries(Object.entries(out).map(([name, array]) => [name, array.values as Float32Array])), row, rows)
      row += rows
    }
  }

  return {
    codeSize,
    executor: executorNames.onnxCpu,
    async encode(X, n) {
      const codes = new Float32Array(n * codeSize)
      const error = new Float32Array(n)
      await eachRun('encode', X, n, (out, row, rows) => {
        codes.set(out.codes.subarray(0, rows * codeSize), row * codeSize)
        error.set(out.error.subarray(0, rows), row)
      })
      return { codes, error }
    },
    async reconstruct(X, n) {
      const reconstruction = new Float32Array(n * inputDim)
      await eachRun('reconstruct', X, n, (out, row, rows) =>
        reconstruction.set(out.reconstruction.subarray(0, rows * inputDim), row * inputDim),
      )
      return reconstruction
    },
    async close() {
      for (const opening of programs.values()) await (await opening).close()
    },
  }
}
