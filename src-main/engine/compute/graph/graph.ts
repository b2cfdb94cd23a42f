/**
 * Builds the graph bottom-up. Every node passes the rewriting rules on its way in and is then hash-consed: asking for
 * the same operation on the same inputs gives the node that is there already, so common subexpressions exist once.
 */
import { broadcastRules } from '../passes/broadcast.ts'
import { algebraRules } from '../passes/algebra.ts'
import { columnSumRules } from '../passes/columnSums.ts'
import { foldRules } from '../passes/fold.ts'
import { layoutRules } from '../passes/layout.ts'
import { scaledFactorRules } from '../passes/scaledFactors.ts'
import { sinkingRules } from '../passes/sinking.ts'
import { type Attributes, type Dtype, type Node, type NodeValues, sameShape, type Shape, sizeOf, valuesOf } from './node.ts'
import { type Op, ops } from './ops.ts'

/** A cheaper node of the same value for `op(inputs)`, or null. Shape and type are those of the candidate. */
export type Rule = (graph: Graph, candidate: Omit<Node, 'id'>) => Node | null

const rules: readonly Rule[] = [
  ...foldRules,
  ...broadcastRules,
  ...algebraRules,
  ...layoutRules,
  ...sinkingRules,
  ...columnSumRules,
  ...scaledFactorRules,
]

/** Operations whose inputs may change places; sorted, so that a + b and b + a are one node. */
const commutative = new Set(['Add', 'Mul', 'Max', 'Min', 'And', 'Or', 'Xor', 'Equal', 'BitwiseXor', 'BitwiseAnd'])

export class Graph {
  readonly #known = new Map<string, Node>()
  #nextId = 0

  /** Nodes made so far. */
  get size(): number {
    return this.#nextId
  }

  /** `op` applied to `inputs`, simplified. */
  add(op: Op, inputs: readonly Node[], attributes: Attributes = {}): Node {
    const ordered = commutative.has(op) ? [...inputs].sort((a, b) => a.id - b.id) : inputs
    const candidate = { op, inputs: ordered, attributes, ...pickType(ops[op](ordered, attributes)) }
    for (const rule of rules) {
      const simpler = rule(this, candidate)
      if (simpler) return simpler
    }
    return this.#intern(`${op}(${ordered.map((x) => x.id)})${JSON.stringify(attributes)}`, candidate)
  }

  parameter(role: 'state' | 'inputs' | 'scan', name: string, shape: Shape, dtype: Dtype): Node {
    return this.#intern(`${role}.${name}`, { op: 'Parameter', inputs: [], attributes: { role, name }, shape, dtype })
  }

  /** Equal small constants become one node; large ones are kept as they come, comparing them would cost more than it saves. */
  constant(values: NodeValues, shape: Shape, dtype: Dtype): Node {
    if (values.length > 1 && values.every((v) => Object.is(v, values[0]))) return this.filled(values[0], shape, dtype)
    const key = values.length <= 64 ? `${dtype}[${shape}]${values}` : `constant ${this.#nextId}`
    return this.#intern(key, { op: 'Constant', inputs: [], attributes: {}, shape, dtype, values })
  }

  scalar(value: number, dtype: Dtype): Node {
    return this.constant(valuesOf(dtype, [value]), [], dtype)
  }

  /** One number repeated over `shape`. */
  filled(value: number, shape: Shape, dtype: Dtype): Node {
    return this.broadcast(this.scalar(value, dtype), shape)
  }

  broadcast(x: Node, shape: Shape): Node {
    return sameShape(x.shape, shape) ? x : this.add('Broadcast', [x], { shape })
  }

  reshape(x: Node, shape: Shape): Node {
    if (sizeOf(shape) !== sizeOf(x.shape)) throw new Error(`[${x.shape}] cannot be seen as [${shape}]`)
    return this.add('Reshape', [x], { shape })
  }

  cast(x: Node, to: Dtype): Node {
    return this.add('Cast', [x], { to })
  }

  #intern(key: string, node: Omit<Node, 'id'>): Node {
    const known = this.#known.get(key)
    if (known) return known
    const fresh = { id: this.#nextId++, ...node }
    this.#known.set(key, fresh)
    return fresh
  }
}

const pickType = ({ shape, dtype }: { shape: Shape; dtype: Dtype }) => ({ shape, dtype })
