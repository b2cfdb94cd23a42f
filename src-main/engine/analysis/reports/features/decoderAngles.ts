/**
 * How alike the vectors of a dictionary are: the largest cosine of each with another one, on average over all or over a seeded sample.
 * Products run on a numeric worker, some rows of W at a time against all of them.
 */
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { compile } from '../../../compute/compile.ts'
import { NumericWorker } from '../../../compute/numericWorker.ts'
import { cast, equal, matMul, max, mul, range, reshape, sub, type Tensor2D } from '../../../compute/tfjs.ts'
import { trace } from '../../../compute/trace/trace.ts'
import { randomStream, spreadSample } from '../../random.ts'

/** Multiply-adds of all comparisons, some seconds on one thread: all of 10 000 vectors of 300 columns. */
const mostWork = 3e10
/** Numbers of the cosines of one block. */
const numbersAtOnce = 2 ** 22

/**
 * Memory: two copies of W and 32 MB. Vectors of length 0 are left out.
 * @param W     [M × C] row-major
 * @param work  multiply-adds that are allowed
 */
export async function meanMaxCosine(
  W: Float32Array,
  M: number,
  C: number,
  seed: number,
  signal?: AbortSignal,
  work = mostWork,
): Promise<{ cosine: number | null; compared: number }> {
  const unit = unitVectors(W, M, C)
  const n = unit.length / C
  if (n < 2) return { cosine: null, compared: 0 }
  const count = Math.max(1, Math.min(n, Math.floor(work / (n * C))))
  const chosen = spreadSample(n, count, randomStream(seed, 'decoder'))
  const block = Math.max(1, Math.min(256, count, Math.floor(numbersAtOnce / n)))
  const program = trace(
    'angles between decoder vectors',
    {
      state: {},
      inputs: { W: { shape: [n, C], dtype: 'float32' } },
      scan: { v: { shape: [block, C], dtype: 'float32' }, at: { shape: [block], dtype: 'float32' } },
    },
    ({ inputs, scan }) => {
      const cosines = matMul(scan.v as Tensor2D, inputs.W as Tensor2D, false, true)
      // A vector is not compared with itself: 4 is more than two cosines can differ.
      const itself = cast(equal(reshape(scan.at, [block, 1]), reshape(range(0, n), [1, n])), 'float32')
      return { state: {}, out: { largest: max(sub(cosines, mul(4, itself)), 1) } }
    },
  )
  const worker = new NumericWorker()
  try {
    const executor = await worker.open(compile(program), 1)
    await executor.load({ inputs: { W: { shape: [n, C], values: unit } } })
    let sum = 0
    for (let from = 0; from < count; from += block) {
      if (signal) throwIfCancelled(signal)
      const rows = chosen.subarray(from, Math.min(count, from + block))
      const v = new Float32Array(block * C)
      const at = new Float32Array(block).fill(-1)
      for (const [i, row] of rows.entries()) {
        v.set(unit.subarray(row * C, (row + 1) * C), i * C)
        at[i] = row
      }
      const { largest } = await executor.run({ v: { shape: [1, block, C], values: v }, at: { shape: [1, block], values: at } }, 1)
      for (let i = 0; i < rows.length; i++) sum += (largest.values as Float32Array)[i]
    }
    await executor.close()
    return { cosine: sum / count, compared: count }
  } finally {
    await worker.close()
  }
}

/** The vectors of a length, at length one. */
function unitVectors(W: Float32Array, M: number, C: number): Float32Array {
  if (W.length < M * C)
    throw new StratumError('INTERNAL', `${W.length} weights are fewer than ${M} vectors of ${C}.`, 'Send this line to the authors.')
  const unit = new Float32Array(M * C)
  let n = 0
  for (let f = 0; f < M; f++) {
    let squares = 0
    for (let j = f * C; j < (f + 1) * C; j++) squares += W[j] * W[j]
    if (squares === 0) continue
    const scale = 1 / Math.sqrt(squares)
    for (let j = 0; j < C; j++) unit[n * C + j] = W[f * C + j] * scale
    n++
  }
  return unit.subarray(0, n * C)
}
