import * as tf from '#engine/compute/tfjs.ts'
import { numbersBetween } from '../../helpers/programs.ts'
import type { Case, Cases, T4 } from './case.ts'

type Pad = 'same' | 'valid' | number
const conv = (xShape: number[], filterShape: number[], strides: number | [number, number], pad: Pad): Case => ({
  inputs: { x: numbersBetween(-1, 1, xShape), w: numbersBetween(-1, 1, filterShape, 'w') },
  f: ({ x, w }) => tf.conv2d(x as T4, w as T4, strides, pad),
  by: ['x', 'w'],
})
const spread = (xShape: number[], filterShape: number[], out: [number, number, number, number], strides: number, pad: Pad): Case => ({
  inputs: { x: numbersBetween(-1, 1, xShape), w: numbersBetween(-1, 1, filterShape, 'w') },
  f: ({ x, w }) => tf.conv2dTranspose(x as T4, w as T4, out, strides, pad),
  by: ['x', 'w'],
})
const depthwise = (multiplier: number, strides: number, pad: Pad): Case => ({
  inputs: { x: numbersBetween(-1, 1, [2, 5, 6, 3]), w: numbersBetween(-1, 1, [3, 2, 3, multiplier], 'w') },
  f: ({ x, w }) => tf.depthwiseConv2d(x as T4, w as T4, strides, pad),
  by: ['x', 'w'],
})
/** Fused operations fall apart while gradients are taken; evaluated alone they are one kernel. */
const fused = (f: Case['f']): Case => ({
  inputs: { x: numbersBetween(-1, 1, [2, 5, 6, 3]), w: numbersBetween(-1, 1, [3, 3, 3, 2], 'w'), b: numbersBetween(-1, 1, [2], 'b') },
  f,
  by: [],
})

export const convolutionCases: Cases = {
  Conv2D: conv([2, 5, 6, 3], [3, 3, 3, 4], 1, 'same'),
  'Conv2D, strided': conv([2, 7, 6, 2], [3, 3, 2, 3], 2, 'same'),
  'Conv2D, inside only': conv([2, 6, 5, 2], [3, 2, 2, 3], [2, 1], 'valid'),
  'Conv2D, padded by two': conv([1, 4, 5, 2], [3, 3, 2, 2], 2, 2),
  'Conv2D, of one pixel': conv([2, 3, 3, 4], [1, 1, 4, 2], 1, 'same'),
  'Conv2D, even window, one channel': conv([2, 8, 8, 1], [4, 4, 1, 3], 2, 'same'),
  'Conv2D, channels first': {
    inputs: { x: numbersBetween(-1, 1, [2, 3, 5, 6]), w: numbersBetween(-1, 1, [3, 3, 3, 2], 'w') },
    f: ({ x, w }) => tf.conv2d(x as T4, w as T4, 2, 'same', 'NCHW'),
    by: ['x', 'w'],
  },
  'Conv2D, with dilations': {
    inputs: { x: numbersBetween(-1, 1, [2, 7, 6, 2]), w: numbersBetween(-1, 1, [3, 3, 2, 3], 'w') },
    f: ({ x, w }) => tf.conv2d(x as T4, w as T4, 1, 'same', 'NHWC', 2),
    by: [],
  },
  FusedConv2D: fused(({ x, w, b }) =>
    tf.fused.conv2d({ x: x as T4, filter: w as T4, strides: 1, pad: 'same', bias: b, activation: 'relu' }),
  ),
  Conv2DBackpropInput: spread([2, 3, 4, 3], [3, 3, 2, 3], [2, 6, 8, 2], 2, 'same'),
  'Conv2DBackpropInput, odd size': spread([2, 3, 4, 3], [3, 3, 2, 3], [2, 5, 7, 2], 2, 'same'),
  'Conv2DBackpropInput, not strided': spread([2, 4, 4, 3], [3, 3, 2, 3], [2, 4, 4, 2], 1, 'same'),
  'Conv2DBackpropInput, inside only': spread([1, 3, 3, 2], [2, 2, 1, 2], [1, 6, 6, 1], 2, 'valid'),
  Conv2DBackpropFilter: {
    inputs: { x: numbersBetween(-1, 1, [2, 5, 6, 2]), dy: numbersBetween(-1, 1, [2, 3, 3, 3], 'dy') },
    f: ({ x, dy }) =>
      tf
        .engine()
        .runKernel(
          'Conv2DBackpropFilter',
          { x, dy },
          { strides: [2, 2], pad: 'same', dataFormat: 'NHWC', filterShape: [3, 3, 2, 3], dimRoundingMode: undefined as never },
        ),
    by: [],
  },
  DepthwiseConv2dNative: depthwise(1, 1, 'same'),
  'DepthwiseConv2dNative, strided, two filters each': depthwise(2, 2, 'valid'),
  DepthwiseConv2dNativeBackpropInput: depthwise(2, 1, 'same'),
  DepthwiseConv2dNativeBackpropFilter: depthwise(1, 2, 'same'),
  FusedDepthwiseConv2D: {
    inputs: { x: numbersBetween(-1, 1, [2, 5, 6, 3]), w: numbersBetween(-1, 1, [3, 3, 3, 2], 'w'), b: numbersBetween(-1, 1, [6], 'b') },
    f: ({ x, w, b }) => tf.fused.depthwiseConv2d({ x: x as T4, filter: w as T4, strides: 1, pad: 'same', bias: b, activation: 'relu6' }),
    by: [],
  },
}
