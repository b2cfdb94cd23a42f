/** Kernels that treat every element by itself. */
import type { Graph } from '../../graph/graph.ts'
import type { Dtype, Node } from '../../graph/node.ts'
import { binary, f32, type KernelRule, type KernelTable, unary } from './rule.ts'

/**
 * scale · (max(x, 0) + α (e^min(x, 0) − 1)). ONNX's own Elu and Selu round differently at the edges of a thread's share, so that
 * their bits depend on the number of threads; Exp does not.
 */
export function exponentialUnit(g: Graph, x: Node, alpha: number, scale: number): Node {
  const below = g.add('Sub', [g.add('Exp', [g.add('Min', [x, f32(g, 0)])]), f32(g, 1)])
  return g.add('Mul', [g.add('Add', [g.add('Relu', [x]), g.add('Mul', [below, f32(g, alpha)])]), f32(g, scale)])
}

/** α x below zero. */
export function prelu(g: Graph, x: Node, alpha: Node): Node {
  return g.add('Where', [g.add('GreaterOrEqual', [x, f32(g, 0)]), x, g.add('Mul', [x, alpha])])
}

/** The remainder with the sign of b. ONNX has it for whole numbers; for fractions its remainder has the sign of a. */
function floorMod(g: Graph, a: Node, b: Node): Node {
  const remainder = g.add('Mod', [a, b])
  return a.dtype === 'float32' ? g.add('Mod', [g.add('Add', [remainder, b]), b]) : remainder
}

/** (a − (a mod b)) / b, which is whole, so that no rounding of a quotient can cross a whole number. */
function floorDivide(g: Graph, a: Node, b: Node): Node {
  const quotient = g.add('Div', [g.add('Sub', [a, floorMod(g, a, b)]), b])
  return g.cast(a.dtype === 'float32' ? g.add('Round', [quotient]) : quotient, 'int32')
}

/**
 * ln(1 + x) that is exact for tiny x too: with u = 1 + x as rounded, x ln u / (u − 1) (Kahan).
 */
function log1p(g: Graph, x: Node): Node {
  const u = g.add('Add', [x, f32(g, 1)])
  const rest = g.add('Sub', [u, f32(g, 1)])
  const scaled = g.add('Mul', [x, g.add('Div', [g.add('Log', [u]), rest])])
  // Where u is 1 the quotient is 0/0, and ln(1 + x) is x; where x is infinite the quotient is ∞/∞.
  const logarithm = g.add('Where', [g.add('Greater', [u, f32(g, 3e38)]), u, scaled])
  return g.add('Where', [g.add('Equal', [rest, f32(g, 0)]), x, logarithm])
}

/** eˣ − 1 = tanh(x/2) · (eˣ + 1), exact for tiny x too. */
function expm1(g: Graph, x: Node): Node {
  const half = g.add('Tanh', [g.add('Mul', [x, f32(g, 0.5)])])
  return g.add('Mul', [half, g.add('Add', [g.add('Exp', [x]), f32(g, 1)])])
}

/** 2 artanh(s) / s as a polynomial in s², s in [0, ⅓], fitted at Chebyshev's points; relative error below 4e-9. */
const doubledArtanh = [2, 0.6666632294654846, 0.4002465009689331, 0.2796434462070465, 0.2816145420074463]

/**
 * ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), and ln(1 + u) = 2 artanh(u / (2 + u)), here with s = 1 / (2 e^|x| + 1): exact relative
 * to its size where it is tiny too. The runtime's own takes twice as long, and its bits depend on the number of threads.
 */
function softplus(g: Graph, x: Node): Node {
  const doubled = g.add('Mul', [g.add('Exp', [g.add('Abs', [x])]), f32(g, 2)])
  const s = g.add('Reciprocal', [g.add('Add', [doubled, f32(g, 1)])])
  const squared = g.add('Mul', [s, s])
  const [last, ...before] = [...doubledArtanh].reverse().map((c) => f32(g, c))
  const series = before.reduce((sum, c) => g.add('Add', [g.add('Mul', [sum, squared]), c]), last)
  return g.add('Add', [g.add('Relu', [x]), g.add('Mul', [s, series])])
}

const step: KernelRule = (g, { x }, { alpha }) =>
  g.add('Where', [g.add('Greater', [x, f32(g, 0)]), f32(g, 1), f32(g, (alpha as number | undefined) ?? 0)])

export const elementwiseKernels: KernelTable = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply: binary('Mul'),
  RealDiv: binary('Div'),
  FloorDiv: (g, { a, b }) => floorDivide(g, a, b),
  Pow: binary('Pow'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Mod: (g, { a, b }) => floorMod(g, a, b),
  Greater: binary('Greater'),
  GreaterEqual: binary('GreaterOrEqual'),
  Less: binary('Less'),
  LessEqual: binary('LessOrEqual'),
  Equal: binary('Equal'),
  NotEqual: (g, { a, b }) => g.add('Not', [g.add('Equal', [a, b])]),
  LogicalAnd: binary('And'),
  LogicalOr: binary('Or'),
  LogicalNot: unary('Not'),
  BitwiseAnd: binary('BitwiseAnd'),
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
  Expm1: (g, { x }) => expm1(g, x),
  Log: unary('Log'),
  Log1p: (g, { x }) => log1p(g, x),
  Sqrt: unary('Sqrt'),
  Rsqrt: (g, { x }) => g.add('Reciprocal', [g.add('Sqrt', [x])]),
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

  Relu: unary('Relu'),
  Relu6: (g, { x }) => g.add('Clip', [x], { min: 0, max: 6 }),
  LeakyRelu: (g, { x }, { alpha }) => g.add('LeakyRelu', [x], { alpha }),
  Prelu: (g, { x, alpha }) => prelu(g, x, alpha),
  Elu: (g, { x }) => exponentialUnit(g, x, 1, 1),
  EluGrad: (g, { dy, y }) => g.add('Mul', [dy, g.add('Add', [g.add('Min', [y, f32(g, 0)]), f32(g, 1)])]),
  Selu: (g, { x }) => exponentialUnit(g, x, 1.6732632423543772, 1.0507009873554805),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Softplus: (g, { x }) => softplus(g, x),
  ClipByValue: (g, { x }, { clipValueMin, clipValueMax }) => g.add('Clip', [x], { min: clipValueMin, max: clipValueMax }),
  Step: step,
  IsNan: unary('IsNaN'),
  IsInf: unary('IsInf'),
  IsFinite: (g, { x }) => g.add('Not', [g.add('Or', [g.add('IsNaN', [x]), g.add('IsInf', [x])])]),
  Select: (g, { condition, t, e }) => g.add('Where', [condition, t, e]),

  Identity: (_, { x }) => x,
  Cast: (g, { x }, { dtype }) => g.cast(x, dtype as Dtype),
}
