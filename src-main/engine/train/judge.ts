/** The loss of a stage on held-out rows, all of them, each counted once. */
import { emit } from '../compute/emit/emit.ts'
import type { NumericWorker } from '../compute/numericWorker.ts'
import type { Executor, HostArrays } from '../compute/step.ts'
import type { Stage, Weights } from '../models/define.ts'
import { traceJudging } from './trainingStep.ts'

/** Rows judged at once, and at most so many blocks in one run of the worker. */
const blockRows = 4096
const blocksPerRun = 64

export class Judge {
  readonly #open: (block: number, weights: Weights) => Promise<Executor>
  readonly #rows: Float32Array
  readonly #n: number
  readonly #inputDim: number
  readonly #executors = new Map<number, Executor>()

  /** @param rows  [n × inputDim] on shared memory */
  constructor(title: string, stage: Stage, worker: NumericWorker, threads: number, rows: Float32Array, n: number, inputDim: number) {
    this.#rows = rows
    this.#n = n
    this.#inputDim = inputDim
    this.#open = (block, weights) => worker.open(emit(traceJudging(title, stage, weights, block, inputDim), 'loop'), threads)
  }

  async error(weights: Weights): Promise<number> {
    const full = Math.min(blockRows, this.#n)
    let sum = 0
    for (let row = 0; row < this.#n; ) {
      const block = Math.min(full, this.#n - row)
      const blocks = Math.min(blocksPerRun, Math.floor((this.#n - row) / block))
      sum += block * (await this.#blocks(weights, row, block, blocks)).reduce((a, b) => a + b, 0)
      row += block * blocks
    }
    return sum / this.#n
  }

  async #blocks(weights: HostArrays, row: number, block: number, blocks: number): Promise<Float32Array> {
    const d = this.#inputDim
    const executor = this.#executors.get(block) ?? (await this.#open(block, weights as Weights))
    this.#executors.set(block, executor)
    const x = { shape: [blocks, block, d], values: this.#rows.subarray(row * d, (row + block * blocks) * d) }
    return (await executor.run({}, weights, { x }, blocks)).out.loss.values as Float32Array
  }

  async close(): Promise<void> {
    for (const executor of this.#executors.values()) await executor.close()
  }
}
