/**
 * The TensorFlow.js kernels that can be traced, each as graph operations. This table is the whole list: adding a kernel is
 * adding a line here, its gradient in ../gradients.ts, and both to the tests.
 */
import type { Graph } from '../graph/graph.ts'
import { type Dtype, type Node, type Shape, sizeOf } from '../graph/node.ts'
import type { Op } from '../graph/ops.ts'
import { uniformNode } from '../random/graph.ts'
import { orientedProduct } from './orientedProduct.ts'

type Inputs = Readonly<Record<string, Node>>
/** Attributes as tfjs passes them; each rule knows the types of its kernel's. */
type Attrs = Readonly<Record<string, never>>
export type KernelRule = (g: Graph, inputs: Inputs, attrs: Attrs) => Node | Node[]

const unary =
  (op: Op): KernelRule =>
  (g, { x }) =>
    g.add(op, [x])
const binary =
  (op: Op): KernelRule =>
  (g, { a, b }) =>
    g.add(op, [a, b])
const f32 = (g: Graph, value: number): Node => g.scalar(value, 'float32')

const axesOf = (axis: number | readonly number[] | null | undefined, rank: number): number[] =>
  axis === null || axis === undefined ? Array.from({ length: rank }, (_, i) => i) : [axis].flat().map((i) => (i < 0 ? i + rank : i))

const reduce =
  (op: Op): KernelRule =>
  (g, { x }, { axis, reductionIndices, keepDims }) =>
    g.add(op, [x], { axes: axesOf(reductionIndices ?? axis, x.shape.length), keepdims: keepDims ? 1 : 0 })

const pick = (g: Graph, many: Node, count: number): Node[] => Array.from({ length: count }, (_, index) => g.add('Pick', [many], { index }))

const slice = (g: Graph, x: Node, starts: readonly number[], sizes: readonly number[], steps = starts.map(() => 1)): Node =>
  g.add('Slice', [x], { starts, sizes, steps })

/** Matrices become one Gemm; stacks of matrices a MatMul, their transpositions spelled out. */
const matMul: KernelRule = (g, { a, b }, { transposeA, transposeB }) => {
  const batch = Math.max(sizeOf(a.shape.slice(0, -2)), sizeOf(b.shape.slice(0, -2)))
  if (batch === 1) {
    const flat = (x: Node): Node => g.reshape(x, x.shape.slice(-2))
    const product = orientedProduct(g, flat(a), flat(b), transposeA ? 1 : 0, transposeB ? 1 : 0)
    return g.reshape(product, [...Array.from({ length: Math.max(a.shape.length, b.shape.length) - 2 }, () => 1), ...product.shape])
  }
  const flip = (x: Node, wanted: boolean): Node => {
    const rank = x.shape.length
    return wanted ? g.add('Transpose', [x], { perm: [...Array.from({ length: rank - 2 }, (_, i) => i), rank - 1, rank - 2] }) : x
  }
  return g.add('MatMul', [flip(a, transposeA), flip(b, transposeB)])
}

/**
 * scale · (max(x, 0) + α (e^min(x, 0) − 1)). ONNX's own Elu and Selu round differently at the edges of a thread's share, so that
 * their bits depend on the number of threads; Exp does not.
 */
function exponentialUnit(g: Graph, x: Node, alpha: number, scale: number): Node {
  const below = g.add('Sub', [g.add('Exp', [g.add('Min', [x, f32(g, 0)])]), f32(g, 1)])
  return g.add('Mul', [g.add('Add', [g.add('Relu', [x]), g.add('Mul', [below, f32(g, alpha)])]), f32(g, scale)])
}

/** Along an axis of size one a tile is a broadcast, which is free. */
const tile: KernelRule = (g, { x }, { reps }) => {
  const repeats = reps as readonly number[]
  const shape: Shape = x.shape.map((n, i) => n * repeats[i])
  return x.shape.every((n, i) => n === 1 || repeats[i] === 1) ? g.broadcast(x, shape) : g.add('Tile', [x], { repeats })
}

/** Σ over rows of one segment: the rows scattered onto zeros. */
const segmentSum: KernelRule = (g, { x, segmentIds }, { numSegments }) => {
  const zeros = g.filled(0, [numSegments as number, ...x.shape.slice(1)], x.dtype)
  const index = g.broadcast(g.reshape(segmentIds, [x.shape[0], ...x.shape.slice(1).map(() => 1)]), x.shape)
  return g.add('ScatterElements', [zeros, index, x])
}

export const kernels: Readonly<Record<string, KernelRule>> = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply: binary('Mul'),
  RealDiv: binary('Div'),
  Pow: binary('Pow'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Mod: binary('Mod'),
  Greater: binary('Greater'),
  GreaterEqual: binary('GreaterOrEqual'),
  Less: binary('Less'),
  LessEqual: binary('LessOrEqual'),
  Equal: binary('Equal'),
  NotEqual: (g, { a, b }) => g.add('Not', [g.add('Equal', [a, b])]),
  LogicalAnd: binary('And'),
  LogicalOr: binary('Or'),
  LogicalNot: unary('Not'),
  SquaredDifference: (g, { a, b }) => {
    const difference = g.add('Sub', [a, b])
    return g.add('Mul', [difference, difference])
  },
  AddN: (g, inputs) => Object.values(inputs).reduce((sum, x) => g.add('Add', [sum, x])),

  Square: (g, { x }) => g.add('Mul', [x, x]),
  Abs: unary('Abs'),
  Neg: unary('Neg'),
  Sign: unary('Sign'),
  Floor: unary('Floor'),
  Ceil: unary('Ceil'),
  Round: unary('Round'),
  Exp: unary('Exp'),
  Log: unary('Log'),
  Sqrt: unary('Sqrt'),
  Reciprocal: unary('Reciprocal'),
  Erf: unary('Erf'),
  Sin: unary('Sin'),
  Cos: unary('Cos'),
  Tan: unary('Tan'),
  Asin: unary('Asin'),
  Acos: unary('Acos'),
  Atan: unary('Atan'),
  Sinh: unary('Sinh'),
  Cosh: unary('Cosh'),
  Asinh: unary('Asinh'),
  Acosh: unary('Acosh'),
  Atanh: unary('Atanh'),
  // These two lose accuracy for tiny x; ONNX has nothing better.
  Log1p: (g, { x }) => g.add('Log', [g.add('Add', [x, f32(g, 1)])]),
  Expm1: (g, { x }) => g.add('Sub', [g.add('Exp', [x]), f32(g, 1)]),
  Rsqrt: (g, { x }) => g.add('Reciprocal', [g.add('Sqrt', [x])]),
  Relu: unary('Relu'),
  Elu: (g, { x }) => exponentialUnit(g, x, 1, 1),
  Selu: (g, { x }) => exponentialUnit(g, x, 1.6732632423543772, 1.0507009873554805),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Softplus: unary('Softplus'),
  Relu6: (g, { x }) => g.add('Clip', [x], { min: 0, max: 6 }),
  LeakyRelu: (g, { x }, { alpha }) => g.add('LeakyRelu', [x], { alpha }),
  ClipByValue: (g, { x }, { clipValueMin, clipValueMax }) => g.add('Clip', [x], { min: clipValueMin, max: clipValueMax }),
  Step: (g, { x }, { alpha }) => g.add('Where', [g.add('Greater', [x, f32(g, 0)]), f32(g, 1), f32(g, (alpha as number | undefined) ?? 0)]),
  IsNan: unary('IsNaN'),
  IsInf: unary('IsInf'),

  Identity: (_, { x }) => x,
  Cast: (g, { x }, { dtype }) => g.cast(x, dtype as Dtype),
  ZerosLike: (g, { x }) => g.filled(0, x.shape, x.dtype),
  OnesLike: (g, { x }) => g.filled(1, x.shape, x.dtype),
  Fill: (g, _, { shape, value, dtype }) => g.filled(value, shape, (dtype as Dtype | undefined) ?? 'float32'),
  Select: (g, { condition, t, e }) => g.add('Where', [condition, t, e]),

  Sum: reduce('ReduceSum'),
  Mean: reduce('ReduceMean'),
  Max: reduce('ReduceMax'),
  Min: reduce('ReduceMin'),
  Prod: reduce('ReduceProd'),
  ArgMax: (g, { x }, { axis }) => g.add('ArgMax', [x], { axis: axesOf(axis, x.shape.length)[0] }),
  ArgMin: (g, { x }, { axis }) => g.add('ArgMin', [x], { axis: axesOf(axis, x.shape.length)[0] }),
  Softmax: (g, { logits }, { dim }) => g.add('Softmax', [logits], { axis: axesOf(dim, logits.shape.length)[0] }),
  LogSoftmax: (g, { logits }, { axis }) => g.add('LogSoftmax', [logits], { axis: axesOf(axis, logits.shape.length)[0] }),
  Cumsum: (g, { x }, { axis, exclusive, reverse }) =>
    g.add('CumSum', [x], { axis, exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 }),
  TopK: (g, { x }, { k }) => pick(g, g.add('TopK', [x], { k }), 2),

  BatchMatMul: matMul,
  Reshape: (g, { x }, { shape }) => g.reshape(x, resolveShape(shape, sizeOf(x.shape))),
  ExpandDims: (g, { input }, { dim }) => {
    const at = (dim as number) < 0 ? input.shape.length + 1 + (dim as number) : (dim as number)
    return g.reshape(input, [...input.shape.slice(0, at), 1, ...input.shape.slice(at)])
  },
  Transpose: (g, { x }, { perm }) => g.add('Transpose', [x], { perm }),
  Tile: tile,
  Concat: (g, inputs, { axis }) => {
    const parts = Object.values(inputs)
    return g.add('Concat', parts, { axis: axesOf(axis, parts[0].shape.length)[0] })
  },
  Pack: (g, inputs, { axis }) => {
    const stacked = Object.values(inputs).map((x) => g.reshape(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]))
    return g.add('Concat', stacked, { axis })
  },
  SplitV: (g, { x }, { numOrSizeSplits, axis }) => {
    const along = axesOf(axis, x.shape.length)[0]
    const given = numOrSizeSplits as number | readonly number[]
    const sizes = typeof given === 'number' ? Array.from({ length: given }, () => x.shape[along] / given) : given
    return pick(g, g.add('Split', [x], { axis: along, sizes }), sizes.length)
  },
  Unpack: (g, { value }, { axis }) => {
    const along = axesOf(axis, value.shape.length)[0]
    const shape = value.shape.filter((_, i) => i !== along)
    const many = g.add('Split', [value], { axis: along, sizes: Array.from({ length: value.shape[along] }, () => 1) })
    return pick(g, many, value.shape[along]).map((part) => g.reshape(part, shape))
  },
  Slice: (g, { x }, { begin, size }) => {
    const starts = begin as readonly number[]
    return slice(
      g,
      x,
      starts,
      (size as readonly number[]).map((n, i) => (n === -1 ? x.shape[i] - starts[i] : n)),
    )
  },
  Reverse: (g, { x }, { dims }) => {
    const axes = axesOf(dims, x.shape.length)
    return slice(
      g,
      x,
      x.shape.map((n, i) => (axes.includes(i) ? n - 1 : 0)),
      x.shape,
      x.shape.map((_, i) => (axes.includes(i) ? -1 : 1)),
    )
  },
  PadV2: (g, { x }, { paddings, constantValue }) => {
    const pairs = paddings as readonly (readonly [number, number])[]
    return g.add('Pad', [x], { before: pairs.map(([n]) => n), after: pairs.map(([, n]) => n), value: constantValue })
  },
  GatherV2: (g, { x, indices }, { axis, batchDims }) => {
    if (batchDims) throw new Error('gather with batch axes cannot be traced; flatten the index')
    return g.add('Gather', [x, indices], { axis: axesOf(axis, x.shape.length)[0] })
  },
  UnsortedSegmentSum: segmentSum,
  OneHot: (g, { indices }, { depth, onValue, offValue }) => g.add('OneHot', [indices], { depth, on: onValue, off: offValue }),

  CounterUniform: (g, { key }, { shape, site }) => uniformNode(g, key, shape, site),
}

function resolveShape(shape: Shape, size: number): Shape {
  const known = shape.reduce((product, n) => (n === -1 ? product : product * n), 1)
  return shape.map((n) => (n === -1 ? size / known : n))
}
