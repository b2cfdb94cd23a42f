/** What a kernel's rule is, and the pieces that rules are made of. */
import type { Graph } from '../../graph/graph.ts'
import type { Node } from '../../graph/node.ts'
import type { Op } from '../../graph/ops.ts'

type Inputs = Readonly<Record<string, Node>>
/** Attributes as tfjs passes them; each rule knows the types of its kernel's. */
type Attrs = Readonly<Record<string, never>>

/** The kernel's results as graph nodes. */
export type KernelRule = (g: Graph, inputs: Inputs, attrs: Attrs) => Node | Node[]
export type KernelTable = Readonly<Record<string, KernelRule>>

export const unary =
  (op: Op): KernelRule =>
  (g, { x }) =>
    g.add(op, [x])

export const binary =
  (op: Op): KernelRule =>
  (g, { a, b }) =>
    g.add(op, [a, b])

export const f32 = (g: Graph, value: number): Node => g.scalar(value, 'float32')

/** The axes meant, counted from the front; none given means all. */
export const axesOf = (axis: number | readonly number[] | null | undefined, rank: number): number[] =>
  axis === null || axis === undefined ? Array.from({ length: rank }, (_, i) => i) : [axis].flat().map((i) => (i < 0 ? i + rank : i))

/** The results of an operation that has several. */
export const pick = (g: Graph, many: Node, count: number): Node[] =>
  Array.from({ length: count }, (_, index) => g.add('Pick', [many], { index }))

export const slice = (g: Graph, x: Node, starts: readonly number[], sizes: readonly number[], steps = starts.map(() => 1)): Node =>
  g.add('Slice', [x], { starts, sizes, steps })

export const transpose = (g: Graph, x: Node, perm: readonly number[]): Node => g.add('Transpose', [x], { perm })
