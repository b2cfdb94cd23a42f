/**
 * MATLAB's own format, versions 5 to 7 (MAT-File Format, MathWorks, 2023): a header of 128 bytes, then elements of a tag (type, bytes)
 * and their data, padded to 8 bytes. A matrix element holds flags, dimensions, name and values; it may be compressed whole.
 * Only numeric, logical, sparse and character arrays at the top level are read; cells, structures and objects are named and left.
 */
import { StratumError } from '#common/errors.ts'
import { type NumberType, type Numbers, bytesOf, toNumbers } from '../numbers.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import { type MatArray, type MatFile, sizeOf, withoutTrailing } from './arrays.ts'
import { type Bytes, inflateAll, inflateStart } from './inflate.ts'
import { readBlock } from './blocks.ts'
import { sparseArray } from './sparse.ts'

const mostElements = 10_000
const mostAxes = 32
/** Flags, dimensions and name of an array lie within this. */
const headBytes = 4096
const deflateExpansion = 1040

const storedTypes: Readonly<Record<number, NumberType>> = {
  1: 'int8',
  2: 'uint8',
  3: 'int16',
  4: 'uint16',
  5: 'int32',
  6: 'uint32',
  7: 'float32',
  9: 'float64',
  12: 'int64',
  13: 'uint64',
  // Characters: UTF-8, UTF-16, UTF-32.
  16: 'uint8',
  17: 'uint16',
  18: 'uint32',
}
const classes: Readonly<Record<number, NumberType | 'char' | 'sparse' | null>> = {
  4: 'char',
  5: 'sparse',
  6: 'float64',
  7: 'float32',
  8: 'int8',
  9: 'uint8',
  10: 'int16',
  11: 'uint16',
  12: 'int32',
  13: 'uint32',
  14: 'int64',
  15: 'uint64',
}
const classNames: Readonly<Record<number, string>> = {
  1: 'a cell array',
  2: 'a structure',
  3: 'an object',
  16: 'a function',
  17: 'an object',
}
const [miMatrix, miCompressed] = [14, 15]

interface Tag {
  readonly type: number
  readonly bytes: number
  /** Where the data begin, and where the next element does. */
  readonly data: number
  readonly next: number
}

/** Bytes of one matrix element, compressed or not, from the first byte after its tag. */
interface ElementBytes {
  readonly size: number
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>
}

export async function openLevel5(file: RandomAccessFile): Promise<MatFile> {
  const { path } = file
  const head = await file.read(0, 128, 'the header')
  const order = String.fromCharCode(head[126] as number, head[127] as number)
  if (order !== 'IM' && order !== 'MI') throw corrupt(path, 126, 'The header does not say in which order its bytes lie')
  const little = order === 'IM'
  const arrays: MatArray[] = []
  const left: { name: string; reason: string }[] = []
  const inflatedParts = new Set<Promise<Bytes>>()
  const names = new Set<string>()
  let count = 0
  for (let at = 128; at + 8 <= file.size; ) {
    if (++count > mostElements) throw corrupt(path, at, `There are more than ${mostElements} arrays in the file`)
    const tag = readTag(await file.read(at, 8, 'the tag of an array'), 0, little)
    const offset = at + 8
    if (tag.bytes === 0 && tag.type === 0) break
    if (offset + tag.bytes > file.size) {
      // What comes before a cut is still read, and the rest is named.
      if (arrays.length === 0) await file.read(offset, tag.bytes, 'an array')
      left.push({ name: `the array at byte ${at}`, reason: `is cut off: the file ends at byte ${file.size}` })
      break
    }
    at = tag.type === miCompressed ? offset + tag.bytes : offset + Math.ceil(tag.bytes / 8) * 8
    const element =
      tag.type === miMatrix
        ? plainBytes(file, offset, tag.bytes)
        : tag.type === miCompressed
          ? await compressedBytes(file, offset, tag.bytes, little, inflatedParts)
          : null
    if (!element) continue
    const found = await describeArray(path, offset, element, little)
    if ('reason' in found) left.push(found)
    else if (names.has(found.name)) left.push({ name: found.name, reason: 'comes a second time' })
    else {
      names.add(found.name)
      arrays.push(found)
    }
  }
  return {
    arrays,
    left,
    version: '5',
    sizeBytes: file.size,
    async close() {
      for (const part of inflatedParts)
        await part.then(
          (bytes) => bytes.close(),
          () => undefined,
        )
      await file.close()
    },
  }
}

const corrupt = (path: string, byte: number, what: string): StratumError =>
  new StratumError('FILE_CORRUPT', `${what} (byte ${byte}).`, 'Fetch the file again, or save it again in MATLAB.', { path, byte })

/** A tag of 8 bytes; a small element has its data in the last four of them. */
function readTag(bytes: Uint8Array, at: number, little: boolean): Tag {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8)
  const first = view.getUint32(0, little)
  if (first >>> 16 !== 0) return { type: first & 0xffff, bytes: Math.min(4, first >>> 16), data: at + 4, next: at + 8 }
  const size = view.getUint32(4, little)
  return { type: first, bytes: size, data: at + 8, next: at + 8 + Math.ceil(size / 8) * 8 }
}

function plainBytes(file: RandomAccessFile, offset: number, size: number): ElementBytes {
  return { size, read: (from, length) => file.read(offset + from, length, 'an array') }
}

/** The head is undone at once, the rest when it is first asked for; then it is kept until the source is closed. */
async function compressedBytes(
  file: RandomAccessFile,
  offset: number,
  length: number,
  little: boolean,
  parts: Set<Promise<Bytes>>,
): Promise<ElementBytes | null> {
  const head = await inflateStart(file, offset, length, headBytes + 8)
  if (head.length < 8) throw corrupt(file.path, offset, 'A compressed array is empty')
  const tag = readTag(head, 0, little)
  if (tag.type !== miMatrix) return null
  if (tag.bytes + 8 > length * deflateExpansion + headBytes)
    throw corrupt(file.path, offset, `A compressed array of ${length} bytes claims to hold ${tag.bytes}`)
  let all: Promise<Bytes> | undefined
  return {
    size: tag.bytes,
    async read(from, wanted, signal) {
      if (from + wanted + 8 <= head.length) return head.slice(from + 8, from + 8 + wanted)
      if (!all) {
        const begun = inflateAll(file, offset, length, tag.bytes + 8, signal)
        all = begun
        parts.add(begun)
        // A cancelled attempt is not the last one.
        begun.catch(() => {
          parts.delete(begun)
          all = undefined
        })
      }
      return (await all).read(from + 8, wanted)
    },
  }
}

async function describeArray(
  path: string,
  offset: number,
  element: ElementBytes,
  little: boolean,
): Promise<MatArray | { name: string; reason: string }> {
  const head = await element.read(0, Math.min(headBytes, element.size))
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  const part = (at: number, what: string): Tag => {
    if (at + 8 > head.length) throw corrupt(path, offset, `An array ends before its ${what}`)
    const tag = readTag(head, at, little)
    return tag
  }
  const whole = (tag: Tag, what: string): void => {
    if (tag.data + tag.bytes > head.length) throw corrupt(path, offset, `The ${what} of an array take ${tag.bytes} bytes`)
  }
  const flags = part(0, 'flags')
  whole(flags, 'flags')
  if (flags.bytes < 8 || flags.type !== 6) throw corrupt(path, offset, 'An array has no flags')
  const word = view.getUint32(flags.data, little)
  const code = word & 0xff
  // Objects have no dimensions.
  if (code === 17) return { name: 'an object', reason: 'is an object' }
  const axes = part(flags.next, 'dimensions')
  whole(axes, 'dimensions')
  if (axes.type !== 5 || axes.bytes < 8 || axes.bytes > mostAxes * 4 || axes.bytes % 4 !== 0)
    throw corrupt(path, offset, 'The dimensions of an array are nonsense')
  const dims = withoutTrailing(Array.from({ length: axes.bytes / 4 }, (_, i) => view.getInt32(axes.data + i * 4, little)))
  if (dims.some((n) => n < 0) || !Number.isSafeInteger(sizeOf(dims)))
    throw corrupt(path, offset, `An array claims the size ${dims.join(' × ')}`)
  const label = part(axes.next, 'name')
  whole(label, 'name')
  const name = new TextDecoder('latin1').decode(head.subarray(label.data, label.data + label.bytes)).replace(/\0.*$/s, '')
  const type = classes[code]
  if (!type) return { name, reason: `is ${classNames[code] ?? `of the unknown class ${code}`}` }
  if ((word & 0x800) !== 0) return { name, reason: 'holds complex numbers' }
  const logical = (word & 0x200) !== 0
  if (type === 'sparse') return sparseArray(name, dims, logical, await sparseParts(label.next))
  if (sizeOf(dims) === 0) return { name, reason: 'is empty' }
  const values = await tagAt(label.next)
  const stored = storedTypes[values.type]
  if (!stored) throw corrupt(path, offset, `The values of "${name}" have the unknown type ${values.type}`)
  const need = sizeOf(dims) * bytesOf[stored]
  if (type === 'char' && values.bytes < need) return { name, reason: 'is text in an encoding that is not read' }
  if (values.bytes < need || values.data + need > element.size)
    throw corrupt(
      path,
      offset,
      `"${name}" of ${dims.join(' × ')} needs ${need} bytes and has ${Math.min(values.bytes, element.size - values.data)}`,
    )
  const items = (from: number, n: number, signal?: AbortSignal): Promise<Numbers> =>
    element.read(values.data + from * bytesOf[stored], n * bytesOf[stored], signal).then((bytes) => toNumbers(bytes, stored, little))
  // Doubles that are whole numbers are stored as such.
  const shown = type.startsWith('float') && !stored.startsWith('float') ? stored : type
  return { name, type: shown, logical, sparse: false, dims, read: (low, high, signal) => readBlock(items, dims, low, high, signal) }

  async function tagAt(at: number): Promise<Tag> {
    if (at + 8 > element.size) throw corrupt(path, offset, `"${name}" has no values`)
    const tag = readTag(await element.read(at, 8), 0, little)
    return { ...tag, data: tag.data + at, next: tag.next + at }
  }

  /** Row of each value, place of each column's first value, the values. */
  async function sparseParts(at: number) {
    const rows = await tagAt(at)
    const starts = await tagAt(rows.next)
    const values = await tagAt(starts.next)
    const load = async (tag: Tag, signal?: AbortSignal): Promise<Numbers> => {
      const stored = storedTypes[tag.type]
      if (!stored || tag.data + tag.bytes > element.size) throw corrupt(path, offset, `The sparse matrix "${name}" is damaged`)
      return toNumbers(await element.read(tag.data, tag.bytes, signal), stored, little)
    }
    return {
      bytes: rows.bytes + starts.bytes + values.bytes,
      rows: (signal?: AbortSignal) => load(rows, signal),
      starts: (signal?: AbortSignal) => load(starts, signal),
      values: (signal?: AbortSignal) => load(values, signal),
      wrong: (what: string) => corrupt(path, offset, `The sparse matrix "${name}" is damaged: ${what}`),
    }
  }
}
