/** The parts of onnx.proto that a program needs; field numbers are those of the specification. */
import type { Dtype, NodeValues, Shape } from '../graph/node.ts'
import { type Bytes, bytes, float, integer, message, text } from './protobuf.ts'

/** The versions every program is written for; opset 18 is the oldest that has all operations used. */
const irVersion = 10
export const opset = 21

const elementType: Readonly<Record<Dtype | 'int64', number>> = { float32: 1, int32: 6, int64: 7, bool: 9, uint32: 12 }
export type OnnxAttribute =
  | number
  | readonly number[]
  | string
  | { readonly graph: Bytes }
  | { readonly tensor: Bytes }
  | { readonly float: number }

/** name, type INT, FLOAT … and the value in the field of that type. */
function attribute(name: string, value: OnnxAttribute): Bytes {
  const of = (type: number, ...fields: Bytes[]): Bytes => message(text(1, name), ...fields, integer(20, type))
  if (typeof value === 'number') return of(2, integer(3, value))
  if (typeof value === 'string') return of(3, text(4, value))
  if ('graph' in value) return of(5, bytes(6, value.graph))
  if ('tensor' in value) return of(4, bytes(5, value.tensor))
  return 'float' in value ? of(1, float(2, value.float)) : of(7, ...value.map((v) => integer(8, v)))
}

export function node(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>> = {},
): Bytes {
  return message(
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(3, `${opType} ${outputs[0]}`),
    text(4, opType),
    ...Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))),
  )
}

export function tensor(name: string, shape: Shape, dtype: Dtype | 'int64', values: NodeValues | BigInt64Array): Bytes {
  return message(
    ...shape.map((n) => integer(1, n)),
    integer(2, elementType[dtype]),
    text(8, name),
    bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  )
}

/** A named value with its type; an axis of unknown length is a name. */
export function valueInfo(name: string, shape: readonly (number | string)[], dtype: Dtype | 'int64'): Bytes {
  const axes = shape.map((n) => bytes(1, typeof n === 'number' ? integer(1, n) : text(2, n)))
  const tensorType = message(integer(1, elementType[dtype]), bytes(2, message(...axes)))
  return message(text(1, name), bytes(2, bytes(1, tensorType)))
}

export interface GraphParts {
  readonly nodes: readonly Bytes[]
  readonly initialisers?: readonly Bytes[]
  readonly inputs: readonly Bytes[]
  readonly outputs: readonly Bytes[]
}
export const graph = (name: string, { nodes, initialisers = [], inputs, outputs }: GraphParts): Bytes =>
  message(
    ...nodes.map((n) => bytes(1, n)),
    text(2, name),
    ...initialisers.map((t) => bytes(5, t)),
    ...inputs.map((v) => bytes(11, v)),
    ...outputs.map((v) => bytes(12, v)),
  )

/** What a file says of itself, for people and other programs. */
export interface ModelInfo {
  readonly producerVersion?: string
  readonly description?: string
  readonly metadata?: Readonly<Record<string, string>>
}
export const model = (main: Bytes, { producerVersion, description, metadata = {} }: ModelInfo = {}): Bytes =>
  message(
    integer(1, irVersion),
    text(2, 'stratum'),
    ...(producerVersion === undefined ? [] : [text(3, producerVersion)]),
    ...(description === undefined ? [] : [text(6, description)]),
    bytes(7, main),
    bytes(8, integer(2, opset)),
    ...Object.entries(metadata).map(([key, value]) => bytes(14, message(text(1, key), text(2, value)))),
  )
