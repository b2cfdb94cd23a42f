/** Writing protocol buffers: a message is a list of fields, each a number, text, bytes, or another message. */
const utf8 = new TextEncoder()

export type Bytes = Uint8Array
export type Field = Bytes

const wireVarint = 0
const wireBytes = 2

function varint(value: number | bigint): Bytes {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}

const tag = (field: number, wire: number): Bytes => varint((field << 3) | wire)

/** A signed or unsigned integer, an enum, a bool. */
export const integer = (field: number, value: number): Field => message(tag(field, wireVarint), varint(value))
export const bytes = (field: number, value: Bytes): Field => message(tag(field, wireBytes), varint(value.length), value)
export const text = (field: number, value: string): Field => bytes(field, utf8.encode(value))

export function float(field: number, value: number): Field {
  return message(tag(field, 5), new Uint8Array(Float32Array.of(value).buffer))
}

/** Fields one after the other are a message. */
export function message(...fields: readonly Field[]): Bytes {
  const whole = new Uint8Array(fields.reduce((length, field) => length + field.length, 0))
  let at = 0
  for (const field of fields) {
    whole.set(field, at)
    at += field.length
  }
  return whole
}
