/** Every operation of the graph and how the shape and type of its result follow from its inputs. */
import { type Attributes, broadcastShape, type Dtype, type Node, numbers, type Shape } from './node.ts'

export interface ResultType {
  readonly shape: Shape
  readonly dtype: Dtype
}
type Infer = (inputs: readonly Node[], attributes: Attributes) => ResultType

const same: Infer = ([x]) => x
const binary: Infer = ([a, b]) => ({ shape: broadcastShape(a.shape, b.shape), dtype: a.dtype })
const predicate: Infer = ([a, b]) => ({ shape: b ? broadcastShape(a.shape, b.shape) : a.shape, dtype: 'bool' })
const shaped: Infer = ([x], { shape }) => ({ shape: numbers(shape), dtype: x.dtype })

const reduce: Infer = ([x], { axes, keepdims }) => ({
  dtype: x.dtype,
  shape: keepdims ? x.shape.map((n, i) => (numbers(axes).includes(i) ? 1 : n)) : x.shape.filter((_, i) => !numbers(axes).includes(i)),
})
const argReduce: Infer = ([x], { axis }) => ({ shape: x.shape.filter((_, i) => i !== axis), dtype: 'int32' })

/** How many windows of `size` (of every `dilation`th element) fit on an axis, `stride` apart. */
const windows = (n: number, size: number, stride: number, dilation: number, before: number, after: number): number =>
  Math.floor((n + before + after - dilation * (size - 1) - 1) / stride) + 1

/** Rows, then channels, then the two axes that windows slide along; pads are top, left, bottom, right. */
const slide = ({ shape: [, , height, width] }: Node, [h, w]: Shape, { strides, pads, dilations }: Attributes): Shape => {
  const [s, p, d] = [numbers(strides), numbers(pads), dilations ? numbers(dilations) : [1, 1]]
  return [windows(height, h, s[0], d[0], p[0], p[2]), windows(width, w, s[1], d[1], p[1], p[3])]
}
const pool: Infer = ([x], attributes) => ({
  shape: [...x.shape.slice(0, 2), ...slide(x, numbers(attributes.size), attributes)],
  dtype: x.dtype,
})

/** One operation, elementwise on all its inputs: rules may move broadcasts through it. */
export const elementwise = {
  Add: binary,
  Sub: binary,
  Mul: binary,
  Div: binary,
  Pow: binary,
  Max: binary,
  Min: binary,
  Mod: binary,
  Greater: predicate,
  GreaterOrEqual: predicate,
  Less: predicate,
  LessOrEqual: predicate,
  Equal: predicate,
  And: predicate,
  Or: predicate,
  Xor: predicate,
  Not: predicate,
  IsNaN: predicate,
  IsInf: predicate,
  BitShift: binary,
  BitwiseXor: binary,
  BitwiseAnd: binary,
  Abs: same,
  Neg: same,
  Sign: same,
  Floor: same,
  Ceil: same,
  Round: same,
  Reciprocal: same,
  Exp: same,
  Log: same,
  Sqrt: same,
  Erf: same,
  Sin: same,
  Cos: same,
  Tan: same,
  Asin: same,
  Acos: same,
  Atan: same,
  Sinh: same,
  Cosh: same,
  Asinh: same,
  Acosh: same,
  Atanh: same,
  Relu: same,
  LeakyRelu: same,
  Sigmoid: same,
  Tanh: same,
  Clip: same,
  Cast: ([x], { to }) => ({ shape: x.shape, dtype: to as Dtype }),
  Where: ([condition, a, b]) => ({ shape: broadcastShape(condition.shape, broadcastShape(a.shape, b.shape)), dtype: a.dtype }),
} satisfies Record<string, Infer>

export const ops = {
  ...elementwise,
  Broadcast: shaped,
  Reshape: shaped,
  ReduceSum: reduce,
  ReduceMean: reduce,
  ReduceMax: reduce,
  ReduceMin: reduce,
  ReduceProd: reduce,
  ArgMax: argReduce,
  ArgMin: argReduce,
  Softmax: same,
  LogSoftmax: same,
  CumSum: same,
  Transpose: ([x], { perm }) => ({ shape: numbers(perm).map((axis) => x.shape[axis]), dtype: x.dtype }),
  /** α·A·B (+ C) on matrices, either of them transposed; α is 1 where it is not given. */
  Gemm: ([a, b], { transA, transB }) => {
    const [m, k] = transA ? [a.shape[1], a.shape[0]] : a.shape
    const [k2, n] = transB ? [b.shape[1], b.shape[0]] : b.shape
    if (k !== k2) throw new Error(`matrices [${a.shape}] and [${b.shape}] do not multiply`)
    return { shape: [m, n], dtype: a.dtype }
  },
  /** A·B over leading batch axes. */
  MatMul: ([a, b]) => ({
    shape: [...broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2)), a.shape.at(-2) as number, b.shape.at(-1) as number],
    dtype: a.dtype,
  }),
  /** x [B, C, H, W], weights [O, C / group, h, w] */
  Conv: ([x, w], attributes) => {
    if (x.shape[1] !== w.shape[1] * (attributes.group as number))
      throw new Error(`weights [${w.shape}] do not fit an image of ${x.shape[1]} channels`)
    return { shape: [x.shape[0], w.shape[0], ...slide(x, w.shape.slice(2), attributes)], dtype: x.dtype }
  },
  /** x [B, C, H, W], weights [C, O / group, h, w]: every element of x spread over a window. */
  ConvTranspose: ([x, w], { strides, pads, dilations, outputPadding, group }) => {
    const [s, p, d, o] = [strides, pads, dilations, outputPadding].map(numbers)
    const size = [0, 1].map((i) => s[i] * (x.shape[2 + i] - 1) + d[i] * (w.shape[2 + i] - 1) + 1 + o[i] - p[i] - p[2 + i])
    return { shape: [x.shape[0], w.shape[1] * (group as number), ...size], dtype: x.dtype }
  },
  /** Two results: the largest of each window, and where in x, read as one list, it stood. */
  MaxPool: pool,
  AveragePool: pool,
  Concat: (inputs, { axis }) => ({
    shape: inputs[0].shape.map((n, i) => (i === axis ? inputs.reduce((sum, x) => sum + x.shape[i], 0) : n)),
    dtype: inputs[0].dtype,
  }),
  Slice: ([x], { sizes }) => ({ shape: numbers(sizes), dtype: x.dtype }),
  Pad: ([x], { before, after }) => ({ shape: x.shape.map((n, i) => n + numbers(before)[i] + numbers(after)[i]), dtype: x.dtype }),
  Tile: ([x], { repeats }) => ({ shape: x.shape.map((n, i) => n * numbers(repeats)[i]), dtype: x.dtype }),
  Gather: ([x, index], { axis }) => ({
    shape: [...x.shape.slice(0, axis as number), ...index.shape, ...x.shape.slice((axis as number) + 1)],
    dtype: x.dtype,
  }),
  /** x with `updates` added at rows `index`; an index may come twice. ScatterND(add) loses updates when threads collide, this does not. */
  ScatterElements: ([x]) => x,
  OneHot: ([index], { depth }) => ({ shape: [...index.shape, depth as number], dtype: 'float32' }),
  Split: ([x], { axis, sizes }) => ({ shape: x.shape.map((n, i) => (i === axis ? numbers(sizes)[0] : n)), dtype: x.dtype }),
  TopK: ([x], { k }) => ({ shape: [...x.shape.slice(0, -1), k as number], dtype: x.dtype }),
  /** The k largest of pre + b, rectified, and where they stand; see sparse/ops.ts for this and the next four. */
  TopCodes: ([pre], { k }) => ({ shape: [pre.shape[0], k as number], dtype: 'float32' }),
  SparseDecode: ([values, , W]) => ({ shape: [values.shape[0], W.shape[1]], dtype: 'float32' }),
  SparseDots: ([, index]) => ({ shape: index.shape, dtype: 'float32' }),
  SparseOuter: ([, , x], { rows }) => ({ shape: [rows as number, x.shape[1]], dtype: 'float32' }),
  SparseSums: (_, { rows }) => ({ shape: [rows as number], dtype: 'float32' }),
  Pick: ([many], { index }) => {
    const { axis, sizes } = many.attributes
    if (many.op === 'Split')
      return { shape: many.shape.map((n, i) => (i === axis ? numbers(sizes)[index as number] : n)), dtype: many.dtype }
    return { shape: many.shape, dtype: index === 0 ? many.dtype : 'int32' }
  },
} satisfies Record<string, Infer>

export type Op = keyof typeof ops
export const isElementwise = (op: string): boolean => op in elementwise
export const outputCount = ({ op, attributes }: Node): number =>
  op === 'Split' ? numbers(attributes.sizes).length : op === 'TopK' || op === 'MaxPool' || op === 'TopCodes' ? 2 : 1
