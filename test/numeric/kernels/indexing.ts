import { randomUniform } from '#engine/compute/random/kernel.ts'
import * as tf from '#engine/compute/tfjs.ts'
import { integers, numbersBetween } from '../../helpers/programs.ts'
import { type Case, type Cases, x } from './case.ts'

const taken = (size: readonly number[], index: number[], indexShape: number[], axis: number, batchDims = 0): Case => ({
  inputs: { x: numbersBetween(-1, 1, size), i: integers(index, indexShape) },
  f: ({ x: v, i }) => tf.square(tf.gather(v, i, axis, batchDims)),
  by: ['x'],
})
const pairs = integers([0, 1, 2, 3, 0, 1], [3, 2])

export const indexingCases: Cases = {
  GatherV2: taken([3, 4], [2, 0, 2, 1], [4], 0),
  'GatherV2, along the last axis': taken([3, 4], [3, 0, 3], [3], 1),
  'GatherV2, by a matrix along the middle': taken([2, 3, 4], [2, 0, 2, 1, 1, 1], [2, 3], 1),
  'GatherV2, row by row': taken([3, 4], [3, 0, 3, 1, 1, 2], [3, 2], 1, 1),
  'GatherV2, row by row behind an axis': taken([2, 3, 4, 2], [3, 0, 3, 1, 1, 2], [2, 3], 2, 1),
  'GatherV2, with two axes in common': taken([2, 2, 3], [2, 0, 1, 1, 2, 2, 0, 1], [2, 2, 2], 2, 2),
  GatherNd: { inputs: { ...x(), i: pairs }, f: ({ x: v, i }) => tf.square(tf.gatherND(v, i)), by: ['x'] },
  'GatherNd, of rows': {
    inputs: { ...x(), i: integers([2, 0, 2], [3, 1]) },
    f: ({ x: v, i }) => tf.square(tf.gatherND(v, i)),
    by: ['x'],
  },
  ScatterNd: {
    inputs: { x: numbersBetween(-1, 1, [3]), i: pairs },
    f: ({ x: v, i }) => tf.square(tf.scatterND(i, v, [3, 4])),
    by: ['x'],
  },
  UnsortedSegmentSum: {
    inputs: { ...x(), i: integers([1, 0, 1]) },
    f: ({ x: v, i }) => tf.square(tf.unsortedSegmentSum(v, i as tf.Tensor1D, 2)),
    by: ['x'],
  },
  OneHot: { inputs: { i: integers([1, 0, 2]) }, f: ({ i }) => tf.cast(tf.oneHot(i, 3, 2, -1), 'float32'), by: [] },
  CounterUniform: {
    inputs: { key: integers([12345], []) },
    f: ({ key }) => randomUniform(key as tf.Scalar, [1000], 'site'),
    by: [],
    tolerance: 0,
  },
}
