/** Gradients of kernels that move numbers about: the same movement backwards, and sums where one went to several places. */
import {
  concat,
  pad,
  registerGradient,
  reshape,
  reverse,
  slice,
  slice_util,
  split,
  stack,
  sum,
  type Tensor,
  transpose,
  unstack,
} from '@tensorflow/tfjs-core'
import { axesOf, define, ofInput } from './define.ts'

ofInput('Reshape', (dy, x) => reshape(dy, x.shape))
define('ExpandDims', { inputsToSave: ['input'] }, (dy, [x]) => ({ input: () => reshape(dy, x.shape) }))
define('Transpose', {}, (dy, _, { perm }) => {
  const inverse = (perm as number[]).map((_axis, i) => (perm as number[]).indexOf(i))
  return { x: () => transpose(dy, inverse) }
})
ofInput('Reverse', (dy, _, { dims }) => reverse(dy, dims as number[]))

ofInput('Tile', (dy, x, { reps }) => {
  // [2, 3] tiled [4, 5] is [4, 2, 5, 3] with axes 0 and 2 repeated.
  const apart = reshape(
    dy,
    x.shape.flatMap((n, i) => [(reps as number[])[i], n]),
  )
  return sum(
    apart,
    x.shape.map((_, i) => 2 * i),
  )
})

ofInput('Slice', (dy, x, { begin, size }) => {
  const from = begin as number[]
  return pad(
    dy,
    from.map((start, i) => [start, x.shape[i] - start - resolved((size as number[])[i], x.shape[i], start)] as [number, number]),
  )
})
const resolved = (size: number, n: number, start: number): number => (size === -1 ? n - start : size)

ofInput('StridedSlice', (dy, x, a) => {
  const masks = [a.beginMask, a.endMask, a.ellipsisMask, a.newAxisMask, a.shrinkAxisMask] as [number, number, number, number, number]
  const { begin, end, strides } = slice_util.sliceInfo(x.shape, a.begin as number[], a.end as number[], a.strides as number[], ...masks)
  const taken = slice_util.computeOutShape(begin, end, strides)
  return strides.reduce((g, step, axis) => spaced(g, axis, x.shape[axis], begin[axis], step), reshape(dy, taken))
})

/** Zeros of length n along the axis with the elements of dy at start, start + step, … */
function spaced(dy: Tensor, axis: number, n: number, start: number, step: number): Tensor {
  const count = dy.shape[axis]
  const first = step < 0 ? start + (count - 1) * step : start
  const [forwards, gap] = [step < 0 ? reverse(dy, axis) : dy, Math.abs(step)]
  const on = (shape: number[], size: number): number[] => [...shape.slice(0, axis), size, ...shape.slice(axis + 1)]
  const around = (x: Tensor, along: number, before: number, after: number): Tensor =>
    pad(
      x,
      x.shape.map((_, i) => (i === along ? [before, after] : [0, 0])),
    )
  // Each element with gap − 1 zeros behind it, the last ones cut off.
  const apart = reshape(forwards, [...dy.shape.slice(0, axis + 1), 1, ...dy.shape.slice(axis + 1)])
  const wide = gap === 1 ? forwards : reshape(around(apart, axis + 1, 0, gap - 1), on(dy.shape, count * gap))
  const length = (count - 1) * gap + 1
  const zeros = dy.shape.map(() => 0)
  return around(slice(wide, zeros, on(dy.shape, length)), axis, first, n - first - length)
}

ofInput('PadV2', (dy, x, { paddings }) =>
  slice(
    dy,
    (paddings as [number, number][]).map(([before]) => before),
    x.shape,
  ),
)

registerGradient({
  kernelName: 'Concat',
  saveAllInputs: true,
  gradFunc: (dy, saved, { axis }) => {
    const along = axesOf(axis, saved[0].rank)[0]
    const parts = split(
      dy as Tensor,
      saved.map((x) => x.shape[along]),
      along,
    )
    return Object.fromEntries(parts.map((part, i) => [i, () => part]))
  },
})
registerGradient({
  kernelName: 'SplitV',
  gradFunc: (dys, _, { axis }) => ({ x: () => concat(dys as Tensor[], axis as unknown as number) }),
})
registerGradient({
  kernelName: 'Pack',
  saveAllInputs: true,
  gradFunc: (dy, _, { axis }) => Object.fromEntries(unstack(dy as Tensor, axis as unknown as number).map((part, i) => [i, () => part])),
})
registerGradient({
  kernelName: 'Unpack',
  gradFunc: (dys, _, { axis }) => ({ value: () => stack(dys as Tensor[], axis as unknown as number) }),
})

/** [B, s·H, s·W, C] back to [B, H, W, s·s·C]. */
ofInput('DepthToSpace', (dy, x, { blockSize }) => {
  const s = blockSize as number
  const [batch, height, width, depth] = x.shape
  const apart = reshape(dy, [batch, height, s, width, s, depth / (s * s)])
  return reshape(transpose(apart, [0, 1, 3, 2, 4, 5]), x.shape)
})

/** Enlarged a whole number of times: the sum of every pixel's copies. */
define('ResizeNearestNeighbor', { inputsToSave: ['images'] }, (dy, [images], { size, alignCorners }) => {
  const [batch, height, width, channels] = images.shape
  const [tall, wide] = (size as [number, number]).map((n, i) => n / images.shape[i + 1])
  if (alignCorners || !Number.isInteger(tall) || !Number.isInteger(wide))
    throw new Error('resizing has a gradient only for whole factors without aligned corners')
  return { images: () => sum(reshape(dy, [batch, height, tall, width, wide, channels]), [2, 4]) }
})
