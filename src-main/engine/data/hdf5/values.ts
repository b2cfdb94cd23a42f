/** Bytes of an HDF5 array as values of JavaScript. */
import type { Metadata } from 'h5wasm/node'
import { StratumError } from '#common/errors.ts'
import { fromFloat16 } from '../../project/float16.ts'

export type NumericArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array

/** Numbers as one typed array (float16 as float32), texts as a list, records as a list of lists. */
export type Values = NumericArray | string[] | unknown[][]

/**
 * 'int8' … 'uint64', 'float16' … 'float64', 'boolean' (h5py's enumeration of FALSE and TRUE), 'enum' (read as its integers; names
 * in `metadata.enum_type.members`), 'text', 'record'; null for what cannot be read.
 * HDF5 classes: 0 integer, 1 float, 3 text, 6 compound, 8 enumeration.
 */
export function dtypeOf({ type, size, signed, enum_type: members }: Metadata): string | null {
  const integer = (size === 1 || size === 2 || size === 4 || size === 8) && `${signed ? 'int' : 'uint'}${size * 8}`
  if (type === 0) return integer || null
  if (type === 1) return size === 2 || size === 4 || size === 8 ? `float${size * 8}` : null
  if (type === 3) return 'text'
  if (type === 6) return 'record'
  if (type !== 8 || !members || !integer) return null
  const names = Object.entries(members.members)
  const boolean = size === 1 && names.length === 2 && members.members.FALSE === 0 && members.members.TRUE === 1
  return boolean ? 'boolean' : 'enum'
}

export const isNumeric = (dtype: string): boolean => /^(?:u?int|float)\d+$/.test(dtype) || dtype === 'boolean'

/** The values of `bytes`, little-endian. `text` resolves a text of variable length, given its place in the bytes. */
export function decodeValues(bytes: Uint8Array<ArrayBuffer>, metadata: Metadata, text: (at: number) => string): Values {
  const { type, size, signed } = metadata
  if (type === 3) return metadata.vlen ? variableTexts(bytes, size, text) : fixedTexts(bytes, metadata)
  if (type === 6) return records(bytes, metadata, text)
  return numbersOf(bytes, type === 1, size, signed)
}

function numbersOf(bytes: Uint8Array<ArrayBuffer>, float: boolean, size: number, signed: boolean): NumericArray {
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice()
  const args = [aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / size)] as const
  if (float) {
    if (size === 8) return new Float64Array(...args)
    if (size === 4) return new Float32Array(...args)
    const values = new Float32Array(args[2])
    fromFloat16(new Uint16Array(...args), values)
    return values
  }
  if (size === 8) return signed ? new BigInt64Array(...args) : new BigUint64Array(...args)
  if (size === 4) return signed ? new Int32Array(...args) : new Uint32Array(...args)
  if (size === 2) return signed ? new Int16Array(...args) : new Uint16Array(...args)
  return signed ? new Int8Array(...args) : new Uint8Array(...args)
}

const decoder = new TextDecoder()

function fixedText(bytes: Uint8Array, from: number, size: number, padded: boolean): string {
  let end = from
  while (end < from + size && bytes[end] !== 0) end++
  const text = decoder.decode(bytes.subarray(from, end))
  return padded ? text.trimEnd() : text
}

function fixedTexts(bytes: Uint8Array, { size, strpad }: Metadata): string[] {
  const n = size === 0 ? 0 : Math.floor(bytes.length / size)
  return Array.from({ length: n }, (_, i) => fixedText(bytes, i * size, size, strpad === 2))
}

const variableTexts = (bytes: Uint8Array, size: number, text: (at: number) => string): string[] =>
  Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => text(i * size))

function records(bytes: Uint8Array<ArrayBuffer>, { size, compound_type: compound }: Metadata, text: (at: number) => string): unknown[][] {
  const n = size === 0 ? 0 : Math.floor(bytes.length / size)
  const columns = (compound?.members ?? []).map((member) => {
    const part = new Uint8Array(n * member.size)
    for (let i = 0; i < n; i++) {
      const from = i * size + member.offset
      part.set(bytes.subarray(from, from + member.size), i * member.size)
    }
    // Members are stored as they are in the file; only whole arrays come in this machine's order.
    const base = member.array_type ?? member
    if (!base.littleEndian && base.type !== 3) swapBytes(part, base.size)
    if (member.array_type) return fixedLists(part, n, member.array_type)
    if (dtypeOf(member) === null || member.type === 6) return null
    return decodeValues(part, member, (at) => text(Math.floor(at / member.size) * size + member.offset))
  })
  return Array.from({ length: n }, (_, i) => columns.map((column) => column?.[i] ?? null))
}

/** A member that holds several numbers, such as the 50 components of a cell. */
function fixedLists(bytes: Uint8Array<ArrayBuffer>, n: number, base: Metadata): NumericArray[] | null {
  const dtype = dtypeOf(base)
  if (dtype === null || !isNumeric(dtype)) return null
  const values = numbersOf(bytes, base.type === 1, base.size, base.signed)
  const width = n === 0 ? 0 : values.length / n
  return Array.from({ length: n }, (_, i) => values.subarray(i * width, (i + 1) * width))
}

/** Numbers stored big-endian, as little-endian. */
export function swapBytes(bytes: Uint8Array, width: number): void {
  for (let at = 0; at + width <= bytes.length; at += width) bytes.subarray(at, at + width).reverse()
}

/**
 * What a numeric read gives, as numbers: 64-bit integers come as BigInt.
 * @throws FILE_CORRUPT for an integer beyond 2^53, which no number holds
 */
export function toNumbers(values: unknown): ArrayLike<number> {
  if (!(values instanceof BigInt64Array || values instanceof BigUint64Array)) return values as ArrayLike<number>
  const numbers = new Float64Array(values.length)
  for (let i = 0; i < numbers.length; i++) numbers[i] = toNumber(values[i] as bigint)
  return numbers
}

function toNumber(value: bigint): number {
  const number = Number(value)
  if (Math.abs(number) > Number.MAX_SAFE_INTEGER)
    throw new StratumError('FILE_CORRUPT', `The integer ${value} is too large to be kept exactly.`, 'Store it as text or as float64.', {})
  return number
}
