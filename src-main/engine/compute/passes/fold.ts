/** Constant folding: what can be computed while tracing is not computed in every step. */
import type { Rule } from '../graph/graph.ts'
import { type Dtype, type Node, sameShape, sizeOf, valuesOf } from '../graph/node.ts'

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
  Not: (x) => (x ? 0 : 1),
  Sin: Math.sin,
  Cos: Math.cos,
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
}

/** Above this a folded constant would only make the program larger. */
const maxFolded = 65_536

export const foldConstants: Rule = (graph, { op, inputs, attributes, shape, dtype }) => {
  if (!inputs.length || inputs.some((x) => x.op !== 'Constant') || sizeOf(shape) > maxFolded) return null
  const [a, b] = inputs
  if (a.dtype === 'uint32') return null // wraps around at 2³², which float64 arithmetic does not
  if (op === 'Reshape') return graph.constant(a.values as NonNullable<Node['values']>, shape, dtype)
  if (op === 'Cast') return graph.constant(cast(a, attributes.to as Dtype), shape, dtype)
  if (op in unary) return graph.constant(valuesOf(dtype, Array.from(a.values as ArrayLike<number>, unary[op])), shape, dtype)
  if (!(op in binary) || (dtype === 'int32' && op === 'Div')) return null
  const [x, y] = [reader(a, shape), reader(b, shape)]
  if (!x || !y) return null
  return graph.constant(
    valuesOf(
      dtype,
      Array.from({ length: sizeOf(shape) }, (_, i) => binary[op](x(i), y(i))),
    ),
    shape,
    dtype,
  )
}

const cast = (x: Node, to: Dtype) =>
  valuesOf(
    to,
    Array.from(x.values as ArrayLike<number>, (v) => (to === 'bool' ? +(v !== 0) : to === 'float32' ? v : Math.trunc(v))),
  )

/** Value i of a constant seen in `shape`: only scalars and constants of just that shape, the rest is not worth it. */
function reader({ values, shape: own }: Node, shape: readonly number[]): ((i: number) => number) | null {
  const v = values as ArrayLike<number>
  if (v.length === 1) return () => v[0]
  return sameShape(own, shape) ? (i) => v[i] : null
}
