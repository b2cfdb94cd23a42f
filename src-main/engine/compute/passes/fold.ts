/** Constant folding: what can be computed while tracing is not computed in every step. */
import type { Rule } from '../graph/graph.ts'
import { type Dtype, type Node, type NodeValues, numbers, sameShape, type Shape, sizeOf, valuesOf } from '../graph/node.ts'

const unary: Readonly<Record<string, (x: number) => number>> = {
  Neg: (x) => -x,
  Abs: Math.abs,
  Sign: Math.sign,
  Exp: Math.exp,
  Log: Math.log,
  Sqrt: Math.sqrt,
  Reciprocal: (x) => 1 / x,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Round: roundToEven,
  Not: (x) => (x ? 0 : 1),
  IsNaN: (x) => +Number.isNaN(x),
  IsInf: (x) => +(Math.abs(x) === Number.POSITIVE_INFINITY),
  Sin: Math.sin,
  Cos: Math.cos,
  Tan: Math.tan,
  Asin: Math.asin,
  Acos: Math.acos,
  Atan: Math.atan,
  Sinh: Math.sinh,
  Cosh: Math.cosh,
  Asinh: Math.asinh,
  Acosh: Math.acosh,
  Atanh: Math.atanh,
  Relu: (x) => (x < 0 ? 0 : x),
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  Tanh: Math.tanh,
}
const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Pow: (a, b) => a ** b,
  Max: Math.max,
  Min: Math.min,
  Greater: (a, b) => +(a > b),
  GreaterOrEqual: (a, b) => +(a >= b),
  Less: (a, b) => +(a < b),
  LessOrEqual: (a, b) => +(a <= b),
  Equal: (a, b) => +(a === b),
  And: (a, b) => a & b,
  Or: (a, b) => a | b,
  Xor: (a, b) => a ^ b,
}

/** Above this a folded constant would only make the program larger. */
const maxFolded = 65_536

const foldElementwise: Rule = (graph, { op, inputs, attributes, shape, dtype }) => {
  if (!areConstant(inputs, shape)) return null
  const [a] = inputs
  if (a.dtype === 'uint32') return null // wraps around at 2³², which float64 arithmetic does not
  if (op === 'Cast') return graph.constant(cast(a, attributes.to as Dtype), shape, dtype)
  const f = compute(op, attributes)
  if (!f || (dtype === 'int32' && op === 'Div')) return null
  const read = inputs.map((x) => reader(x, shape))
  const values = Array.from({ length: sizeOf(shape) }, (_, i) => f(...read.map((at) => at(i))))
  return graph.constant(valuesOf(dtype, values), shape, dtype)
}

/** Where the answer is known everywhere. */
const foldChoice: Rule = (graph, { op, inputs: [condition, a, b], shape }) => {
  if (op !== 'Where' || condition.op !== 'Constant' || sizeOf(condition.shape) !== 1) return null
  return graph.broadcast(condition.values?.[0] ? a : b, shape)
}

/** Operations that only move numbers. */
const foldMovement: Rule = (graph, { op, inputs, attributes, shape, dtype }) => {
  if (!areConstant(inputs, shape)) return null
  const [x] = inputs
  const take = (index: (at: number[]) => number): Node => graph.constant(taken(x, shape, index), shape, dtype)
  const strides = stridesOf(x.shape)
  const dot = (at: readonly number[]): number => at.reduce((sum, i, axis) => sum + i * strides[axis], 0)
  if (op === 'Reshape') return graph.constant(x.values as NodeValues, shape, dtype)
  if (op === 'Transpose') return take((at) => at.reduce((sum, i, axis) => sum + i * strides[numbers(attributes.perm)[axis]], 0))
  if (op === 'Tile') return take((at) => dot(at.map((i, axis) => i % x.shape[axis])))
  if (op === 'Slice') {
    const [starts, steps] = [numbers(attributes.starts), numbers(attributes.steps)]
    return take((at) => dot(at.map((i, axis) => starts[axis] + i * steps[axis])))
  }
  if (op === 'Gather') {
    const [axis, index] = [attributes.axis as number, inputs[1]]
    const [inside, depth] = [stridesOf(index.shape), index.shape.length]
    return take((at) => {
      const place = at.slice(axis, axis + depth).reduce((sum, i, k) => sum + i * inside[k], 0)
      return dot([...at.slice(0, axis), (index.values as NodeValues)[place], ...at.slice(axis + depth)])
    })
  }
  if (op !== 'Concat') return null
  const axis = attributes.axis as number
  const parts = inputs.map((part) => part.values as NodeValues)
  const values = valuesOf(dtype, new Array<number>(sizeOf(shape)).fill(0))
  let offset = 0
  const [outer, below] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))]
  for (const [k, part] of parts.entries()) {
    const width = sizeOf(inputs[k].shape.slice(axis))
    for (let i = 0; i < outer; i++) values.set(part.subarray(i * width, (i + 1) * width), i * below + offset)
    offset += width
  }
  return graph.constant(values, shape, dtype)
}

export const foldRules: readonly Rule[] = [foldElementwise, foldChoice, foldMovement]

const areConstant = (inputs: readonly Node[], shape: Shape): boolean =>
  inputs.length > 0 && inputs.every(({ op }) => op === 'Constant') && sizeOf(shape) <= maxFolded

/** The operation on plain numbers, or null. */
function compute(op: string, { min, max, alpha }: Node['attributes']): ((...x: number[]) => number) | null {
  if (op === 'Where') return (condition, a, b) => (condition ? a : b)
  if (op === 'Clip') return (x) => Math.min(Math.max(x, min as number), max as number)
  if (op === 'LeakyRelu') return (x) => (x < 0 ? x * (alpha as number) : x)
  return unary[op] ?? binary[op] ?? null
}

const cast = (x: Node, to: Dtype) =>
  valuesOf(
    to,
    Array.from(x.values as ArrayLike<number>, (v) => (to === 'bool' ? +(v !== 0) : to === 'float32' ? v : Math.trunc(v))),
  )

/** Value i of a constant repeated up to `shape`. */
function reader({ values, shape: own }: Node, shape: Shape): (i: number) => number {
  const v = values as NodeValues
  if (v.length === 1) return () => v[0]
  if (sameShape(own, shape)) return (i) => v[i]
  const lead = shape.length - own.length
  const [outer, inner] = [stridesOf(shape), stridesOf(own)]
  return (i) => v[own.reduce((sum, n, axis) => sum + (n === 1 ? 0 : (Math.floor(i / outer[axis + lead]) % n) * inner[axis]), 0)]
}

/** How far apart neighbours along each axis are. */
const stridesOf = (shape: Shape): number[] => shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))

/** The constant's values at the place that each place of the result comes from. */
function taken(x: Node, shape: Shape, index: (at: number[]) => number): NodeValues {
  const strides = stridesOf(shape)
  const from = x.values as NodeValues
  const places = Array.from({ length: sizeOf(shape) }, (_, i) => shape.map((n, axis) => Math.floor(i / strides[axis]) % n))
  return valuesOf(
    x.dtype,
    places.map((at) => from[index(at)]),
  )
}

/** As ONNX rounds: halves to the even neighbour. */
function roundToEven(x: number): number {
  const down = Math.floor(x)
  if (x - down !== 0.5) return Math.round(x)
  return down % 2 === 0 ? down : down + 1
}
