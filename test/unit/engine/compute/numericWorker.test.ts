import { describe, expect, test } from 'vitest'
import { cancelled } from '#common/errors.ts'
import { compile } from '#engine/compute/compile.ts'
import { endWorkers, NumericWorker } from '#engine/compute/numericWorker.ts'
import { exp, matMul, mul, sum, type Tensor2D } from '#engine/compute/tfjs.ts'
import { trace } from '#engine/compute/trace/trace.ts'
import { aliveThreads } from '../../../helpers/aliveThreads.ts'

const spec = (n: number) => ({ state: {}, inputs: { x: { shape: [n, 1], dtype: 'float32' } }, scan: {} }) as const
const zeros = (n: number) => ({ x: { shape: [n, 1], values: new Float32Array(n) } })
const twice = compile(trace('twice', spec(2), ({ inputs }) => ({ state: {}, out: { y: mul(inputs.x, 2) } })))

const threads = aliveThreads()

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
    const n = 1500
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
    await endWorkers()
  })
})

describe('the thread of a worker that is closed', () => {
  /** How many threads were started for it. */
  async function started(use: (worker: NumericWorker) => Promise<unknown>): Promise<number> {
    const before = threads.started
    const worker = new NumericWorker()
    await use(worker)
    await worker.close()
    return threads.started - before
  }
  const double = async (worker: NumericWorker, n: number): Promise<void> => {
    const executor = await worker.open(compile(trace('twice', spec(n), ({ inputs }) => ({ state: {}, out: { y: mul(inputs.x, 2) } }))), 1)
    await executor.load({ inputs: zeros(n) })
    expect((await executor.run({}, 1)).y.values).toHaveLength(n)
  }

  test('works for the next one, where nothing of the last is open', async () => {
    await endWorkers()
    expect(await started((worker) => double(worker, 2))).toBe(1)
    expect(
      await started(async (worker) => {
        const executor = await worker.open(twice, 1)
        await expect(executor.run({}, 1)).rejects.toThrow("inputs 'x' was not given")
      }),
    ).toBe(0)
  })

  test('ends where something failed, or where it was given much', async () => {
    expect(await started((worker) => double(worker, 2 ** 24))).toBe(1)
    expect(await started((worker) => double(worker, 2))).toBe(1)
    expect(await started((worker) => double(worker, 2))).toBe(0)
  })

  test('closed twice at once, it works for one', async () => {
    const worker = new NumericWorker()
    await Promise.all([worker.close(), worker.close()])
    const both = [new NumericWorker(), new NumericWorker()]
    await Promise.all(both.map((one) => double(one, 2)))
    await Promise.all(both.map((one) => one.close()))
  })

  test('waits for a while and no longer', async () => {
    await endWorkers()
    expect(threads.alive).toBe(0)
  })
})
