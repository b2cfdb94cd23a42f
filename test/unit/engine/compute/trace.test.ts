import { describe, expect, test } from 'vitest'
import { emit } from '#engine/compute/emit/emit.ts'
import { NumericWorker } from '#engine/compute/numericWorker.ts'
import { trace } from '#engine/compute/trace/trace.ts'
import * as tf from '#engine/compute/tfjs.ts'
import { listDevices } from '#engine/compute/devices.ts'
import { integers, runBoth } from '../../../helpers/programs.ts'

const f32 = (...shape: number[]) => ({ shape, dtype: 'float32' }) as const
const none = { state: {}, inputs: {}, scan: {} }
const floats = (...values: number[]) => ({ shape: [values.length], values: Float32Array.from(values) })

describe('a traced step', () => {
  test('carries state, reads scans row by row and stacks what it puts out', async () => {
    const spec = { state: { total: f32(2) }, inputs: { weight: f32(2) }, scan: { x: f32(2), pick: { shape: [], dtype: 'int32' } } } as const
    const { compiled, eager } = await runBoth(
      spec,
      ({ state, inputs, scan }) => {
        const total = tf.add(state.total, tf.mul(inputs.weight, scan.x))
        return {
          state: { total },
          out: { sum: tf.sum(total), picked: tf.gather(total as tf.Tensor1D, tf.reshape(scan.pick, [1]) as tf.Tensor1D) },
        }
      },
      {
        state: { total: floats(1, 1) },
        inputs: { weight: floats(1, 10) },
        scan: { x: { shape: [3, 2], values: Float32Array.of(1, 2, 3, 4, 5, 6) }, pick: integers([0, 1, 0]) },
      },
      3,
    )
    // totals: (2, 21) (5, 61) (10, 121)
    expect(Array.from(compiled.state.total.values)).toEqual([10, 121])
    expect(Array.from(compiled.out.sum.values)).toEqual([23, 66, 131])
    expect(Array.from(compiled.out.picked.values)).toEqual([2, 61, 10])
    expect(compiled.out.picked.shape).toEqual([3, 1])
    expect(eager.out).toEqual(compiled.out)
  })

  test('may hand state through unchanged and give one value two names', async () => {
    const { compiled } = await runBoth(
      { ...none, state: { a: f32(2) } },
      ({ state }) => ({ state, out: { one: state.a, two: state.a } }),
      { state: { a: floats(3, 4) }, inputs: {}, scan: {} },
      2,
    )
    expect(Array.from(compiled.state.a.values)).toEqual([3, 4])
    expect(Array.from(compiled.out.two.values)).toEqual([3, 4, 3, 4])
  })

  test('names the operation and the model when there is no rule for a kernel', () => {
    expect(() =>
      trace('my model', { ...none, inputs: { x: f32(4) } }, ({ inputs }) => ({ state: {}, out: { y: tf.cumprod(inputs.x) } })),
    ).toThrow('my model: the operation Cumprod cannot be compiled')
  })

  test('refuses to depend on values', () => {
    expect(() =>
      trace('m', { ...none, inputs: { x: f32(1) } }, ({ inputs }) => ({
        state: {},
        out: { y: inputs.x.dataSync()[0] > 0 ? inputs.x : tf.neg(inputs.x) },
      })),
    ).toThrow('a value (of Parameter x) was read')
  })

  test('refuses tensors from outside, missing state and state of another shape', () => {
    const outside = tf.tensor1d([1, 2])
    expect(() =>
      trace('m', { ...none, inputs: { x: f32(2) } }, ({ inputs }) => ({ state: {}, out: { y: tf.add(inputs.x, outside) } })),
    ).toThrow('made outside the step')
    expect(() => trace('m', { ...none, state: { a: f32(2) } }, () => ({ state: {}, out: {} }))).toThrow("does not return the state 'a'")
    expect(() => trace('m', { ...none, state: { a: f32(2) } }, ({ state }) => ({ state: { a: tf.sum(state.a) }, out: {} }))).toThrow(
      "state 'a' is float32[2] but returns as float32[]",
    )
  })

  test('leaves the backend as it was, also after a failure', () => {
    const before = tf.getBackend()
    expect(() =>
      trace('m', none, () => {
        throw new Error('no')
      }),
    ).toThrow('m: no')
    expect(tf.getBackend()).toBe(before)
  })
})

describe('the numeric worker', () => {
  const doubled = emit(
    trace('doubled', { ...none, inputs: { x: f32(2) } }, ({ inputs }) => ({ state: {}, out: { y: tf.mul(2, inputs.x) } })),
    'once',
  )

  test('runs programs, keeps inputs until others come, and leaves the caller its arrays', async () => {
    const worker = new NumericWorker()
    const executor = await worker.open(doubled, 1)
    const inputs = { x: floats(1, 2) }
    await executor.load({ inputs })
    expect(Array.from((await executor.run({}, 1)).y.values)).toEqual([2, 4])
    expect(Array.from((await executor.run({}, 1)).y.values)).toEqual([2, 4])
    expect(Array.from(inputs.x.values)).toEqual([1, 2])
    await executor.load({ inputs: { x: floats(5, 6) } })
    expect(Array.from((await executor.run({}, 1)).y.values)).toEqual([10, 12])
    await executor.close()
    await worker.close()
    await worker.close()
  })

  test('answers with an error when a program is broken or a session is closed, and goes on', async () => {
    const worker = new NumericWorker()
    await expect(worker.open({ ...doubled, bytes: Uint8Array.of(1, 2, 3) }, 1)).rejects.toMatchObject({ code: 'INTERNAL' })
    const executor = await worker.open(doubled, 1)
    await executor.close()
    await expect(executor.run({}, 1)).rejects.toThrow('closed')
    expect((await worker.open(doubled, 1)).name).toBe('ONNX Runtime, CPU')
    await worker.close()
    await expect(worker.open(doubled, 1)).rejects.toMatchObject({ code: 'INTERNAL' })
  })
})

test('the device list has a processor, and says of everything else why it is absent', async () => {
  const devices = await listDevices()
  expect(devices[0]).toMatchObject({ id: 'cpu', available: true })
  for (const { available, reason } of devices) {
    expect(reason.length).toBeGreaterThan(20)
    if (!available) expect(reason).not.toBe('')
  }
})
