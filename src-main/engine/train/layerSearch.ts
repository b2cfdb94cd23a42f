/** Which layer is not finite at a step where the loss is not. */
import { compile } from '../compute/compile.ts'
import type { NumericWorker } from '../compute/numericWorker.ts'
import type { HostArray, HostArrays } from '../compute/step.ts'
import type { Stage, Weights } from '../models/define.ts'
import { notFinite } from './guards.ts'
import type { Shard } from './rowSource.ts'
import { prefixed, traceLayers } from './trainingStep.ts'

/** A stage as it is before a step, and what the step reads. */
export interface StepBefore {
  readonly title: string
  readonly stage: Stage
  readonly trained: Weights
  readonly frozen: Weights
  readonly buffers: HostArrays
  /** The rows of the step, [batch, D]. */
  readonly x: HostArray
  /** 'key' and 'scalar/…' of this one step. */
  readonly scan: HostArrays
}

/**
 * Among the weights the one nearest to where it began; when all of them are finite, the first layer that gives something that is not.
 *
 * @returns  name of a weight or of a layer; null when it is the loss itself
 */
export async function layerNotFinite(before: StepBefore, worker: NumericWorker, threads: number): Promise<string | null> {
  const { title, stage, trained, frozen, buffers, x, scan } = before
  const weight = notFinite(trained).at(-1)
  if (weight !== undefined) return weight
  const inputs = { x, ...prefixed('weights', { ...frozen, ...trained }), ...prefixed('buffer', buffers) }
  const executor = await worker.open(compile(traceLayers(title, stage, inputs)), threads)
  try {
    await executor.load({ inputs })
    const sums = await executor.run(scan, 1)
    return Object.keys(sums).find((name) => name !== 'loss' && !Number.isFinite(sums[name].values[0])) ?? null
  } finally {
    await executor.close()
  }
}

/** The rows of one step, gathered. */
export function rowsOfStep(shard: Shard, step: number): HostArray {
  const d = shard.x.shape[1]
  const rows = shard.rowsOf(step, 1)
  const values = new Float32Array(rows.length * d)
  for (const [i, row] of rows.entries()) values.set(shard.x.values.subarray(row * d, (row + 1) * d), i * d)
  return { shape: [rows.length, d], values }
}
