/**
 * How fast a device multiplies matrices: an honest figure to compare devices by, from the very executors that train. A step is
 * A ← A·B with matrices that do not fit a processor's inner caches; steps are doubled until they take 50 ms.
 */
import { emit } from '../emit/emit.ts'
import { GraphicsFailure, processOf } from '../executors/gpu/graphicsProcess.ts'
import { stepPrograms } from '../executors/gpu/programs.ts'
import { bundledProviders, providerById } from '../executors/gpu/provider.ts'
import { NumericWorker } from '../numericWorker.ts'
import type { Executor } from '../step.ts'
import { matMul, slice, type Tensor2D } from '../tfjs.ts'
import { type Program, trace } from '../trace/trace.ts'

export interface ProbeResult {
  readonly device: string
  /** Thousand million multiplications and additions per second; null when the device could not be measured. */
  readonly gflops: number | null
  /** Processor threads used; null for cards. */
  readonly threads: number | null
  /** Why there is no figure. */
  readonly reason: string | null
}

const enoughMs = 50
/** No card is as slow as that. */
const softwareGflops = 5
const mostSteps = 4096

/** Takes 0.1 to 2 s with the opening. Never throws because of a device. */
export async function probe(device: string, threads: number): Promise<ProbeResult> {
  if (device === 'cpu') return { device, gflops: await onProcessor(threads), threads, reason: null }
  const provider = providerById(device)
  const without = (reason: string): ProbeResult => ({ device, gflops: null, threads: null, reason })
  if (!provider || !bundledProviders().has(device)) return without('ONNX Runtime for this computer comes without it')
  try {
    const onCard = async (size: number): Promise<number> =>
      measured(await processOf(provider).open(stepPrograms(products(size), provider)), size)
    // Small matrices keep no card busy, and large ones keep a driver made of software busy for minutes.
    const small = await onCard(256)
    return { device, gflops: small < softwareGflops ? small : await onCard(1024), threads: null, reason: null }
  } catch (error) {
    if (error instanceof GraphicsFailure) return without(error.reason)
    throw error
  }
}

async function onProcessor(threads: number): Promise<number> {
  const size = 768
  const worker = new NumericWorker()
  try {
    return await measured(await worker.open(emit(products(size), 'loop'), threads), size)
  } finally {
    await worker.close()
  }
}

/** The first run, which compiles and warms up, does not count. */
async function measured(executor: Executor, size: number): Promise<number> {
  const matrix = (at: (i: number, j: number) => number) => ({
    shape: [size, size],
    values: Float32Array.from({ length: size * size }, (_, k) => at(Math.floor(k / size), k % size)),
  })
  try {
    // B swaps neighbouring columns: whatever the number of steps, A stays as large as it is.
    await executor.load({ state: { a: matrix((i, j) => (i + j) % 7) }, inputs: { b: matrix((i, j) => +((i ^ 1) === j)) } })
    await executor.run({}, 1)
    for (let steps = 1; ; steps *= 2) {
      const started = performance.now()
      await executor.run({}, steps)
      const ms = performance.now() - started
      if (ms >= enoughMs || steps >= mostSteps) return (2 * size ** 3 * steps) / (ms * 1e6)
    }
  } finally {
    await executor.close()
  }
}

function products(size: number): Program {
  const square = { shape: [size, size], dtype: 'float32' } as const
  return trace('matrix products', { state: { a: square }, inputs: { b: square }, scan: {} }, ({ state, inputs }) => {
    const a = matMul(state.a as Tensor2D, inputs.b as Tensor2D)
    return { state: { a }, out: { corner: slice(a, [0, 0], [1, 1]) } }
  })
}
