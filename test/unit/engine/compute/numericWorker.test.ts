import { describe, expect, test } from 'vitest'
import { cancelled } from '#common/errors.ts'
import { compile } from '#engine/compute/compile.ts'
import { abandonedWorkers, NumericWorker } from '#engine/compute/numericWorker.ts'
import { exp, matMul, mul, sum, type Tensor2D } from '#engine/compute/tfjs.ts'
import { trace } from '#engine/compute/trace/trace.ts'

const spec = (n: number) => ({ state: {}, inputs: { x: { shape: [n, 1], dtype: 'float32' } }, scan: {} }) as const
const zeros = (n: number) => ({ x: { shape: [n, 1], values: new Float32Array(n) } })
const twice = compile(trace('twice', spec(2), ({ inputs }) => ({ state: {}, out: { y: mul(inputs.x, 2) } })))

describe('a numeric worker', () => {
  test('says that memory is short, and goes on', async () => {
    const n = 2 ** 20
    const square = ({ inputs }: { inputs: Readonly<Record<string, unknown>> }) => ({
      state: {},
      out: { y: sum(exp(matMul(inputs.x as Tensor2D, inputs.x as Tensor2D, false, true))) },
    })
    const worker = new NumericWorker()
    try {
      const large = await worker.open(compile(trace('large', spec(n), square)), 1)
      await large.load({ inputs: zeros(n) })
      // n² numbers of four bytes
      await expect(large.run({}, 1)).rejects.toMatchObject({ code: 'MEMORY_EXCEEDED', where: { bytes: 4 * n * n } })
      const small = await worker.open(twice, 1)
      await small.load({ inputs: { x: { shape: [2, 1], values: Float32Array.of(1, 2) } } })
      expect(Array.from((await small.run({}, 1)).y.values)).toEqual([2, 4])
    } finally {
      await worker.close()
    }
  })

  test('names what was not given', async () => {
    const worker = new NumericWorker()
    const executor = await worker.open(twice, 1)
    await expect(executor.run({}, 1)).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining("inputs 'x' was not given"),
    })
    await worker.close()
  })

  test('that has ended can be closed again, and so can what ran on it; nothing else goes on', async () => {
    const worker = new NumericWorker()
    const executor = await worker.open(twice, 1)
    await executor.load({ inputs: zeros(2) })
    const running = executor.run({}, 1)
    await worker.close()
    expect((await running).y.values).toHaveLength(2)
    await worker.close()
    await executor.close()
    await expect(executor.run({}, 1)).rejects.toMatchObject({ code: 'INTERNAL' })
    await expect(worker.open(twice, 1)).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  test('that is abandoned answers at once, and its thread ends after the run in progress', async () => {
    const n = 3000
    const spec = { state: {}, inputs: { x: { shape: [n, n], dtype: 'float32' } }, scan: {} } as const
    const product = ({ inputs }: { inputs: Readonly<Record<string, unknown>> }) => ({
      state: {},
      out: { y: sum(matMul(inputs.x as Tensor2D, inputs.x as Tensor2D)) },
    })
    const worker = new NumericWorker()
    const executor = await worker.open(compile(trace('product', spec, product)), 1)
    await executor.load({ inputs: { x: { shape: [n, n], values: new Float32Array(n * n) } } })
    let isRunning = true
    const running = executor.run({}, 4).finally(() => {
      isRunning = false
    })
    worker.abandon(cancelled())
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(isRunning).toBe(false)
    await expect(executor.state()).rejects.toMatchObject({ code: 'CANCELLED' })
    await executor.close()
    await worker.close()
    worker.abandon(cancelled())
    await abandonedWorkers()
  })
})
