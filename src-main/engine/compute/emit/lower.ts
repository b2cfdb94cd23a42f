/** Graph nodes as ONNX nodes. Most keep name and attributes; the table holds those that ONNX wants otherwise. */
import { type Attributes, type Node, type NodeValues, numbers, scalarOf, type Shape, sizeOf } from '../graph/node.ts'
import { outputCount } from '../graph/ops.ts'
import { type OnnxAttribute, node as onnxNode, tensor } from './onnx.ts'
import type { Bytes } from './protobuf.ts'
import { hasRows, type RowCount } from './rowCount.ts'

export interface Lowered {
  readonly nodes: Bytes[]
  readonly initialisers: Bytes[]
}

/** int64 lists that ONNX takes as tensors; equal ones are stored once. */
class Body implements Lowered {
  readonly nodes: Bytes[] = []
  readonly initialisers: Bytes[] = []
  readonly #lists = new Map<string, string>()
  readonly #rows: RowCount | null

  /** @param rows  of programs for any number of rows */
  constructor(rows: RowCount | null) {
    this.#rows = rows
  }

  emit(op: string, inputs: readonly string[], outputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): void {
    this.nodes.push(onnxNode(op, inputs, outputs, attributes))
  }
  constant(name: string, shape: Shape, dtype: Node['dtype'], values: NodeValues): void {
    if (this.#rows && hasRows(shape)) this.#rows.constant(this, name, shape, dtype, values)
    else this.initialisers.push(tensor(name, shape, dtype, values))
  }
  /** The name of an int64 list; a plain number is a scalar. */
  list(values: readonly number[] | number): string {
    const flat = [values].flat()
    if (this.#rows && typeof values !== 'number' && hasRows(flat)) return this.#rows.list(this, flat)
    const name = `int64[${values}]${typeof values === 'number' ? 's' : ''}`
    if (!this.#lists.has(name)) {
      this.#lists.set(name, name)
      this.initialisers.push(tensor(name, typeof values === 'number' ? [] : [flat.length], 'int64', BigInt64Array.from(flat, BigInt)))
    }
    return name
  }
  scalar(name: string, dtype: Node['dtype'], values: NodeValues): string {
    this.constant(name, [], dtype, values)
    return name
  }
}

/** `outputs` that nobody uses are ''. */
type Lowering = (body: Body, node: Node, inputs: readonly string[], outputs: readonly string[]) => void

const reduction: Lowering = (body, { op, attributes }, [x], y) =>
  body.emit(op, [x, body.list(numbers(attributes.axes))], y, { keepdims: attributes.keepdims as number })
const oneAxis: Lowering = (body, { op, attributes }, x, y) => body.emit(op, x, y, { axis: attributes.axis as number })
/** ONNX counts in int64, we in int32. */
const argReduction: Lowering = (body, { op, attributes }, x, [y]) => {
  body.emit(op, x, [`${y} int64`], { axis: attributes.axis as number, keepdims: 0 })
  body.emit('Cast', [`${y} int64`], [y], { to: 6 })
}
/** Values, and where they came from: ONNX's int64 as int32, where anybody asks. */
function withIndex(
  body: Body,
  op: string,
  inputs: readonly string[],
  [values, index]: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>>,
): void {
  const first = values || `${index} unused`
  const places = `${index || `${first} index`} int64`
  body.emit(op, inputs, index || op === 'TopK' ? [first, places] : [first], attributes)
  if (index) body.emit('Cast', [places], [index], { to: 6 })
}
const window = ({ strides, pads }: Attributes) => ({ strides: numbers(strides), pads: numbers(pads) })
const elementTypes = { float32: 1, int32: 6, uint32: 12, bool: 9 } as const

const lowerings: Readonly<Record<string, Lowering>> = {
  Constant: (body, { shape, dtype, values }, _, [y]) => body.constant(y, shape, dtype, values as NodeValues),
  Pick: () => {}, // the operation picked from has written it
  Broadcast: (body, { shape }, [x], y) => body.emit('Expand', [x, body.list(shape)], y),
  Reshape: (body, { shape }, [x], y) => body.emit('Reshape', [x, body.list(shape)], y),
  Cast: (body, { attributes }, x, y) => body.emit('Cast', x, y, { to: elementTypes[attributes.to as keyof typeof elementTypes] }),
  BitShift: (body, { attributes }, x, y) => body.emit('BitShift', x, y, { direction: attributes.direction as string }),
  LeakyRelu: (body, { attributes }, x, y) => body.emit('LeakyRelu', x, y, { alpha: { float: attributes.alpha as number } }),
  Clip: (body, { attributes }, [x], [y]) => {
    const bound = (name: 'min' | 'max') => body.scalar(`${y} ${name}`, 'float32', Float32Array.of(attributes[name] as number))
    body.emit('Clip', [x, bound('min'), bound('max')], [y])
  },
  // For fractions ONNX offers only the remainder with the sign of the first.
  Mod: (body, { dtype }, x, y) => body.emit('Mod', x, y, { fmod: dtype === 'float32' ? 1 : 0 }),
  Gemm: (body, { attributes }, x, y) =>
    body.emit('Gemm', x, y, {
      transA: attributes.transA as number,
      transB: attributes.transB as number,
      ...(attributes.alpha !== undefined && { alpha: { float: attributes.alpha as number } }),
    }),
  ReduceSum: reduction,
  ReduceMean: reduction,
  ReduceMax: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
  ArgMax: argReduction,
  ArgMin: argReduction,
  Softmax: oneAxis,
  LogSoftmax: oneAxis,
  Concat: oneAxis,
  Gather: oneAxis,
  CumSum: (body, { attributes }, [x], y) =>
    body.emit('CumSum', [x, body.list(attributes.axis as number)], y, {
      exclusive: attributes.exclusive as number,
      reverse: attributes.reverse as number,
    }),
  Transpose: (body, { attributes }, x, y) => body.emit('Transpose', x, y, { perm: numbers(attributes.perm) }),
  Tile: (body, { attributes }, [x], y) => body.emit('Tile', [x, body.list(numbers(attributes.repeats))], y),
  Slice: (body, node, [x], y) => {
    const { starts, ends, steps } = sliceBounds(node.attributes)
    body.emit('Slice', [x, body.list(starts), body.list(ends), body.list(starts.map((_, i) => i)), body.list(steps)], y)
  },
  Pad: (body, { attributes }, [x], [y]) => {
    const value = body.scalar(`${y} value`, 'float32', Float32Array.of(attributes.value as number))
    body.emit('Pad', [x, body.list([...numbers(attributes.before), ...numbers(attributes.after)]), value], [y])
  },
  ScatterElements: (body, _, x, y) => body.emit('ScatterElements', x, y, { axis: 0, reduction: 'add' }),
  // The depth must be int32 beside int32 indices: the runtime has no mixed version.
  OneHot: (body, { attributes }, [index], [y]) => {
    const depth = body.scalar(`${y} depth`, 'int32', Int32Array.of(attributes.depth as number))
    body.constant(`${y} values`, [2], 'float32', Float32Array.of(attributes.off as number, attributes.on as number))
    body.emit('OneHot', [index, depth, `${y} values`], [y], { axis: -1 })
  },
  // Every part must have a name, also those that nobody uses.
  Split: (body, { id, attributes }, [x], y) =>
    body.emit(
      'Split',
      [x, body.list(numbers(attributes.sizes))],
      y.map((name, i) => name || `v${id}.${i}`),
      {
        axis: attributes.axis as number,
      },
    ),
  TopK: (body, { attributes }, [x], y) => withIndex(body, 'TopK', [x, body.list([attributes.k as number])], y, { axis: -1 }),
  MaxPool: (body, { attributes }, x, y) =>
    withIndex(body, 'MaxPool', x, y, { kernel_shape: numbers(attributes.size), ...window(attributes) }),
  AveragePool: (body, { attributes }, x, y) =>
    body.emit('AveragePool', x, y, { kernel_shape: numbers(attributes.size), ...window(attributes) }),
  Conv: (body, { attributes }, x, y) =>
    body.emit('Conv', x, y, { ...window(attributes), dilations: numbers(attributes.dilations), group: attributes.group as number }),
  ConvTranspose: (body, { attributes }, x, y) =>
    body.emit('ConvTranspose', x, y, {
      ...window(attributes),
      dilations: numbers(attributes.dilations),
      group: attributes.group as number,
      output_padding: numbers(attributes.outputPadding),
    }),
}

/** Backwards, the end before the first element is written as the smallest number: −1 would mean the last element. */
function sliceBounds({ starts, sizes, steps }: Attributes): {
  starts: readonly number[]
  ends: readonly number[]
  steps: readonly number[]
} {
  const from = numbers(starts)
  const by = numbers(steps)
  const ends = from.map((start, i) => start + numbers(sizes)[i] * by[i])
  return { starts: from, ends: ends.map((end, i) => (by[i] < 0 && end < 0 ? -(2 ** 31) : end)), steps: by }
}

/** The name a node's value has in every program that makes or reads it. */
export const nameOf = ({ id, op, inputs, attributes }: Node): string => (op === 'Pick' ? `v${inputs[0].id}.${attributes.index}` : `v${id}`)

const plain: Lowering = (body, { op }, inputs, outputs) => body.emit(op, inputs, outputs)

/** Processors shift whole numbers several times faster than they divide them; graphics cards under ONNX Runtime only divide. */
const shifted: Lowering = (body, node, [x, by], y) => {
  const divisor = node.dtype === 'uint32' ? scalarOf(node.inputs[1]) : null
  const bits = Math.log2(divisor ?? 0)
  if (!Number.isInteger(bits)) return plain(body, node, [x, by], y)
  body.emit('BitShift', [x, body.scalar(`${y[0]} bits`, 'uint32', Uint32Array.of(bits))], y, { direction: 'RIGHT' })
}

/** The runtime gives no part of a logarithm of this many numbers to another thread. Measured: it begins at about 13 000. */
const undivided = 8192

/**
 * ln is rounded otherwise in the last few numbers of a thread's share, so that bits would depend on the number of threads. Pieces
 * that are not divided have no such shares. They cost a fifth more than one logarithm, which is not divided well either.
 */
const logarithm: Lowering = (body, node, [x], [y]) => {
  const size = sizeOf(node.shape)
  if (size <= undivided || hasRows(node.shape)) return plain(body, node, [x], [y])
  const sizes = Array.from({ length: Math.ceil(size / undivided) }, (_, i) => Math.min(undivided, size - i * undivided))
  const pieces = sizes.map((_, i) => `${y} piece ${i}`)
  body.emit('Reshape', [x, body.list([size])], [`${y} flat`])
  body.emit('Split', [`${y} flat`, body.list(sizes)], pieces, { axis: 0 })
  for (const piece of pieces) body.emit('Log', [piece], [`${piece} log`])
  body.emit(
    'Concat',
    pieces.map((piece) => `${piece} log`),
    [`${y} log`],
    { axis: 0 },
  )
  body.emit('Reshape', [`${y} log`, body.list(node.shape)], [y])
}

const onProcessors: Readonly<Record<string, Lowering>> = { Div: shifted, Log: logarithm }

/** What a program is written for. */
export type Target = 'processor' | 'graphics'

/**
 * @param names  already has the names of parameters, and of others that are to have a certain one; gets those of everything else
 * @param rows   of programs for any number of rows
 */
export function lower(
  nodes: readonly Node[],
  names: Map<Node, string>,
  target: Target = 'processor',
  rows: RowCount | null = null,
): Lowered {
  const body = new Body(rows)
  const used = new Set(nodes.flatMap((node) => (node.op === 'Pick' ? [nameOf(node)] : [])))
  for (const node of nodes) {
    if (node.op === 'Parameter') continue
    const count = outputCount(node)
    const name = names.get(node) ?? nameOf(node)
    names.set(node, name)
    const outputs = count > 1 ? Array.from({ length: count }, (_, i) => `${name}.${i}`).map((o) => (used.has(o) ? o : '')) : [name]
    const inputs = node.inputs.map((input) => names.get(input) as string)
    const special = target === 'processor' ? onProcessors[node.op] : undefined
    const lowering = special ?? lowerings[node.op] ?? plain
    lowering(body, node, inputs, outputs)
  }
  return body
}
