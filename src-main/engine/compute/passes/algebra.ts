/** School algebra on elementwise operations; each rule is the equation in its comment. */
import type { Graph, Rule } from '../graph/graph.ts'
import { type Node, numbers, scalarOf, sizeOf } from '../graph/node.ts'
import type { Op } from '../graph/ops.ts'

type Pair = Pick<Node, 'inputs' | 'shape' | 'dtype'>
/** `x` in the shape of the expression it replaces. */
const keep = (graph: Graph, x: Node, { shape }: Pair): Node => graph.broadcast(x, shape)

const isNumber = ({ shape }: Node): boolean => sizeOf(shape) === 1

/** The factor and the rest of `x · s`, s one number, known or not. */
function factored(node: Node): { rest: Node; factor: Node } | null {
  if (node.op !== 'Mul' || node.dtype !== 'float32') return null
  const [a, b] = node.inputs
  if (isNumber(b) && (!isNumber(a) || scalarOf(b) !== null)) return { rest: a, factor: b }
  return isNumber(a) && (!isNumber(b) || scalarOf(a) !== null) ? { rest: b, factor: a } : null
}

/** x + 0 = x · x + (−y) = x − y · x + x = 2x */
const addition: Rule = (graph, node) => {
  if (node.op !== 'Add') return null
  const [a, b] = node.inputs
  if (scalarOf(a) === 0) return keep(graph, b, node)
  if (scalarOf(b) === 0) return keep(graph, a, node)
  if (b.op === 'Neg') return graph.add('Sub', [a, b.inputs[0]])
  if (a === b && node.dtype === 'float32') return graph.add('Mul', [a, graph.scalar(2, 'float32')])
  return a.op === 'Neg' ? graph.add('Sub', [b, a.inputs[0]]) : null
}

/** x − 0 = x · 0 − x = −x · x − (−y) = x + y */
const subtraction: Rule = (graph, node) => {
  if (node.op !== 'Sub') return null
  const [a, b] = node.inputs
  if (scalarOf(b) === 0) return keep(graph, a, node)
  if (scalarOf(a) === 0) return keep(graph, graph.add('Neg', [b]), node)
  return b.op === 'Neg' ? graph.add('Add', [a, b.inputs[0]]) : null
}

/** x · 1 = x · x · (−1) = −x · (−x) · c = x · (−c) · (x · s) · t = x · (s · t) for numbers s and t */
const multiplication: Rule = (graph, node) => {
  if (node.op !== 'Mul' || node.dtype !== 'float32') return null
  const outer = factored({ ...node, id: -1 })
  if (!outer) return null
  const { rest: x, factor } = outer
  const c = scalarOf(factor)
  if (c === 1) return keep(graph, x, node)
  if (c === -1) return keep(graph, graph.add('Neg', [x]), node)
  if (c !== null && x.op === 'Neg') return keep(graph, graph.add('Mul', [x.inputs[0], graph.scalar(-c, 'float32')]), node)
  const inner = factored(x)
  if (!inner || (isNumber(x) && (c === null || scalarOf(inner.factor) === null))) return null
  return keep(graph, graph.add('Mul', [inner.rest, graph.add('Mul', [inner.factor, factor])]), node)
}

/** x / c = x · (1/c), where 1/c is a number that float32 has in full */
const division: Rule = (graph, node) => {
  if (node.op !== 'Div' || node.dtype !== 'float32') return null
  const c = scalarOf(node.inputs[1])
  if (c === null || Math.abs(c) < 1e-37 || Math.abs(c) > 1e37) return null
  return keep(graph, graph.add('Mul', [node.inputs[0], graph.scalar(Math.fround(1 / c), 'float32')]), node)
}

/** −(−x) = x · −(a − b) = b − a · −(x · c) = x · (−c) */
const negation: Rule = (graph, { op, inputs: [x] }) => {
  if (op !== 'Neg') return null
  if (x.op === 'Neg') return x.inputs[0]
  if (x.op === 'Sub') return graph.add('Sub', [x.inputs[1], x.inputs[0]])
  const inner = factored(x)
  const c = inner && scalarOf(inner.factor)
  return inner && c !== null ? graph.add('Mul', [inner.rest, graph.scalar(-c, 'float32')]) : null
}

/** Σ x·s = s · Σ x · Σ −x = −Σ x, and so for means: a pass over all numbers less. */
const linearSums: Rule = (graph, { op, inputs: [x], attributes, dtype, shape }) => {
  if ((op !== 'ReduceSum' && op !== 'ReduceMean') || dtype !== 'float32' || numbers(attributes.axes).length === 0) return null
  const inner = x.op === 'Neg' ? { rest: x.inputs[0], factor: graph.scalar(-1, 'float32') } : factored(x)
  if (!inner || sizeOf(inner.rest.shape) !== sizeOf(x.shape) || sizeOf(shape) === sizeOf(x.shape)) return null
  const sum = graph.add(op as Op, [graph.reshape(inner.rest, x.shape)], attributes)
  return graph.reshape(graph.add('Mul', [sum, graph.reshape(inner.factor, [])]), shape)
}

/** x² = x · x · x¹ = x · x^½ = √x */
const power: Rule = (graph, node) => {
  if (node.op !== 'Pow') return null
  const [x, exponent] = node.inputs
  const c = scalarOf(exponent)
  if (c === 1) return keep(graph, x, node)
  if (c === 2) return keep(graph, graph.add('Mul', [x, x]), node)
  return c === 0.5 ? keep(graph, graph.add('Sqrt', [x]), node) : null
}

/** A cast to the type it has; a bool through int32 to float32 is one cast. */
const casts: Rule = (graph, { op, inputs: [x], attributes }) => {
  if (op !== 'Cast') return null
  if (x.dtype === attributes.to) return x
  return x.op === 'Cast' && x.inputs[0].dtype === 'bool' ? graph.add('Cast', [x.inputs[0]], attributes) : null
}

export const algebraRules: readonly Rule[] = [addition, subtraction, multiplication, division, negation, power, casts, linearSums]
