/**
 * Which nodes at the end of a step become fused kernels: the elementwise arithmetic that makes new state of large arrays, which is
 * what an optimiser is. No optimiser is known by name; a region grows from a new state towards the inputs as long as operations can be
 * fused and nobody else needs what lies between.
 */
import { type Node, sameShape, type Shape, scalarOf, sizeOf } from '../graph/node.ts'
import { reachable } from '../passes/rewrite.ts'
import type { Program } from '../trace/trace.ts'
import { type Extent, fusible, type RowNode, type RowProgram } from '../wasm/fusedRows.ts'

export interface Region {
  readonly nodes: ReadonlySet<Node>
  readonly program: RowProgram
  /** In the order of the program's leaves. */
  readonly leaves: readonly Node[]
  /** Names of the states made, in the order of the program's results. */
  readonly states: readonly string[]
}

/** Smaller arrays are left where they are: the call would cost as much as it saves. */
const worthFusing = 16_384

const thin = (x: Node): Node => (x.op === 'Broadcast' ? thin(x.inputs[0]) : x)

/** How a node lies beside arrays of `shape`; null where it does not. */
function extentOf(node: Node, shape: Shape): Extent | null {
  if (sizeOf(node.shape) === 1) return 'scalar'
  if (sameShape(node.shape, shape)) return 'full'
  return shape.length > 1 && sameShape(node.shape, [...shape.slice(0, -1), 1]) ? 'row' : null
}

/** Sums only along the last axis of full arrays. */
function isFusible({ op, inputs, attributes, shape: own }: Node, shape: Shape): boolean {
  if (!fusible.has(op) || sizeOf(own) === 1) return false
  if (op === 'ReduceSum')
    return sameShape(inputs[0].shape, shape) && `${attributes.axes}` === `${shape.length - 1}` && attributes.keepdims === 1
  return inputs.every((x) => x.dtype !== 'int32' && x.dtype !== 'uint32' && extentOf(thin(x), shape) !== null)
}

export function regionsOf(program: Program): Region[] {
  const grown = grow(program)
  const regions = [...new Set(grown.values())].map((group) => regionOf(program, group, grown))
  // A region writes its states in place, when all else is done. Where its old state is a result as well, or read by another region,
  // that would be too early: such a region is left to others.
  const results = [...Object.values(program.state), ...Object.values(program.out)].map(thin)
  return regions.filter(
    (region) =>
      region.leaves.every(({ dtype }) => dtype === 'float32') &&
      !region.states.some((name) => results.some((result) => isStateOf(result)(name))) &&
      !regions.some((other) => other !== region && region.leaves.some((leaf) => other.states.some(isStateOf(leaf)))),
  )
}

const isStateOf =
  ({ op, attributes }: Node) =>
  (name: string): boolean =>
    op === 'Parameter' && attributes.role === 'state' && attributes.name === name

interface Group {
  readonly shape: Shape
}

/** The group of every node that can be fused. */
function grow(program: Program): Map<Node, Group> {
  const nodes = reachable(program)
  const users = new Map<Node, Node[]>(nodes.map((node) => [node, []]))
  for (const node of nodes) if (node.op !== 'Broadcast') for (const input of node.inputs) users.get(thin(input))?.push(node)
  const newStates = new Set(Object.values(program.state))
  const wanted = new Set([...Object.values(program.out), ...[...newStates].filter(({ op }) => op === 'Broadcast')].map(thin))

  const groups = new Map<Node, Group>()
  const merge = (into: Group, from: Group): void => {
    for (const [node, group] of groups) if (group === from) groups.set(node, into)
  }
  for (const node of [...nodes].reverse()) {
    const own = users.get(node) as Node[]
    if (wanted.has(node) || own.some((user) => !groups.has(user))) continue
    const around = [...new Set(own.map((user) => groups.get(user) as Group))]
    const starts = newStates.has(node) && node.dtype === 'float32' && sizeOf(node.shape) >= worthFusing
    if (newStates.has(node) ? !starts : !around.length) continue
    const shape = around[0]?.shape ?? node.shape
    if (around.some((group) => !sameShape(group.shape, shape)) || !isFusible(node, shape)) continue
    if (!sameShape(node.shape, shape) && (starts || around.length > 1)) continue
    const group = around[0] ?? { shape }
    for (const other of around.slice(1)) merge(group, other)
    groups.set(node, group)
  }
  return groups
}

function regionOf(program: Program, group: Group, groups: ReadonlyMap<Node, Group>): Region {
  const nodes = [...groups].flatMap(([node, own]) => (own === group ? [node] : [])).sort((a, b) => a.id - b.id)
  const inside = new Set(nodes)
  const numbers = new Map<Node, number>()
  const rowNodes: RowNode[] = []
  const leaves: Node[] = []
  const add = (node: Node, rowNode: RowNode): void => {
    numbers.set(node, rowNodes.push(rowNode) - 1)
  }
  const extent = (node: Node): Extent => extentOf(node, group.shape) as Extent
  for (const node of nodes) {
    for (const input of node.inputs.map(thin)) {
      if (numbers.has(input)) continue
      const value = scalarOf(input)
      if (value === null) leaves.push(input)
      add(input, { op: value === null ? 'Leaf' : 'Number', extent: extent(input), inputs: [], ...(value !== null && { value }) })
    }
    add(node, { op: node.op, extent: extent(node), inputs: node.inputs.map((input) => numbers.get(thin(input)) as number) })
  }
  const made = Object.entries(program.state).filter(([, node]) => inside.has(node))
  const results = made.map(([name, node]) => ({
    node: numbers.get(node) as number,
    over: numbers.get(leaves.find((leaf) => isStateOf(leaf)(name)) as Node) ?? -1,
  }))
  // Without sums the rows are of no interest.
  const columns = rowNodes.some((node) => node.extent === 'row') ? (group.shape.at(-1) as number) : sizeOf(group.shape)
  return {
    nodes: inside,
    program: { rows: sizeOf(group.shape) / columns, columns, nodes: rowNodes, results },
    leaves,
    states: made.map(([name]) => name),
  }
}
