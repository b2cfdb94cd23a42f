/**
 * The loss of a stage on held-out rows, all of them, each counted once. Memory: 16 MB of rows, and what the layers make of one block.
 *
 * Rows are judged in blocks of nearly the same size: a loss may compare rows with each other (the spread of a block, its likeliest
 * noise), and means nothing for the last few of a division into full blocks.
 */
import { throwIfCancelled } from '#common/errors.ts'
import { compile } from '../compute/compile.ts'
import type { NumericWorker } from '../compute/numericWorker.ts'
import { blocksOf, type RowReader, rowsOfBlock } from '../compute/rowReader.ts'
import type { Executor, HostArrays } from '../compute/step.ts'
import type { Stage, Weights } from '../models/define.ts'
import { traceJudging } from './trainingStep.ts'

/** Rows of a block, fewer where rows are long or a layer is very wide. */
const mostRows = 4096
const mostRowsWide = 256
const wideFrom = 4096
/** Blocks in one run of the worker, fewer where that would be more multiply-adds than take about 0.2 s. */
const mostBlocks = 64
const workAtOnce = 8e9

export class Judge {
  readonly #open: (block: number, inputs: HostArrays) => Promise<Executor>
  readonly #rows: RowReader
  readonly #signal: AbortSignal
  readonly #executors = new Map<number, Executor>()
  /** The stage's scalars at the end of training, so that passes are judged alike while weights of terms still warm up. */
  readonly #scalars: Readonly<Record<string, number>>

  /** @param rows  on shared memory where they are in memory */
  constructor(title: string, stage: Stage, worker: NumericWorker, threads: number, rows: RowReader, signal: AbortSignal) {
    this.#rows = rows
    this.#signal = signal
    this.#open = (block, inputs) => worker.open(compile(traceJudging(title, stage, inputs, block, rows.columns)), threads)
    this.#scalars = stage.scalars?.(lastStep, lastStep + 1) ?? {}
  }

  /** @throws  CANCELLED, after a run of the worker at the latest */
  async error(weights: Weights, buffers: HostArrays): Promise<number> {
    const inputs = { ...weights, ...Object.fromEntries(Object.entries(buffers).map(([name, array]) => [`buffer/${name}`, array])) }
    for (const executor of this.#executors.values()) await executor.load({ inputs })
    const { rows, columns } = this.#rows
    const { full, blocksPerRun } = blocksFor(rows, columns, weights)
    let sum = 0
    for await (const { n, X } of blocksOf(this.#rows, full * blocksPerRun)) {
      throwIfCancelled(this.#signal)
      const [blocks, rest] = [Math.floor(n / full), n % full]
      if (blocks > 0) sum += await this.#sum(inputs, X.subarray(0, blocks * full * columns), full, blocks)
      if (rest > 0) sum += await this.#sum(inputs, X.subarray(blocks * full * columns, n * columns), rest, 1)
    }
    return sum / rows
  }

  /** Of the losses of all rows in some blocks. */
  async #sum(inputs: HostArrays, values: Float32Array, block: number, blocks: number): Promise<number> {
    const executor = this.#executors.get(block) ?? (await this.#opened(block, inputs))
    const x = { shape: [blocks, block, this.#rows.columns], values }
    const scalars = Object.entries(this.#scalars).map(
      ([name, value]) => [`scalar/${name}`, { shape: [blocks], values: new Float32Array(blocks).fill(value) }] as const,
    )
    const { loss } = await executor.run({ x, ...Object.fromEntries(scalars) }, blocks)
    return block * (loss.values as Float32Array).reduce((a, b) => a + b, 0)
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

/** Rows of a full block, and how many blocks are judged in one run. */
export function blocksFor(rows: number, columns: number, weights: Weights): { readonly full: number; readonly blocksPerRun: number } {
  const widest = Math.max(...Object.values(weights).flatMap(({ shape }) => shape))
  const most = rowsOfBlock(columns, widest > wideFrom ? mostRowsWide : mostRows)
  const full = Math.ceil(rows / Math.ceil(rows / most))
  const workPerBlock = full * Object.values(weights).reduce((sum, { values }) => sum + values.length, 0)
  return { full, blocksPerRun: Math.max(1, Math.floor(Math.min(mostBlocks, rowsOfBlock(columns) / full, workAtOnce / workPerBlock))) }
}

/** Far enough for every warm-up to have ended. */
const lastStep = 2 ** 30
