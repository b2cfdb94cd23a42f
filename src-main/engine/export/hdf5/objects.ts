/** Groups and arrays as HDF5 tells them: object headers of version 2 made of messages (specification IV.A). */
import { ByteWriter } from './bytes.ts'
import { lookup3 } from './checksum.ts'
import { bytesOf, describedType, sizeOf, type ValueType } from './types.ts'

/** A flag, a text, or a list of texts or of whole numbers. */
export type Attribute = boolean | string | readonly string[] | readonly number[]

interface WithAttributes {
  readonly attributes?: Readonly<Record<string, Attribute>>
}
export interface GroupNode extends WithAttributes {
  readonly kind: 'group'
  readonly children: Readonly<Record<string, H5Node>>
}
export interface ScalarNode extends WithAttributes {
  readonly kind: 'scalar'
  readonly value: boolean | number | string
}
/** An array whose values are in the file already. */
export interface ArrayNode extends WithAttributes {
  readonly kind: 'array'
  readonly type: ValueType
  readonly shape: readonly number[]
  /** null without any value. */
  readonly chunks: { readonly rows: number; readonly tree: number } | null
  readonly gzipLevel: number | null
}
export type H5Node = GroupNode | ScalarNode | ArrayNode

const messageTypes = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  fillValue: 0x05,
  link: 0x06,
  layout: 0x08,
  groupInfo: 0x0a,
  filters: 0x0b,
  attribute: 0x0c,
} as const

type Message = readonly [type: number, body: Uint8Array]
/** The reference to a text that is in a heap already. */
export type ReferenceOf = (text: string) => Uint8Array

/** 'OHDR', version 2, sizes in four bytes; the checksum is of all before it. */
function headerOf(messages: readonly Message[]): Uint8Array {
  const body = new ByteWriter()
  for (const [type, bytes] of messages) body.u8(type).u16(bytes.length).u8(0).bytes(bytes)
  const content = body.done()
  const head = new ByteWriter().ascii('OHDR').u8(2, 2).u32(content.length).bytes(content).done()
  return new ByteWriter().bytes(head).u32(lookup3(head)).done()
}

function dataspace(shape: readonly number[]): Uint8Array {
  const writer = new ByteWriter().u8(2, shape.length, 0, shape.length === 0 ? 0 : 1)
  for (const n of shape) writer.u64(n)
  return writer.done()
}

/** @param addresses  of the children's headers, by name */
export function groupHeader({ attributes }: GroupNode, addresses: Readonly<Record<string, number>>, referenceOf: ReferenceOf): Uint8Array {
  const links = Object.entries(addresses).map(([name, address]): Message => {
    const bytes = new TextEncoder().encode(name)
    // Flags: the character set is told (1 = UTF-8), and the length of the name in two bytes. No type: a hard link.
    return [messageTypes.link, new ByteWriter().u8(1, 0x11, 1).u16(bytes.length).bytes(bytes).u64(address).done()]
  })
  return headerOf([
    [messageTypes.linkInfo, new ByteWriter().u8(0, 0).u64(null).u64(null).done()],
    [messageTypes.groupInfo, Uint8Array.of(0, 0)],
    ...links,
    ...attributeMessages(attributes, referenceOf),
  ])
}

/** Space is given when it is written; nothing is filled in. */
const noFill: Message = [messageTypes.fillValue, Uint8Array.of(3, 0x0b)]

export function arrayHeader({ type, shape, chunks, gzipLevel, attributes }: ArrayNode, referenceOf: ReferenceOf): Uint8Array {
  const layout = new ByteWriter()
  if (chunks === null) layout.u8(3, 1).u64(null).u64(0)
  else {
    layout
      .u8(3, 2, shape.length + 1)
      .u64(chunks.tree)
      .u32(chunks.rows)
    for (const n of [...shape.slice(1), sizeOf[type]]) layout.u32(n)
  }
  return headerOf([
    [messageTypes.dataspace, dataspace(shape)],
    [messageTypes.datatype, describedType(type)],
    noFill,
    [messageTypes.layout, layout.done()],
    ...(chunks !== null && gzipLevel !== null ? [filters(sizeOf[type], gzipLevel)] : []),
    ...attributeMessages(attributes, referenceOf),
  ])
}

/** Bytes of equal place in their values put together (filter 2), then deflate (filter 1). */
const filters = (valueBytes: number, level: number): Message => [
  messageTypes.filters,
  new ByteWriter().u8(2, 2).u16(2).u16(1).u16(1).u32(valueBytes).u16(1).u16(1).u16(1).u32(level).done(),
]

export function scalarHeader({ value, attributes }: ScalarNode, referenceOf: ReferenceOf): Uint8Array {
  const { type, bytes } = stored(value, referenceOf)
  return headerOf([
    [messageTypes.dataspace, dataspace([])],
    [messageTypes.datatype, describedType(type)],
    noFill,
    // The value lies in the header itself.
    [messageTypes.layout, new ByteWriter().u8(3, 0).u16(bytes.length).bytes(bytes).done()],
    ...attributeMessages(attributes, referenceOf),
  ])
}

/** A whole number is an int64 where it is one. */
function stored(value: boolean | number | string, referenceOf: ReferenceOf): { type: ValueType; bytes: Uint8Array } {
  if (typeof value === 'string') return { type: 'text', bytes: referenceOf(value) }
  if (typeof value === 'boolean') return { type: 'boolean', bytes: Uint8Array.of(value ? 1 : 0) }
  const type = Number.isSafeInteger(value) ? 'int64' : 'float64'
  return { type, bytes: bytesOf(type, [value]) }
}

/** What an attribute may have at most, with its name and its type: the size of a message is told in 16 bits. */
export const mostAttributeBytes = 65_000

const attributeMessages = (attributes: WithAttributes['attributes'], referenceOf: ReferenceOf): Message[] =>
  Object.entries(attributes ?? {}).map(([name, value]) => {
    const { type, shape, bytes } = attributeValue(value, referenceOf)
    const [label, datatype, space] = [new TextEncoder().encode(`${name}\0`), describedType(type), dataspace(shape)]
    const message = new ByteWriter().u8(3, 0).u16(label.length).u16(datatype.length).u16(space.length).u8(1)
    return [messageTypes.attribute, message.bytes(label).bytes(datatype).bytes(space).bytes(bytes).done()]
  })

function attributeValue(value: Attribute, referenceOf: ReferenceOf): { type: ValueType; shape: readonly number[]; bytes: Uint8Array } {
  if (typeof value === 'boolean' || typeof value === 'string') return { ...stored(value, referenceOf), shape: [] }
  const texts = value.filter((one) => typeof one === 'string')
  // No member says of what an empty list is: of texts, for the only lists that may be empty are names.
  if (texts.length < value.length) return { type: 'int64', shape: [value.length], bytes: bytesOf('int64', value as readonly number[]) }
  const writer = new ByteWriter()
  for (const text of texts) writer.bytes(referenceOf(text))
  return { type: 'text', shape: [value.length], bytes: writer.done() }
}

/** Every text of a tree that an attribute or a single value holds. */
export function* textsIn(node: H5Node): Generator<string> {
  for (const value of Object.values(node.attributes ?? {})) {
    if (typeof value === 'string') yield value
    else if (typeof value !== 'boolean') for (const one of value) if (typeof one === 'string') yield one
  }
  if (node.kind === 'scalar' && typeof node.value === 'string') yield node.value
  if (node.kind === 'group') for (const child of Object.values(node.children)) yield* textsIn(child)
}
