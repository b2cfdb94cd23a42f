/** Types of values as HDF5 describes them (File Format Specification 3.0, IV.A.2.d), all little-endian, and values as bytes. */

export type ValueType = 'int8' | 'int16' | 'int32' | 'int64' | 'float32' | 'float64' | 'boolean' | 'text'

/** A text is a reference of 16 bytes to a heap: its length, the heap's address, its number there. */
export const sizeOf: Readonly<Record<ValueType, number>> = {
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  float32: 4,
  float64: 8,
  boolean: 1,
  text: 16,
}

const u16 = (value: number): number[] => [value & 255, value >> 8]
const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)]

const [signed, unsigned] = [8, 0]
/** Class 0 of version 1. */
const integer = (bytes: number, sign: number): number[] => [0x10, sign, 0, 0, ...u32(bytes), ...u16(0), ...u16(8 * bytes)]
const letters = (text: string): number[] => [...new TextEncoder().encode(text), 0]

const descriptions: Readonly<Record<ValueType, readonly number[]>> = {
  int8: integer(1, signed),
  int16: integer(2, signed),
  int32: integer(4, signed),
  int64: integer(8, signed),
  // Class 1: sign, exponent and mantissa of IEEE 754 by position and size in bits, then the bias of the exponent.
  float32: [0x11, 0x20, 31, 0, ...u32(4), ...u16(0), ...u16(32), 23, 8, 0, 23, ...u32(127)],
  float64: [0x11, 0x20, 63, 0, ...u32(8), ...u16(0), ...u16(64), 52, 11, 0, 52, ...u32(1023)],
  // Class 8, version 3, two members: what h5py reads and writes as numpy's bool.
  boolean: [0x38, 2, 0, 0, ...u32(1), ...integer(1, signed), ...letters('FALSE'), ...letters('TRUE'), 0, 1],
  // Class 9: a sequence of bytes that is a text, ended by a zero in memory, UTF-8.
  text: [0x19, 1, 1, 0, ...u32(16), ...integer(1, unsigned)],
}
export const describedType = (type: ValueType): Uint8Array => Uint8Array.from(descriptions[type])

export type Numbers = ArrayLike<number>

const arrays = { int8: Int8Array, int16: Int16Array, int32: Int32Array, float32: Float32Array, float64: Float64Array, boolean: Uint8Array }

/** Numbers as the bytes of a type. An int64 has to be a whole number that a double holds. */
export function bytesOf(type: Exclude<ValueType, 'text'>, values: Numbers): Uint8Array {
  if (type === 'int64') return bytesIn(BigInt64Array.from({ length: values.length }, (_, i) => BigInt(values[i])))
  const array = arrays[type]
  return bytesIn(values instanceof array ? values : array.from(values))
}

const bytesIn = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength)
