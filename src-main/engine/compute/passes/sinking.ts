/**
 * Reshapes sink below elementwise operations, as broadcasts do: where they meet others they vanish, and a bias that is added to a
 * product seen as images is added to the product itself, where it costs nothing (fuseBias.ts).
 */
import type { Graph, Rule } from '../graph/graph.ts'
import { type Node, numbers, type Shape, sizeOf } from '../graph/node.ts'
import { isElementwise, type Op } from '../graph/ops.ts'

/** Numbers of a row up to which it is written out several times. */
const longestRow = 16_384

/** f(reshape a, reshape b, c, …) = reshape f(a, b, c, …), c numbers or rows along the last axis. */
const throughElementwise: Rule = (graph, { op, inputs, attributes, shape }) => {
  if (!isElementwise(op) || sizeOf(shape) === 1) return null
  const leader = inputs.find((x) => x.op === 'Reshape' && sizeOf(x.shape) === sizeOf(shape))
  if (!leader) return null
  const from = leader.inputs[0].shape
  const raised = inputs.map((x) => raise(graph, x, shape, from))
  return raised.includes(null) ? null : graph.reshape(graph.add(op as Op, raised as Node[], attributes), shape)
}

/** What `x`, an operand beside others of `shape`, is beside the same numbers seen as `from`; null if that would cost something. */
function raise(graph: Graph, x: Node, shape: Shape, from: Shape): Node | null {
  if (sizeOf(x.shape) === 1) return graph.reshape(x, [])
  if (x.op === 'Reshape' && `${x.inputs[0].shape}` === `${from}` && sizeOf(x.shape) === sizeOf(shape)) return x.inputs[0]
  const [row, wide] = [x.shape.at(-1) as number, from.at(-1) ?? 1]
  const isRow = sizeOf(x.shape) === row && row === shape.at(-1) && row < sizeOf(shape)
  if (!isRow || wide % row !== 0 || wide > longestRow) return null
  if (wide === row) return graph.reshape(x, [row])
  return graph.add('Tile', [graph.reshape(x, [row])], { repeats: [wide / row] })
}

/** Beside a tensor, a tensor of one number is a number; the runtime broadcasts only those without axes fast. */
const singleNumbers: Rule = (graph, { op, inputs, attributes, shape }) => {
  if (!isElementwise(op) || inputs.length < 2) return null
  const thin = (x: Node): boolean => sizeOf(x.shape) === 1 && x.shape.length > 0
  if (!inputs.some(thin) || !inputs.some((x) => `${x.shape}` === `${shape}` && !thin(x))) return null
  return graph.add(
    op as Op,
    inputs.map((x) => (thin(x) ? graph.reshape(x, []) : x)),
    attributes,
  )
}

/** f(transposed a, row) = transposed f(a, row), where the transposition leaves the last axis, along which the row lies. */
const rowsThroughTransposition: Rule = (graph, { op, inputs, attributes, shape }) => {
  if (!isElementwise(op) || inputs.length !== 2) return null
  const moved = inputs.find((x) => x.op === 'Transpose' && `${x.shape}` === `${shape}`)
  const row = inputs.find((x) => x !== moved)
  const rank = shape.length
  if (!moved || !row || row.shape.length !== 1 || row.shape[0] !== shape[rank - 1]) return null
  const perm = numbers(moved.attributes.perm)
  if (perm[rank - 1] !== rank - 1) return null
  const below = inputs.map((x) => (x === moved ? x.inputs[0] : x))
  return graph.add('Transpose', [graph.add(op as Op, below, attributes)], { perm })
}

/** Σ over all axes but the last needs no shape but [rows, last]. */
const throughReduction: Rule = (graph, { op, inputs: [x], attributes, shape }) => {
  if (x?.op !== 'Reshape' || !op.startsWith('Reduce')) return null
  const [axes, last, from] = [numbers(attributes.axes), x.shape.length - 1, x.inputs[0].shape]
  const all = axes.length === x.shape.length
  const allButLast = axes.length === last && !axes.includes(last) && from.at(-1) === x.shape[last] && from.length > 1
  if (!all && !allButLast) return null
  const above = Array.from({ length: all ? from.length : from.length - 1 }, (_, i) => i)
  return graph.reshape(graph.add(op as Op, [x.inputs[0]], { axes: above, keepdims: 0 }), shape)
}

/** What is left over only axes of length one is one number: a sum over everything, which the runtime does three times as fast. */
const wholeReductions: Rule = (graph, { op, inputs: [x], attributes, shape }) => {
  if (!op.startsWith('Reduce') || sizeOf(shape) !== 1 || numbers(attributes.axes).length === x.shape.length) return null
  const axes = Array.from({ length: x.shape.length }, (_, i) => i)
  return graph.reshape(graph.add(op as Op, [x], { axes, keepdims: 0 }), shape)
}

export const sinkingRules: readonly Rule[] = [
  singleNumbers,
  throughElementwise,
  rowsThroughTransposition,
  wholeReductions,
  throughReduction,
]
