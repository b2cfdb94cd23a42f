/**
 * Sparse operations as ordinary ones, for executors that have no sparse kernels. Codes become matrices full of zeros [B, M], as
 * PyTorch implementations have them; memory B · M numbers for each set of codes.
 */
import { Graph } from '../graph/graph.ts'
import { type Node, sizeOf } from '../graph/node.ts'
import type { Op } from '../graph/ops.ts'
import { fuseBias } from '../passes/fuseBias.ts'
import { reachable } from '../passes/rewrite.ts'
import { mapValues } from '../step.ts'
import { orientedProduct } from '../trace/orientedProduct.ts'
import type { Program } from '../trace/trace.ts'

type Dense = (g: Graph, inputs: readonly Node[], attributes: Node['attributes']) => Node

/** Row r's codes start at r · M of the flattened matrix. */
function flatIndex(g: Graph, index: Node, M: number): Node {
  const [B] = index.shape
  const starts = g.constant(
    Int32Array.from({ length: B }, (_, r) => r * M),
    [B, 1],
    'int32',
  )
  return g.reshape(g.add('Add', [index, starts]), [sizeOf(index.shape)])
}

function matrixOf(g: Graph, values: Node, index: Node, M: number): Node {
  const [B] = index.shape
  const flat = g.add('ScatterElements', [g.filled(0, [B * M], 'float32'), flatIndex(g, index, M), g.reshape(values, [sizeOf(index.shape)])])
  return g.reshape(flat, [B, M])
}

const dense: Readonly<Record<string, Dense>> = {
  TopCodes: (g, [pre, b], { k }) => g.add('TopK', [g.add('Add', [pre, b])], { k }),
  SparseDecode: (g, [values, index, W]) => orientedProduct(g, matrixOf(g, values, index, W.shape[0]), W, 0, 0),
  SparseDots: (g, [dy, index, W, values]) => {
    const M = W.shape[0]
    const all = g.reshape(orientedProduct(g, dy, W, 0, 1), [dy.shape[0] * M])
    const dots = g.reshape(g.add('Gather', [all, flatIndex(g, index, M)], { axis: 0 }), index.shape)
    const present = g.add('Not', [g.add('Equal', [values, g.scalar(0, 'float32')])])
    return g.add('Mul', [dots, g.cast(present, 'float32')])
  },
  SparseOuter: (g, [values, index, x], { rows }) => orientedProduct(g, matrixOf(g, values, index, rows as number), x, 1, 0),
  SparseSums: (g, [values, index], { rows }) =>
    g.add('ReduceSum', [matrixOf(g, values, index, rows as number)], { axes: [0], keepdims: 0 }),
}

export const isSparse = ({ op }: Node): boolean => op in dense

/**
 * Up to this share of the latents sparse kernels are faster than full matrix products; measured with 512 columns and 8192 latents, and
 * with 64 and 256. The dense way makes matrices full of zeros besides, which weighs more the fewer columns there are.
 */
const sparseShare = (columns: number): number => Math.min(1 / 4, (1 + 100 / columns) / 16)

/** Whether a program is better run with sparse kernels: where all its codes are few of many. */
export function worthSparse(program: Program): boolean {
  const nodes = reachable(program)
  const choices = nodes.filter(({ op }) => op === 'TopCodes')
  const columns = Math.max(1, ...nodes.flatMap(({ op, inputs }) => (op === 'SparseDecode' ? [inputs[2].shape[1]] : [])))
  return (
    choices.length > 0 && choices.every(({ inputs: [pre], attributes }) => (attributes.k as number) <= sparseShare(columns) * pre.shape[1])
  )
}

/** The program without sparse operations; itself when it has none. */
export function densely(program: Program): Program {
  const nodes = reachable(program)
  if (!nodes.some(isSparse)) return program
  const g = new Graph()
  const made = new Map<Node, Node>()
  for (const node of nodes) {
    const inputs = node.inputs.map((input) => made.get(input) as Node)
    made.set(node, remake(g, node, inputs))
  }
  const final = (node: Node): Node => made.get(node) as Node
  return fuseBias({ ...program, state: mapValues(program.state, final), out: mapValues(program.out, final) })
}

function remake(g: Graph, node: Node, inputs: readonly Node[]): Node {
  const { op, attributes, shape, dtype, values } = node
  if (op === 'Parameter') return g.parameter(attributes.role as 'state', attributes.name as string, shape, dtype)
  if (op === 'Constant' && values) return g.constant(values, shape, dtype)
  if (op in dense) return dense[op](g, inputs, attributes)
  const same = g.add(op as Op, inputs, attributes)
  const isCodes = op === 'Pick' && node.inputs[0].op === 'TopCodes' && attributes.index === 0
  return isCodes ? g.add('Relu', [same]) : same
}
