/** What this machine multiplies at best: one large float32 matrix product, so that other figures can be put beside it. */
import { emit } from '#engine/compute/emit/emit.ts'
import { NumericWorker } from '#engine/compute/numericWorker.ts'
import { matMul, slice, type Tensor2D } from '#engine/compute/tfjs.ts'
import { trace } from '#engine/compute/trace/trace.ts'

const n = 1536
const rounds = 6

/** GFLOP/s of [n, n]·[n, n] on `threads` threads, the best of some rounds. */
export async function sgemmPeak(threads: number): Promise<number> {
  const matrix = { shape: [n, n], values: Float32Array.from({ length: n * n }, (_, i) => ((i * 7919) % 1000) / 1000) }
  const spec = { state: {}, inputs: { a: { shape: [n, n], dtype: 'float32' }, b: { shape: [n, n], dtype: 'float32' } }, scan: {} } as const
  const program = trace('sgemm', spec, ({ inputs }) => ({
    state: {},
    out: { y: slice(matMul(inputs.a as Tensor2D, inputs.b as Tensor2D), [0, 0], [1, 1]) },
  }))
  const worker = new NumericWorker()
  const executor = await worker.open(emit(program, 'once'), threads)
  await executor.load({ inputs: { a: matrix, b: { ...matrix } } })
  let seconds = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const started = performance.now()
    await executor.run({}, 1)
    seconds = Math.min(seconds, (performance.now() - started) / 1000)
  }
  await worker.close()
  return (2 * n ** 3) / seconds / 1e9
}
