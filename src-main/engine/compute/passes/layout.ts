/** Operations that only move numbers about, removed or merged. */
import type { Rule } from '../graph/graph.ts'
import { type Node, numbers, sameShape } from '../graph/node.ts'

const isIdentity = (perm: readonly number[]): boolean => perm.every((axis, i) => axis === i)

/** A reshape to the shape it has, or of a reshape. */
const reshapes: Rule = (graph, { op, inputs: [x], shape }) => {
  if (op !== 'Reshape') return null
  if (sameShape(x.shape, shape)) return x
  return x.op === 'Reshape' ? graph.reshape(x.inputs[0], shape) : null
}

/** A transposition that changes nothing but the place of axes of length one, or of a transposition. */
const transpositions: Rule = (graph, { op, inputs: [x], attributes, shape }) => {
  if (op !== 'Transpose') return null
  const perm = numbers(attributes.perm)
  if (isIdentity(perm)) return x
  const long = perm.filter((axis) => x.shape[axis] !== 1)
  if (long.every((axis, i) => i === 0 || axis > long[i - 1])) return graph.reshape(x, shape)
  return x.op === 'Transpose' ? graph.add('Transpose', [x.inputs[0]], { perm: perm.map((axis) => numbers(x.attributes.perm)[axis]) }) : null
}

/** A matrix product reads its factors either way round, so it takes their transpositions in. */
const transposedFactors: Rule = (graph, { op, inputs: [a, b, ...c], attributes }) => {
  const flipped = (x: Node): boolean => x.op === 'Transpose'
  if (op !== 'Gemm' || !(flipped(a) || flipped(b))) return null
  const { transA, transB } = attributes
  return graph.add('Gemm', [flipped(a) ? a.inputs[0] : a, flipped(b) ? b.inputs[0] : b, ...c], {
    ...attributes,
    transA: flipped(a) ? 1 - (transA as number) : transA,
    transB: flipped(b) ? 1 - (transB as number) : transB,
  })
}

/** A sum over no axis, or over axes of size one. */
const emptyReductions: Rule = (graph, { op, inputs: [x], attributes, shape }) => {
  if (!op.startsWith('Reduce') || numbers(attributes.axes).some((axis) => x.shape[axis] !== 1)) return null
  return graph.reshape(x, shape)
}

/** A slice of everything, padding by nothing, a concatenation of one, a split into one. */
const trivial: Rule = (_, { op, inputs, attributes, shape }) => {
  if (op === 'Slice' && sameShape(inputs[0].shape, shape) && numbers(attributes.steps).every((step) => step === 1)) return inputs[0]
  if (op === 'Pad' && sameShape(inputs[0].shape, shape)) return inputs[0]
  if (op === 'Concat' && inputs.length === 1) return inputs[0]
  return op === 'Pick' && inputs[0].op === 'Split' && numbers(inputs[0].attributes.sizes).length === 1 ? inputs[0].inputs[0] : null
}

export const layoutRules: readonly Rule[] = [reshapes, transpositions, transposedFactors, emptyReductions, trivial]
