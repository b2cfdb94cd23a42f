/** The loss of a stage on held-out rows, all of them, each counted once. Memory: 16 MB of rows at a time. */
import { emit } from '../compute/emit/emit.ts'
import type { NumericWorker } from '../compute/numericWorker.ts'
import { type RowReader, rowsOfBlock } from '../compute/rowReader.ts'
import type { Executor, HostArrays } from '../compute/step.ts'
import type { Stage, Weights } from '../models/define.ts'
import { traceJudging } from './trainingStep.ts'

/** Rows judged at once, and at most so many blocks in one run of the worker; fewer of both where rows are long. */
const mostRows = 4096
const mostBlocks = 64

export class Judge {
  readonly #open: (block: number, inputs: HostArrays) => Promise<Executor>
  readonly #rows: RowReader
  readonly #executors = new Map<number, Executor>()
  /** The stage's scalars at the end of training, so that passes are judged alike while weights of terms still warm up. */
  readonly #scalars: Readonly<Record<string, number>>

  /** @param rows  on shared memory where they are in memory */
  constructor(title: string, stage: Stage, worker: NumericWorker, threads: number, rows: RowReader) {
    this.#rows = rows
    this.#open = (block, inputs) => worker.open(emit(traceJudging(title, stage, inputs, block, rows.columns), 'loop'), threads)
    this.#scalars = stage.scalars?.(lastStep, lastStep + 1) ?? {}
  }

  async error(weights: Weights, buffers: HostArrays): Promise<number> {
    const inputs = { ...weights, ...Object.fromEntries(Object.entries(buffers).map(([name, array]) => [`buffer/${name}`, array])) }
    for (const executor of this.#executors.values()) await executor.load({ inputs })
    const { rows, columns } = this.#rows
    const full = Math.min(rowsOfBlock(columns, mostRows), rows)
    const blocksPerRun = Math.min(mostBlocks, Math.max(1, Math.floor(rowsOfBlock(columns) / full)))
    let sum = 0
    for (let row = 0; row < rows; ) {
      const block = Math.min(full, rows - row)
      const blocks = Math.min(blocksPerRun, Math.floor((rows - row) / block))
      sum += block * (await this.#blocks(inputs, row, block, blocks)).reduce((a, b) => a + b, 0)
      row += block * blocks
    }
    return sum / rows
  }

  async #blocks(inputs: HostArrays, row: number, block: number, blocks: number): Promise<Float32Array> {
    const executor = this.#executors.get(block) ?? (await this.#opened(block, inputs))
    const x = { shape: [blocks, block, this.#rows.columns], values: await this.#rows.read(row, block * blocks) }
    const scalars = Object.entries(this.#scalars).map(
      ([name, value]) => [`scalar/${name}`, { shape: [blocks], values: new Float32Array(blocks).fill(value) }] as const,
    )
    return (await executor.run({ x, ...Object.fromEntries(scalars) }, blocks)).loss.values as Float32Array
  }

  async #opened(block: number, inputs: HostArrays): Promise<Executor> {
    const executor = await this.#open(block, inputs)
    this.#executors.set(block, executor)
    await executor.load({ inputs })
    return executor
  }

  async close(): Promise<void> {
    for (const executor of this.#executors.values()) await executor.close()
  }
}
/** Far enough for every warm-up to have ended. */
const lastStep = 2 ** 30
