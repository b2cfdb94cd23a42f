/**
 * (c·A)·B = c·(A·B), and a matrix product multiplies by a number for nothing (`alpha`). The gradient of a squared error, the
 * residual times 2/n, is thereby never written: it is only ever summed and multiplied.
 */
import type { Graph, Rule } from '../graph/graph.ts'
import { type Node, scalarOf } from '../graph/node.ts'

/** The node without its constant factor, seen through reshapes. */
function unscaled(graph: Graph, node: Node): { rest: Node; factor: number } {
  const [a, b] = node.inputs
  if (node.op === 'Neg') return { rest: a, factor: -1 }
  if (node.op === 'Reshape') {
    const { rest, factor } = unscaled(graph, a)
    return factor === 1 ? { rest: node, factor } : { rest: graph.reshape(rest, node.shape), factor }
  }
  const known = node.op === 'Mul' ? [scalarOf(a), scalarOf(b)] : []
  if (typeof known[1] === 'number' && `${a.shape}` === `${node.shape}`) return { rest: a, factor: known[1] }
  if (typeof known[0] === 'number' && `${b.shape}` === `${node.shape}`) return { rest: b, factor: known[0] }
  return { rest: node, factor: 1 }
}

const intoProducts: Rule = (graph, { op, inputs: [a, b, ...c], attributes }) => {
  if (op !== 'Gemm') return null
  const [left, right] = [unscaled(graph, a), unscaled(graph, b)]
  const factor = left.factor * right.factor
  if (left.rest === a && right.rest === b) return null
  const alpha = Math.fround(((attributes.alpha as number | undefined) ?? 1) * factor)
  const { alpha: _, ...others } = attributes
  return graph.add('Gemm', [left.rest, right.rest, ...c], alpha === 1 ? others : { ...others, alpha })
}

export const scaledFactorRules: readonly Rule[] = [intoProducts]
