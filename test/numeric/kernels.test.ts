/** Every kernel that can be traced: its value against TensorFlow.js's own, its gradient against central differences. */
import { describe, expect, test } from 'vitest'
import * as tf from '#engine/compute/tfjs.ts'
import type { HostArrays, TensorMap } from '#engine/compute/step.ts'
import { sparseKernels } from '#engine/compute/sparse/trace.ts'
import { kernels } from '#engine/compute/trace/kernels.ts'
import { evaluateBoth, largestDifference, numbersBetween } from '../helpers/programs.ts'
import { type Cases, kernelOf } from './kernels/case.ts'
import { convolutionCases } from './kernels/convolution.ts'
import { elementwiseCases } from './kernels/elementwise.ts'
import { indexingCases } from './kernels/indexing.ts'
import { movementCases } from './kernels/movement.ts'
import { poolingCases } from './kernels/pooling.ts'
import { productCases } from './kernels/products.ts'
import { reductionCases } from './kernels/reductions.ts'

const cases: Cases = {
  ...elementwiseCases,
  ...reductionCases,
  ...movementCases,
  ...indexingCases,
  ...productCases,
  ...convolutionCases,
  ...poolingCases,
}

const noise = (n: number) => numbersBetween(0.5, 1.5, [n], 'weights').values

describe('kernels', () => {
  test('all of the table are here', () => {
    const here = new Set([...Object.keys(cases).map(kernelOf), ...Object.keys(sparseKernels)]) // those in sparse.test.ts
    expect([...here].sort()).toEqual(Object.keys(kernels).sort())
  })

  test.each(Object.entries(cases))('%s has the same value compiled', async (_, { inputs, f, tolerance = 1e-6 }) => {
    const { compiled, eager } = await evaluateBoth(inputs, (given) => ({ y: f(given) }))
    expect(compiled.y.shape).toEqual(eager.y.shape)
    expect(largestDifference(compiled.y.values, eager.y.values)).toBeLessThanOrEqual(tolerance)
  })

  test.each(Object.entries(cases).filter(([, { by }]) => by.length > 0))(
    '%s has the gradient of central differences',
    async (_, { inputs, f, by }) => {
      // Weighted, so that every element of the result has a gradient of its own.
      const weighted = (given: TensorMap): tf.Scalar => {
        const y = f(given)
        return tf.sum(tf.mul(y, tf.reshape(tf.tensor1d(noise(y.size)), y.shape)))
      }
      const gradients = (given: TensorMap): TensorMap => {
        const dx = tf.grads((...values: tf.Tensor[]) =>
          weighted({ ...given, ...Object.fromEntries(by.map((name, i) => [name, values[i]])) }),
        )(by.map((name) => given[name]))
        return Object.fromEntries(by.map((name, i) => [name, dx[i]]))
      }
      const { compiled, eager } = await evaluateBoth(inputs, gradients)
      for (const name of by) {
        expect(largestDifference(compiled[name].values, eager[name].values)).toBeLessThan(3e-6)
        expect(largestDifference(eager[name].values, differences(inputs, name, weighted))).toBeLessThan(5e-3)
      }
    },
  )
})

/** [f(x + h) − f(x − h)] / 2h for each element; h is large because f is computed in float32. */
function differences(inputs: HostArrays, name: string, f: (given: TensorMap) => tf.Scalar): number[] {
  const h = 1e-2
  tf.setBackend('cpu')
  const at = (i: number, step: number): number =>
    tf.tidy(() => {
      const tensors = Object.fromEntries(
        Object.entries(inputs).map(([key, { shape: s, values }]) => {
          const moved = values.slice()
          if (key === name) moved[i] += step
          return [key, tf.tensor(moved, [...s], values instanceof Float32Array ? 'float32' : 'int32')]
        }),
      )
      return f(tensors).dataSync()[0]
    })
  return Array.from(inputs[name].values, (_, i) => (at(i, h) - at(i, -h)) / (2 * h))
}
