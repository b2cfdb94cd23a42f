import * as tf from '#engine/compute/tfjs.ts'
import { numbersBetween } from '../../helpers/programs.ts'
import { ab, type Case, type Cases, shape, type T4, unary, x } from './case.ts'

const image = (f: (x: T4) => tf.Tensor, size: readonly number[], by = ['x']): Case => ({
  inputs: { x: numbersBetween(-1, 1, size) },
  f: ({ x: v }) => f(v as T4),
  by,
})

export const movementCases: Cases = {
  ZerosLike: unary((v) => tf.add(v, tf.zerosLike(v))),
  OnesLike: unary((v) => tf.mul(v, tf.onesLike(v))),
  Fill: unary((v) => tf.mul(v, tf.fill(shape, 3))),
  Range: unary((v) => tf.mul(v, tf.range(1, 3, 0.5))),
  LinSpace: unary((v) => tf.mul(v, tf.linspace(-1, 2, 4))),

  Reshape: unary((v) => tf.mul(tf.reshape(v, [2, -1]), tf.reshape(v, [2, 6]))),
  ExpandDims: unary((v) => tf.square(tf.expandDims(v, 1))),
  Transpose: unary((v) => tf.square(tf.transpose(v))),
  Tile: unary((v) => tf.square(tf.tile(v, [2, 3]))),
  Concat: { inputs: ab(), f: ({ a, b }) => tf.square(tf.concat([a, tf.reshape(b, [1, 4])], 0)), by: ['a', 'b'] },
  Pack: {
    inputs: { ...x(), y: numbersBetween(-1, 1, shape, 'y') },
    f: ({ x: v, y }) => tf.square(tf.stack([v, y], 1)),
    by: ['x', 'y'],
  },
  SplitV: unary((v) => {
    const [a, b] = tf.split(v, [1, 3], 1)
    return tf.mul(a, b)
  }),
  'SplitV, of which one part is used': unary((v) => tf.square(tf.split(v, 2, 1)[1])),
  Unpack: unary((v) => {
    const [a, b, c] = tf.unstack(v)
    return tf.add(tf.mul(a, b), c)
  }),
  Slice: unary((v) => tf.square(tf.slice(v, [1, 0], [2, 3]))),
  StridedSlice: unary((v) => tf.square(tf.stridedSlice(v, [0, 3], [3, 0], [2, -2]))),
  'StridedSlice, from the first to the last': unary((v) => tf.square(tf.stridedSlice(v, [1, 1], [1, 1], [1, 3], 2, 3))),
  Reverse: unary((v) => tf.mul(v, tf.reverse(v, 1))),
  PadV2: unary((v) =>
    tf.square(
      tf.pad(
        v,
        [
          [1, 0],
          [2, 1],
        ],
        0.5,
      ),
    ),
  ),
  MirrorPad: unary(
    (v) =>
      tf.mirrorPad(
        v,
        [
          [1, 2],
          [0, 3],
        ],
        'reflect',
      ),
    -2,
    2,
    [],
  ),
  'MirrorPad, with its edges': unary(
    (v) =>
      tf.mirrorPad(
        v,
        [
          [1, 2],
          [0, 3],
        ],
        'symmetric',
      ),
    -2,
    2,
    [],
  ),
  DepthToSpace: image((v) => tf.square(tf.depthToSpace(v, 2)), [2, 3, 2, 8]),
  ResizeNearestNeighbor: image((v) => tf.square(tf.image.resizeNearestNeighbor(v, [6, 4])), [2, 3, 2, 2]),
  'ResizeNearestNeighbor, smaller': image((v) => tf.image.resizeNearestNeighbor(v, [3, 5]), [1, 7, 4, 2], []),
  'ResizeNearestNeighbor, half pixels': image((v) => tf.image.resizeNearestNeighbor(v, [5, 3], false, true), [1, 3, 4, 1], []),
  'ResizeNearestNeighbor, corners aligned': image((v) => tf.image.resizeNearestNeighbor(v, [5, 3], true), [1, 3, 4, 1], []),
}
