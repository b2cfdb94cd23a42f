/**
 * Thrift's compact protocol, as far as Parquet's footer and page headers need it. Every length is checked against the bytes there
 * are, and depth is bounded.
 */

export type ThriftValue = number | boolean | Uint8Array | readonly ThriftValue[] | ThriftStruct
export type ThriftStruct = ReadonlyMap<number, ThriftValue>

const deepest = 32

/** The bytes end before the structure does: more of them may help. */
export class ThriftEndError extends Error {}

export interface ThriftAt {
  readonly value: ThriftStruct
  /** Where the structure ends. */
  readonly end: number
}

export function readThrift(bytes: Uint8Array, at = 0): ThriftAt {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let i = at

  const byte = (): number => {
    if (i >= bytes.length) throw new ThriftEndError('the structure ends too early')
    return bytes[i++] as number
  }
  function varint(): number {
    let value = 0
    for (let k = 0; k < 10; k++) {
      const next = byte()
      if (k < 4) value += (next & 127) * 2 ** (7 * k)
      else return longVarint(value, next, k)
      if (next < 128) return value
    }
    throw new Error('a number is too long')
  }
  function longVarint(low: number, first: number, k: number): number {
    let value = BigInt(low) + (BigInt(first & 127) << BigInt(7 * k))
    let next = first
    for (let shift = 7 * (k + 1); next >= 128; shift += 7) {
      if (shift > 63) throw new Error('a number is too long')
      next = byte()
      value += BigInt(next & 127) << BigInt(shift)
    }
    return Number(value)
  }
  /** Beyond 2^53 the last digits are lost; sizes and counts that large are refused anyway. */
  const zigzag = (): number => {
    const value = varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  function binary(): Uint8Array {
    const length = varint()
    if (i + length > bytes.length) throw new ThriftEndError('a text ends too early')
    i += length
    return bytes.subarray(i - length, i)
  }
  function list(depth: number): ThriftValue[] {
    const head = byte()
    const size = head >> 4 === 15 ? varint() : head >> 4
    if (size > bytes.length - i) throw new ThriftEndError('a list ends too early')
    return Array.from({ length: size }, () => value(head & 15, depth + 1, true))
  }
  function map(depth: number): ThriftValue[] {
    const size = varint()
    if (size > bytes.length - i) throw new ThriftEndError('a map ends too early')
    if (size === 0) return []
    const types = byte()
    return Array.from({ length: size }, () => [value(types >> 4, depth + 1, true), value(types & 15, depth + 1, true)])
  }
  function value(type: number, depth: number, inList: boolean): ThriftValue {
    if (depth > deepest) throw new Error('structures are nested too deeply')
    switch (type) {
      case 1:
      case 2:
        return inList ? byte() === 1 : type === 1
      case 3:
        return (byte() << 24) >> 24
      case 4:
      case 5:
      case 6:
        return zigzag()
      case 7: {
        if (i + 8 > bytes.length) throw new ThriftEndError('a number ends too early')
        i += 8
        return view.getFloat64(i - 8, true)
      }
      case 8:
        return binary()
      case 9:
      case 10:
        return list(depth)
      case 11:
        return map(depth)
      case 12:
        return struct(depth + 1)
      default:
        throw new Error(`type ${type} is not known`)
    }
  }
  function struct(depth: number): ThriftStruct {
    const fields = new Map<number, ThriftValue>()
    let id = 0
    for (;;) {
      const head = byte()
      if (head === 0) return fields
      id = head >> 4 === 0 ? zigzag() : id + (head >> 4)
      fields.set(id, value(head & 15, depth, false))
    }
  }
  const result = struct(0)
  return { value: result, end: i }
}

export const numberIn = (struct: ThriftStruct | undefined, id: number): number | undefined => {
  const value = struct?.get(id)
  return typeof value === 'number' ? value : undefined
}
export const textIn = (struct: ThriftStruct | undefined, id: number): string | undefined => {
  const value = struct?.get(id)
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined
}
export const structIn = (struct: ThriftStruct | undefined, id: number): ThriftStruct | undefined => {
  const value = struct?.get(id)
  return value instanceof Map ? (value as ThriftStruct) : undefined
}
export const listIn = (struct: ThriftStruct | undefined, id: number): readonly ThriftValue[] => {
  const value = struct?.get(id)
  return Array.isArray(value) ? (value as readonly ThriftValue[]) : []
}
