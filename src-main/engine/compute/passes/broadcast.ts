/**
 * Broadcasts sink: what is repeated before an elementwise operation is repeated after it instead, and ONNX's own
 * broadcasting does the rest. The gradient of a mean, a full-size tensor of one number, thereby costs one number.
 */
import type { Rule } from '../graph/graph.ts'
import { broadcastShape, type Node, numbers, sameShape, type Shape } from '../graph/node.ts'
import { isElementwise, type Op } from '../graph/ops.ts'

const thin = (x: Node): Node => (x.op === 'Broadcast' ? x.inputs[0] : x)

/** f(broadcast a, broadcast b) = broadcast f(a, b). */
const throughElementwise: Rule = (graph, { op, inputs, attributes, shape }) => {
  if (!isElementwise(op) || !inputs.some((x) => x.op === 'Broadcast')) return null
  const thinned = inputs.map(thin)
  const thinShape = thinned.map((x) => x.shape).reduce<Shape>(broadcastShape, [])
  const result = graph.add(op as Op, thinned, attributes)
  return sameShape(thinShape, shape) ? result : graph.broadcast(result, shape)
}

/** A broadcast of a broadcast, or to the shape it has. */
const collapse: Rule = (graph, { op, inputs: [x], shape }) => {
  if (op !== 'Broadcast') return null
  if (sameShape(x.shape, shape)) return x
  return x.op === 'Broadcast' ? graph.broadcast(x.inputs[0], shape) : null
}

/** Summing a number that is everywhere the same is multiplying it by their count; its mean is itself. */
const throughReduction: Rule = (graph, { op, inputs: [x], attributes, shape }) => {
  if (x?.op !== 'Broadcast' || x.inputs[0].shape.length > 0 || !['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin'].includes(op))
    return null
  const count = op === 'ReduceSum' ? numbers(attributes.axes).reduce((product, axis) => product * x.shape[axis], 1) : 1
  return graph.broadcast(graph.add('Mul', [x.inputs[0], graph.scalar(count, x.dtype)]), shape)
}

/** Reshape and transpose only rename the axes of one repeated number. */
const throughRenaming: Rule = (graph, { op, inputs: [x], shape }) => {
  const renames = op === 'Reshape' || op === 'Transpose' || op === 'Slice' || op === 'Tile'
  return renames && x.op === 'Broadcast' && x.inputs[0].shape.length === 0 ? graph.broadcast(x.inputs[0], shape) : null
}

export const broadcastRules: readonly Rule[] = [collapse, throughElementwise, throughReduction, throughRenaming]
