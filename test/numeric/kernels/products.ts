import * as tf from '#engine/compute/tfjs.ts'
import { numbersBetween } from '../../helpers/programs.ts'
import type { Case, Cases } from './case.ts'

const product = (aShape: number[], bShape: number[], transposeA: boolean, transposeB: boolean): Case => ({
  inputs: { a: numbersBetween(-1, 1, aShape, 'a'), b: numbersBetween(-1, 1, bShape, 'b') },
  f: ({ a, b }) => tf.matMul(a, b, transposeA, transposeB),
  by: ['a', 'b'],
})
const fusedInputs = {
  a: numbersBetween(-1, 1, [3, 5], 'a'),
  b: numbersBetween(-1, 1, [5, 4], 'b'),
  bias: numbersBetween(-1, 1, [4], 'bias'),
}
const fused = (activation: 'relu' | 'elu' | 'sigmoid' | 'relu6' | 'leakyrelu'): Case => ({
  inputs: fusedInputs,
  f: ({ a, b, bias }) => tf.fused.matMul({ a, b, bias, activation, leakyreluAlpha: 0.1 }),
  by: [],
})

export const productCases: Cases = {
  BatchMatMul: product([2, 3, 4], [2, 5, 4], false, true),
  'BatchMatMul, of matrices': product([3, 4], [4, 5], false, false),
  'BatchMatMul, both transposed': product([4, 3], [5, 4], true, true),
  'BatchMatMul, repeated over the batch': product([2, 4, 3], [1, 4, 5], true, false),
  _FusedMatMul: fused('relu'),
  '_FusedMatMul, elu': fused('elu'),
  '_FusedMatMul, sigmoid': fused('sigmoid'),
  '_FusedMatMul, relu6': fused('relu6'),
  '_FusedMatMul, leakyrelu': fused('leakyrelu'),
  FusedBatchNorm: {
    inputs: {
      x: numbersBetween(-1, 1, [2, 2, 2, 3]),
      mean: numbersBetween(-1, 1, [3], 'mean'),
      variance: numbersBetween(0.5, 2, [3], 'variance'),
      offset: numbersBetween(-1, 1, [3], 'offset'),
      scale: numbersBetween(0.5, 2, [3], 'scale'),
    },
    f: ({ x, mean, variance, offset, scale }) =>
      tf.batchNorm(x as tf.Tensor4D, mean as tf.Tensor1D, variance as tf.Tensor1D, offset as tf.Tensor1D, scale as tf.Tensor1D, 1e-3),
    by: ['x', 'mean', 'variance', 'offset', 'scale'],
  },
  'FusedBatchNorm, with the batch’s own statistics': {
    inputs: { x: numbersBetween(-1, 1, [6, 3]) },
    f: ({ x }) => {
      const { mean, variance } = tf.moments(x, 0)
      return tf.batchNorm(x as tf.Tensor2D, mean as tf.Tensor1D, variance as tf.Tensor1D, tf.zeros([3]), tf.ones([3]), 1e-2)
    },
    by: ['x'],
  },
}
