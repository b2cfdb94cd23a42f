/** Training a convolutional autoencoder: compiled as eager, and the same bits on any number of threads. */
import { describe, expect, test } from 'vitest'
import { emit } from '#engine/compute/emit/emit.ts'
import { openSession } from '#engine/compute/executors/session.ts'
import { dump } from '#engine/compute/graph/dump.ts'
import { copyOf, type HostArrays, specsOf } from '#engine/compute/step.ts'
import * as tf from '#engine/compute/tfjs.ts'
import { trace } from '#engine/compute/trace/trace.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import { adam } from '#engine/optim/adam.ts'
import { initialState, packingFor, scalarsAt, traceTraining, trainingStep } from '#engine/train/trainingStep.ts'
import { convolutional } from '../helpers/convolutional.ts'
import { largestDifference, numbersBetween, runBoth } from '../helpers/programs.ts'

const options = { optimiser: adam, gradientClip: 1, weightDecay: 0.01 }

/** A stage with everything that a run of `steps` needs. */
function prepared(side: number, filters: readonly number[], batch: number, rows: number, steps: number) {
  const stage = convolutional(side, filters, 8)
  const weights = stage.initialWeights(initialiserOf(1))
  const packing = packingFor(stage, weights, options)
  const state = initialState(stage, packing, weights, adam)
  const inputs: HostArrays = { x: numbersBetween(0, 1, [rows, side * side]) }
  const scalars = Array.from({ length: steps }, (_, t) => scalarsAt(stage, options, 0.003, t, steps))
  const scan: HostArrays = {
    rows: { shape: [steps, batch], values: Int32Array.from({ length: steps * batch }, (_, i) => (i * 7) % rows) },
    key: { shape: [steps], values: new Int32Array(steps) },
    ...Object.fromEntries(
      Object.keys(scalars[0]).map((name) => [name, { shape: [steps], values: Float32Array.from(scalars, (at) => at[name]) }]),
    ),
  }
  return { stage, packing, state, inputs, scan, batch, steps }
}

test('windows that would take too much memory are not made, and values and gradients are the same', async () => {
  const inputs = { x: numbersBetween(-1, 1, [64, 64, 64, 4]), w: numbersBetween(-1, 1, [3, 3, 4, 8], 'w') } // 9.4 million numbers
  const f = (x: tf.Tensor, w: tf.Tensor): tf.Tensor => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same')
  const halves = (x: tf.Tensor, w: tf.Tensor): tf.Tensor => tf.concat(tf.split(x, 2).map((half) => f(half, w)))
  const gradients = (of: typeof f) => tf.grads((...[x, w]: tf.Tensor[]) => tf.sum(tf.square(of(x, w))))
  const program = trace('large', { state: {}, inputs: specsOf(inputs), scan: {} }, ({ inputs: { x, w } }) => {
    const [[dx, dw], [dxHalves, dwHalves]] = [gradients(f)([x, w]), gradients(halves)([x, w])]
    return { state: {}, out: { y: f(x, w), yHalves: halves(x, w), dx, dxHalves, dw, dwHalves } }
  })
  expect(dump(program)).toContain(' Conv(')
  expect(dump(program)).toContain(' Gather(')
  const executor = await openSession(emit(program, 'once'), { threads: 1 })
  await executor.load({ inputs })
  const out = await executor.run({}, 1)
  for (const name of ['y', 'dx', 'dw']) expect(largestDifference(out[name].values, out[`${name}Halves`].values), name).toBeLessThan(3e-5) // sums of 10⁵ products
  await executor.close()
})

describe('a convolutional autoencoder', () => {
  test('trains compiled as it does operation by operation', async () => {
    const { stage, packing, state, inputs, scan, batch, steps } = prepared(9, [4, 9], 6, 20, 20)
    const { spec, step } = trainingStep(stage, packing, state, inputs, batch, options)
    const { compiled, eager } = await runBoth(spec, step, { state, inputs, scan }, steps)
    expect(largestDifference(compiled.out.loss.values, eager.out.loss.values)).toBeLessThan(1e-5)
    expect(eager.out.loss.values[steps - 1]).toBeLessThan(eager.out.loss.values[0])
  })

  test.each([
    [28, [16, 32], 64],
    [28, [8, 72], 16],
    [17, [1, 3, 130], 32],
  ])('of pictures %i wide, with filters %j and %i rows, gives the same bits on 1, 2, 3 and 5 threads', async (side, filters, batch) => {
    const { stage, packing, state, inputs, scan, steps } = prepared(side, filters, batch, 100, 3)
    const program = emit(traceTraining('conv', stage, packing, state, inputs, batch, options), 'loop')
    const ends = []
    for (const threads of [1, 2, 3, 5]) {
      const executor = await openSession({ ...program, largestProduct: Number.POSITIVE_INFINITY }, { threads })
      await executor.load({ state: copyOf(state), inputs })
      const out = await executor.run(copyOf(scan), steps)
      ends.push({ ...(await executor.state()), loss: out.loss })
      await executor.close()
    }
    for (const end of ends) expect(end).toEqual(ends[0])
  })
})
