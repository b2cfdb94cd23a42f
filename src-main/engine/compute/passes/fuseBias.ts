/** A·B + c, c a row, is one Gemm, where nobody else needs A·B by itself. */
import { type Node, sameShape } from '../graph/node.ts'
import type { Program } from '../trace/trace.ts'
import { reachable, rewrite } from './rewrite.ts'

export function fuseBias(program: Program): Program {
  const uses = new Map<Node, number>()
  for (const node of reachable(program)) for (const input of node.inputs) uses.set(input, (uses.get(input) ?? 0) + 1)

  return rewrite(program, (node, inputs) => {
    if (node.op !== 'Add') return null
    for (const i of [0, 1]) {
      const [product, bias] = [node.inputs[i], node.inputs[1 - i]]
      const isRow = bias.shape.length <= 2 && bias.shape.at(-1) === node.shape[1] && (bias.shape.length === 1 || bias.shape[0] === 1)
      if (
        product.op === 'Gemm' &&
        product.inputs.length === 2 &&
        isRow &&
        sameShape(product.shape, node.shape) &&
        uses.get(product) === 1
      ) {
        return { ...inputs[i], id: node.id, inputs: [...inputs[i].inputs, inputs[1 - i]] }
      }
    }
    return null
  })
}
