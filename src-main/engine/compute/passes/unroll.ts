/**
 * Several steps as one: copies of the step one after the other, each with the state the one before left. For executors without a
 * loop of their own. What depends on neither state nor scan is there once.
 */
import type { Node } from '../graph/node.ts'
import { mapValues } from '../step.ts'
import type { Program } from '../trace/trace.ts'
import { reachable } from './rewrite.ts'

/** The program whose scan arrays have a leading axis of `steps`, and so has what it puts out. */
export function unroll(program: Program, steps: number): Program {
  const { title, spec } = program
  let nextId = 0
  const make = (node: Omit<Node, 'id'>): Node => ({ ...node, id: nextId++ })

  const nodes = reachable(program)
  const changing = new Set<Node>()
  for (const node of nodes) if (isGiven(node) || node.inputs.some((input) => changing.has(input))) changing.add(node)

  // Whole arrays of the scan, and what is the same in every step.
  const common = new Map<Node, Node>()
  for (const node of nodes) {
    if (node.attributes.role === 'scan') common.set(node, make({ ...node, shape: [steps, ...node.shape] }))
    else if (!changing.has(node) || node.attributes.role === 'state') common.set(node, make({ ...node, inputs: mapped(common, node) }))
  }

  let state: Record<string, Node> = {}
  const outs: Record<string, Node>[] = []
  for (let i = 0; i < steps; i++) {
    const now = new Map(common)
    const at = make({ op: 'Constant', inputs: [], attributes: {}, shape: [], dtype: 'int32', values: Int32Array.of(i) })
    for (const node of nodes) {
      const { role, name } = node.attributes
      if (role === 'scan') now.set(node, make({ ...node, op: 'Gather', inputs: [common.get(node) as Node, at], attributes: { axis: 0 } }))
      else if (role === 'state') now.set(node, i === 0 ? (common.get(node) as Node) : state[name as string])
      else if (changing.has(node)) now.set(node, make({ ...node, inputs: mapped(now, node) }))
    }
    state = mapValues(program.state, (node) => now.get(node) as Node)
    outs.push(mapValues(program.out, (node) => now.get(node) as Node))
  }

  const stacked = mapValues(program.out, (node, name) => {
    const shape = [1, ...node.shape]
    const rows = outs.map((out) => make({ ...node, op: 'Reshape', inputs: [out[name]], attributes: { shape }, shape, values: undefined }))
    return make({ ...node, op: 'Concat', inputs: rows, attributes: { axis: 0 }, shape: [steps, ...node.shape], values: undefined })
  })
  const scan = mapValues(spec.scan, ({ shape, dtype }) => ({ shape: [steps, ...shape], dtype }))
  return { title, spec: { ...spec, scan }, state, out: stacked }
}

const isGiven = ({ attributes: { role } }: Node): boolean => role === 'state' || role === 'scan'
const mapped = (by: ReadonlyMap<Node, Node>, { inputs }: Node): Node[] => inputs.map((input) => by.get(input) as Node)
