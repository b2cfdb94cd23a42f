import * as tf from '#engine/compute/tfjs.ts'
import { numbersBetween } from '../../helpers/programs.ts'
import type { Case, Cases, T4 } from './case.ts'

type Pad = 'same' | 'valid'
const pool = (f: typeof tf.maxPool, size: number, strides: number, pad: Pad): Case => ({
  // Apart from one another, so that a difference step does not change which is the largest.
  inputs: { x: spaced([2, 5, 6, 2]) },
  f: ({ x }) => f(x as T4, size, strides, pad),
  by: ['x'],
})

/** All numbers differ by at least 0.1. */
function spaced(shape: readonly number[]) {
  const { values } = numbersBetween(0, 1, shape)
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b])
  const ranks = new Float32Array(values.length)
  for (const [rank, i] of order.entries()) ranks[i] = 0.1 * rank - 3
  return { shape, values: ranks }
}

export const poolingCases: Cases = {
  MaxPool: pool(tf.maxPool, 2, 2, 'valid'),
  'MaxPool, overlapping': pool(tf.maxPool, 3, 1, 'same'),
  MaxPoolGrad: pool(tf.maxPool, 3, 2, 'same'),
  AvgPool: pool(tf.avgPool, 2, 2, 'valid'),
  'AvgPool, overlapping': pool(tf.avgPool, 3, 1, 'same'),
  AvgPoolGrad: pool(tf.avgPool, 3, 2, 'same'),
}
