/** Kernels that make numbers or move them about, without computing. */
import { slice_util } from '@tensorflow/tfjs-core'
import type { Graph } from '../../graph/graph.ts'
import { type Dtype, type Node, type Shape, sizeOf, valuesOf } from '../../graph/node.ts'
import { axesOf, type KernelRule, type KernelTable, pick, slice, transpose } from './rule.ts'

/** Along an axis of size one a tile is a broadcast, which is free. */
const tile: KernelRule = (g, { x }, { reps }) => {
  const repeats = reps as readonly number[]
  const shape: Shape = x.shape.map((n, i) => n * repeats[i])
  return x.shape.every((n, i) => n === 1 || repeats[i] === 1) ? g.broadcast(x, shape) : g.add('Tile', [x], { repeats })
}

const stridedSlice: KernelRule = (g, { x }, a) => {
  const { finalShape, isIdentity, begin, end, strides } = slice_util.sliceInfo(
    [...x.shape],
    a.begin,
    a.end,
    a.strides,
    a.beginMask,
    a.endMask,
    a.ellipsisMask,
    a.newAxisMask,
    a.shrinkAxisMask,
  )
  if (isIdentity) return g.reshape(x, finalShape)
  return g.reshape(slice(g, x, begin, slice_util.computeOutShape(begin, end, strides), strides), finalShape)
}

/** Along every padded axis the rows there are, in a mirrored order. */
const mirrorPad: KernelRule = (g, { x }, { paddings, mode }) => {
  const skip = (mode as string) === 'reflect' ? 1 : 0
  const mirrored = (n: number, before: number, after: number): number[] => [
    ...Array.from({ length: before }, (_, i) => before - 1 - i + skip),
    ...Array.from({ length: n }, (_, i) => i),
    ...Array.from({ length: after }, (_, i) => n - 1 - i - skip),
  ]
  return (paddings as readonly (readonly [number, number])[]).reduce((padded: Node, [before, after], axis) => {
    if (before === 0 && after === 0) return padded
    const rows = mirrored(x.shape[axis], before, after)
    return g.add('Gather', [padded, g.constant(Int32Array.from(rows), [rows.length], 'int32')], { axis })
  }, x)
}

/** [B, H, W, s·s·C] ↔ [B, s·H, s·W, C], channels last. */
const depthToSpace: KernelRule = (g, { x }, { blockSize, dataFormat }) => {
  if ((dataFormat as string) !== 'NHWC') throw new Error(`only channels last ('NHWC') are supported, not ${dataFormat}`)
  const [batch, height, width, depth] = x.shape
  const s = blockSize as number
  const apart = g.reshape(x, [batch, height, width, s, s, depth / (s * s)])
  return g.reshape(transpose(g, apart, [0, 1, 3, 2, 4, 5]), [batch, height * s, width * s, depth / (s * s)])
}

/** Each pixel taken from its nearest: rows picked by a fixed index, then columns. */
const resizeNearestNeighbor: KernelRule = (g, { images }, { size, alignCorners, halfPixelCenters }) => {
  const along = (x: Node, axis: number, to: number): Node => {
    const from = x.shape[axis]
    const scale = alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to
    const nearest = (i: number): number => {
      const at = scale * (i + (halfPixelCenters ? 0.5 : 0))
      return Math.max(0, Math.min(from - 1, alignCorners ? Math.round(at) : Math.floor(at)))
    }
    const index = Int32Array.from({ length: to }, (_, i) => nearest(i))
    return g.add('Gather', [x, g.constant(index, [to], 'int32')], { axis })
  }
  const [height, width] = size as readonly number[]
  return along(along(images, 1, height), 2, width)
}

const reverse: KernelRule = (g, { x }, { dims }) => {
  const axes = axesOf(dims, x.shape.length)
  return slice(
    g,
    x,
    x.shape.map((n, i) => (axes.includes(i) ? n - 1 : 0)),
    x.shape,
    x.shape.map((_, i) => (axes.includes(i) ? -1 : 1)),
  )
}

const split: KernelRule = (g, { x }, { numOrSizeSplits, axis }) => {
  const along = axesOf(axis, x.shape.length)[0]
  const given = numOrSizeSplits as number | readonly number[]
  const sizes = typeof given === 'number' ? Array.from({ length: given }, () => x.shape[along] / given) : given
  return pick(g, g.add('Split', [x], { axis: along, sizes }), sizes.length)
}

const unpack: KernelRule = (g, { value }, { axis }) => {
  const along = axesOf(axis, value.shape.length)[0]
  const shape = value.shape.filter((_, i) => i !== along)
  const many = g.add('Split', [value], { axis: along, sizes: Array.from({ length: value.shape[along] }, () => 1) })
  return pick(g, many, value.shape[along]).map((part) => g.reshape(part, shape))
}

/** start, start + step, …: added up as TensorFlow.js does, so that the bits are the same. */
function sequence(g: Graph, start: number, step: number, count: number, dtype: Dtype): Node {
  const values = valuesOf(dtype, new Array<number>(count).fill(start))
  for (let i = 1; i < count; i++) values[i] = values[i - 1] + step
  return g.constant(values, [count], dtype)
}

export const movementKernels: KernelTable = {
  ZerosLike: (g, { x }) => g.filled(0, x.shape, x.dtype),
  OnesLike: (g, { x }) => g.filled(1, x.shape, x.dtype),
  Fill: (g, _, { shape, value, dtype }) => g.filled(value, shape, (dtype as Dtype | undefined) ?? 'float32'),
  Range: (g, _, { start, stop, step, dtype }) =>
    sequence(g, start, step, Math.max(0, Math.ceil((stop - start) / step)), (dtype as Dtype | undefined) ?? 'float32'),
  LinSpace: (g, _, { start, stop, num }) => sequence(g, start, (stop - start) / (num - 1), num, 'float32'),

  Reshape: (g, { x }, { shape }) => g.reshape(x, resolveShape(shape, sizeOf(x.shape))),
  ExpandDims: (g, { input }, { dim }) => {
    const at = (dim as number) < 0 ? input.shape.length + 1 + (dim as number) : (dim as number)
    return g.reshape(input, [...input.shape.slice(0, at), 1, ...input.shape.slice(at)])
  },
  Transpose: (g, { x }, { perm }) => transpose(g, x, perm),
  Tile: tile,
  Concat: (g, inputs, { axis }) => {
    const parts = Object.values(inputs)
    return g.add('Concat', parts, { axis: axesOf(axis, parts[0].shape.length)[0] })
  },
  Pack: (g, inputs, { axis }) => {
    const stacked = Object.values(inputs).map((x) => g.reshape(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]))
    return g.add('Concat', stacked, { axis })
  },
  SplitV: split,
  Unpack: unpack,
  Slice: (g, { x }, { begin, size }) => {
    const starts = begin as readonly number[]
    return slice(
      g,
      x,
      starts,
      (size as readonly number[]).map((n, i) => (n === -1 ? x.shape[i] - starts[i] : n)),
    )
  },
  StridedSlice: stridedSlice,
  Reverse: reverse,
  PadV2: (g, { x }, { paddings, constantValue }) => {
    const pairs = paddings as readonly (readonly [number, number])[]
    return g.add('Pad', [x], { before: pairs.map(([n]) => n), after: pairs.map(([, n]) => n), value: constantValue })
  },
  MirrorPad: mirrorPad,
  DepthToSpace: depthToSpace,
  ResizeNearestNeighbor: resizeNearestNeighbor,
}

function resolveShape(shape: Shape, size: number): Shape {
  const known = shape.reduce((product, n) => (n === -1 ? product : product * n), 1)
  return shape.map((n) => (n === -1 ? size / known : n))
}
