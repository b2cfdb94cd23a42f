/**
 * How likely rows are under a variational model, by importance sampling: Burda, Grosse & Salakhutdinov 2016, arXiv 1509.00519
 *
 *   ln p(x) ≈ ln 1/K Σ_k w_k      ELBO ≈ 1/K Σ_k ln w_k        w_k = p(x, z_k) / q(z_k|x),  z_k ~ q(z|x)
 *
 * The first is never above ln p(x) on average and comes up to it as K grows; the second is the bound that was trained. Densities are of
 * prepared rows, in nats; where conditions are given, of the other columns given those.
 */
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { compile } from '../compute/compile.ts'
import { NumericWorker } from '../compute/numericWorker.ts'
import { stepKey } from '../compute/random/counter.ts'
import { specsOf } from '../compute/step.ts'
import type { Scalar, Tensor2D } from '../compute/tfjs.ts'
import { trace } from '../compute/trace/trace.ts'
import { buildFor } from '../models/build.ts'
import type { ModelDefinition, Weights } from '../models/define.ts'
import { noiseOf } from './trainingStep.ts'

export interface LikelihoodOptions {
  readonly model: ModelDefinition
  readonly params: Readonly<Record<string, unknown>>
  /** D, all columns of prepared rows, and how many of them, the last ones, are conditions. */
  readonly inputDim: number
  readonly conditions?: number
  /** Whether the last of these say which of the values to rebuild are known; see models/build.ts. */
  readonly masked?: boolean
  readonly weights: Weights
  /** K */
  readonly draws: number
  readonly seed: number
  readonly signal?: AbortSignal
}

export interface RowLikelihood {
  /** Of each row, nats. */
  readonly logLikelihood: Float64Array
  readonly bound: Float64Array
}

const block = 64
/** Numbers of the widest layer over all draws of a block. */
const numbersAtOnce = 2 ** 20
const mostDrawsAtOnce = 64
/** Multiply-adds of a run at most, about 0.2 s: cancelling waits for it. */
const workAtOnce = 4e9

/** Whether a model can tell; the parameters do not matter. */
export function tellsLikelihood({
  model,
  params,
  inputDim,
  conditions,
  masked,
}: Pick<LikelihoodOptions, 'model' | 'params' | 'inputDim' | 'conditions' | 'masked'>): boolean {
  const built = buildFor(model, model.params.parse(params), inputDim, conditions, masked)
  return built.kind === 'gradient' && built.logImportanceWeights !== undefined
}

/**
 * Time: `draws` ways back from the code for each row. Memory: the weights, the rows of a run, and 4 MB for each layer.
 *
 * @param X  [n × D] prepared rows
 * @throws   DATA_UNSUITABLE for a model that has no likelihood · CANCELLED
 */
export async function importanceLogLikelihood(X: Float32Array, n: number, options: LikelihoodOptions): Promise<RowLikelihood> {
  const { model, inputDim: D, conditions, masked, weights, draws, seed, signal } = options
  const built = buildFor(model, model.params.parse(options.params), D, conditions, masked)
  if (built.kind !== 'gradient' || !built.logImportanceWeights)
    throw new StratumError('DATA_UNSUITABLE', `${model.title} does not say how likely rows are.`, 'Choose a variational autoencoder.', {
      model: model.id,
    })
  const { logImportanceWeights } = built
  const widest = Math.max(D, ...Object.values(weights).flatMap(({ shape }) => shape))
  const together = Math.max(1, Math.min(draws, mostDrawsAtOnce, Math.floor(numbersAtOnce / (block * widest))))
  const workPerBlock = block * together * Object.values(weights).reduce((sum, { values }) => sum + values.length, 0)
  const blocksPerRun = Math.max(1, Math.min(256, Math.floor(workAtOnce / workPerBlock)))
  const program = trace(
    `${model.id}, likelihood`,
    { state: {}, inputs: specsOf(weights), scan: { x: { shape: [block, D], dtype: 'float32' }, key: { shape: [], dtype: 'int32' } } },
    ({ inputs, scan }) => ({
      state: {},
      out: { logWeights: logImportanceWeights(scan.x as Tensor2D, inputs, noiseOf(scan.key as Scalar), together) },
    }),
  )
  const sums = new LogSums(n)
  const worker = new NumericWorker()
  try {
    const executor = await worker.open(compile(program), 1)
    await executor.load({ inputs: weights })
    const rowsPerRun = blocksPerRun * block
    const pieces = Math.ceil(draws / together)
    for (let from = 0; from < n; from += rowsPerRun) {
      const rows = Math.min(rowsPerRun, n - from)
      const steps = Math.ceil(rows / block)
      for (let piece = 0; piece < pieces; piece++) {
        if (signal) throwIfCancelled(signal)
        const values = new Float32Array(steps * block * D)
        values.set(X.subarray(from * D, (from + rows) * D))
        const key = Int32Array.from({ length: steps }, (_, i) => stepKey(seed, (from / block + i) * pieces + piece))
        const x = { shape: [steps, block, D], values }
        const { logWeights } = await executor.run({ x, key: { shape: [steps], values: key } }, steps)
        const counted = Math.min(together, draws - piece * together)
        for (let i = 0; i < rows; i++)
          for (let k = 0; k < counted; k++) sums.add(from + i, (logWeights.values as Float32Array)[i * together + k])
      }
    }
    await executor.close()
  } finally {
    await worker.close()
  }
  return sums.means(draws)
}

/** ln Σ eˣ and Σ x per row, number by number, without overflow. */
class LogSums {
  readonly #largest: Float64Array
  readonly #sum: Float64Array
  readonly #plain: Float64Array

  constructor(n: number) {
    this.#largest = new Float64Array(n).fill(Number.NEGATIVE_INFINITY)
    this.#sum = new Float64Array(n)
    this.#plain = new Float64Array(n)
  }

  add(row: number, value: number): void {
    const largest = this.#largest[row]
    this.#plain[row] += value
    if (value > largest) {
      this.#sum[row] = this.#sum[row] * Math.exp(largest - value) + 1
      this.#largest[row] = value
    } else this.#sum[row] += Math.exp(value - largest)
  }

  means(count: number): RowLikelihood {
    return {
      logLikelihood: this.#sum.map((sum, row) => this.#largest[row] + Math.log(sum / count)),
      bound: this.#plain.map((sum) => sum / count),
    }
  }
}
