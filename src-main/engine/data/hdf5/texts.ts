/**
 * Texts of variable length lie in global heaps. In a damaged heap the library walks on the spot for ever, so texts are read here from
 * their references and the heaps are checked on the way; where references cannot be reached, all heaps are checked before the library
 * reads.
 */
import type { Filter, Metadata } from 'h5wasm/node'
import { StratumError } from '#common/errors.ts'
import { openChunks } from './chunks.ts'
import { type Message, messageTypes, type Structure, unsigned } from './structure.ts'

const decoder = new TextDecoder()

/** A reference is the length of the text (4 bytes), the address of its heap, and its number there (4 bytes). */
export const referenceBytes = ({ addressBytes }: Structure): number => 8 + addressBytes

export function textAt(structure: Structure, references: DataView, at: number): string {
  const length = references.getUint32(at, true)
  if (length === 0) return ''
  const { addressBytes } = structure
  const heap = unsigned(references, at + 4, addressBytes)
  const bytes = structure.heapObject(heap, references.getUint32(at + 4 + addressBytes, true)).subarray(0, length)
  // Some programs count the zero that ends a text in C.
  const end = bytes.indexOf(0)
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end))
}

type ReferenceReads = (start: readonly number[], count: readonly number[]) => Uint8Array

/** Reads the references of a list of texts; null where they are stored in a way that is not read here. */
export function openReferences(
  path: string,
  place: string,
  structure: Structure,
  address: number,
  metadata: Metadata,
  filters: readonly Filter[],
): ReferenceReads | null {
  const shape = metadata.shape ?? []
  if (shape.length > 1) return null
  const valueBytes = referenceBytes(structure)
  if (metadata.chunks) {
    try {
      return openChunks(path, place, structure, address, { shape, chunk: metadata.chunks, valueBytes, filters })
    } catch (thrown) {
      // An index of a rare kind: the library knows it.
      if (thrown instanceof StratumError && thrown.code === 'FORMAT_UNSUPPORTED') return null
      throw thrown
    }
  }
  const layout = structure.messages(address).find((message) => message.type === messageTypes.layout)?.data
  if (!layout || layout.byteLength < 4 || layout.getUint8(0) < 3) return null
  const slice = ([from = 0]: readonly number[], [n = 1]: readonly number[]): [number, number] => [from * valueBytes, n * valueBytes]
  if (layout.getUint8(1) === 0) {
    const stored = new Uint8Array(layout.buffer, layout.byteOffset + 4, Math.min(layout.getUint16(2, true), layout.byteLength - 4))
    return (start, count) => {
      const [from, length] = slice(start, count)
      const out = new Uint8Array(length)
      out.set(stored.subarray(from, from + length))
      return out
    }
  }
  const first = unsigned(layout, 2, structure.addressBytes)
  return (start, count) => {
    const [from, length] = slice(start, count)
    return first < 0 ? new Uint8Array(length) : new Uint8Array(structure.read(first + from, length).buffer)
  }
}

const variableLength = 9

/** Checks the heaps that an attribute of texts leads to, before the library reads it; all heaps where they cannot be told. */
export function checkAttribute(structure: Structure, messages: readonly Message[], name: string): void {
  const references = referencesOf(structure, messages, name)
  if (!references) structure.checkHeaps()
  for (const { heap, number } of references ?? []) structure.heapObject(heap, number)
}

/** null when the attribute is not stored in the header of its object, or holds more than texts. */
function referencesOf(structure: Structure, messages: readonly Message[], name: string): { heap: number; number: number }[] | null {
  const data = messages.find((message) => message.type === messageTypes.attribute && nameOf(message.data) === name)?.data
  if (!data) return null
  const version = data.getUint8(0)
  const padded = (bytes: number): number => (version === 1 ? Math.ceil(bytes / 8) * 8 : bytes)
  const typeAt = (version === 3 ? 9 : 8) + padded(data.getUint16(2, true))
  const valuesAt = typeAt + padded(data.getUint16(4, true)) + padded(data.getUint16(6, true))
  const shared = version > 1 && (data.getUint8(1) & 1) !== 0
  if (shared || typeAt >= data.byteLength || (data.getUint8(typeAt) & 15) !== variableLength) return null
  const step = referenceBytes(structure)
  const references: { heap: number; number: number }[] = []
  for (let at = valuesAt; at + step <= data.byteLength; at += step) {
    if (data.getUint32(at, true) === 0) continue
    references.push({ heap: unsigned(data, at + 4, structure.addressBytes), number: data.getUint32(at + step - 4, true) })
  }
  return references
}

function nameOf(data: DataView): string | null {
  if (data.byteLength < 9) return null
  const from = data.getUint8(0) === 3 ? 9 : 8
  const bytes = new Uint8Array(data.buffer, data.byteOffset + from, Math.min(data.getUint16(2, true), data.byteLength - from))
  const end = bytes.indexOf(0)
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end))
}
