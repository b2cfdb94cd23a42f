/**
 * The intermediate representation: a directed acyclic graph of nodes, each one operation on whole tensors with static shapes.
 *
 * Operations carry ONNX's names, because ONNX is what is emitted; but axes, shapes and sizes, which ONNX takes as little
 * int64 tensors, are plain attributes here, so that rules can read them. Four are our own:
 *
 *   Parameter  a value given from outside: state, input or scan (attributes: role, name)
 *   Constant   values known while tracing
 *   Broadcast  its input repeated up to `shape` by NumPy's rule; it costs nothing unless something needs it in full
 *   Pick       output `index` of an operation with several (Split, TopK, MaxPool)
 */
export type Dtype = 'float32' | 'int32' | 'uint32' | 'bool'
export type Shape = readonly number[]
export type Attribute = number | string | readonly number[]
export type Attributes = Readonly<Record<string, Attribute>>
export type NodeValues = Float32Array | Int32Array | Uint32Array | Uint8Array

export interface Node {
  /** Ascending in order of construction, so inputs always have smaller ids. */
  readonly id: number
  readonly op: string
  readonly inputs: readonly Node[]
  readonly attributes: Attributes
  readonly shape: Shape
  readonly dtype: Dtype
  /** Constants only. */
  readonly values?: NodeValues
}

export const sizeOf = (shape: Shape): number => shape.reduce((product, n) => product * n, 1)
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i])

/** NumPy's rule: align at the right, a missing or 1-sized axis is repeated. Throws when sizes disagree. */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const m = a[i - rank + a.length] ?? 1
    const n = b[i - rank + b.length] ?? 1
    if (m !== n && m !== 1 && n !== 1) throw new Error(`shapes [${a}] and [${b}] do not broadcast`)
    return m === 1 ? n : m
  })
}

/** The value of a one-element constant, seen through Broadcast and Reshape; null for anything else. */
export function scalarOf(node: Node): number | null {
  if (node.op === 'Broadcast' || node.op === 'Reshape') return scalarOf(node.inputs[0])
  return node.op === 'Constant' && node.values?.length === 1 ? node.values[0] : null
}

export const numbers = (attribute: Attribute | undefined): readonly number[] => attribute as readonly number[]

const arrays = { float32: Float32Array, int32: Int32Array, uint32: Uint32Array, bool: Uint8Array } as const
export const valuesOf = (dtype: Dtype, values: ArrayLike<number>): NodeValues => arrays[dtype].from(values)
