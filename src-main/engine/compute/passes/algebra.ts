/** School algebra on elementwise operations; each rule is the equation in its comment. */
import type { Graph, Rule } from '../graph/graph.ts'
import { type Node, scalarOf } from '../graph/node.ts'

type Pair = Pick<Node, 'inputs' | 'shape' | 'dtype'>
/** `x` in the shape of the expression it replaces. */
const keep = (graph: Graph, x: Node, { shape }: Pair): Node => graph.broadcast(x, shape)

/** The factor and the rest of `x · c`, c a number. */
function factored(node: Node): { rest: Node; factor: number } | null {
  if (node.op !== 'Mul') return null
  const [a, b] = node.inputs
  const fa = scalarOf(a)
  const fb = scalarOf(b)
  if (fb !== null) return { rest: a, factor: fb }
  return fa !== null ? { rest: b, factor: fa } : null
}

/** x + 0 = x · x + (−y) = x − y */
const addition: Rule = (graph, node) => {
  if (node.op !== 'Add') return null
  const [a, b] = node.inputs
  if (scalarOf(a) === 0) return keep(graph, b, node)
  if (scalarOf(b) === 0) return keep(graph, a, node)
  if (b.op === 'Neg') return graph.add('Sub', [a, b.inputs[0]])
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

/** x · 1 = x · x · (−1) = −x · (x · c) · d = x · (c · d) · (−x) · c = x · (−c) */
const multiplication: Rule = (graph, node) => {
  if (node.op !== 'Mul' || node.dtype !== 'float32') return null
  const [first, second] = node.inputs
  const [c, x] = scalarOf(first) === null ? [scalarOf(second), first] : [scalarOf(first), second]
  if (c === null) return null
  if (c === 1) return keep(graph, x, node)
  if (c === -1) return keep(graph, graph.add('Neg', [x]), node)
  const inner = factored(x)
  if (inner) return keep(graph, graph.add('Mul', [inner.rest, graph.scalar(Math.fround(inner.factor * c), 'float32')]), node)
  return x.op === 'Neg' ? keep(graph, graph.add('Mul', [x.inputs[0], graph.scalar(-c, 'float32')]), node) : null
}

/** x / c = x · (1/c) */
const division: Rule = (graph, node) => {
  if (node.op !== 'Div' || node.dtype !== 'float32') return null
  const c = scalarOf(node.inputs[1])
  return c === null || c === 0 ? null : keep(graph, graph.add('Mul', [node.inputs[0], graph.scalar(Math.fround(1 / c), 'float32')]), node)
}

/** −(−x) = x · −(a − b) = b − a · −(x · c) = x · (−c) */
const negation: Rule = (graph, { op, inputs: [x] }) => {
  if (op !== 'Neg') return null
  if (x.op === 'Neg') return x.inputs[0]
  if (x.op === 'Sub') return graph.add('Sub', [x.inputs[1], x.inputs[0]])
  const inner = factored(x)
  return inner && x.dtype === 'float32' ? graph.add('Mul', [inner.rest, graph.scalar(-inner.factor, 'float32')]) : null
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

export const algebraRules: readonly Rule[] = [addition, subtraction, multiplication, division, negation, power, casts]
