/** Values of a Parquet page → numbers (dates in days, decimals scaled) or texts. */
import { fromHalf } from '../geotiff/samples.ts'
import { readDeltas, readHybrid } from './bits.ts'
import { type Leaf, type Meaning, physical } from './schema.ts'

export type PageValues = Float64Array | Float32Array | (string | null)[]

/** Numbers in the format's list of encodings. */
const encodings = { plain: 0, plainDictionary: 2, runs: 3, deltas: 5, deltaLengths: 6, deltaTexts: 7, dictionary: 8, split: 9 } as const
const names = ['PLAIN', '', 'PLAIN_DICTIONARY', 'RLE', 'BIT_PACKED', 'DELTA_BINARY_PACKED', 'DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY']

/** `n` values without nulls. @throws Error when the bytes do not hold them */
export function readValues(
  bytes: Uint8Array,
  at: number,
  n: number,
  encoding: number,
  leaf: Leaf,
  dictionary: PageValues | null,
): PageValues {
  switch (encoding) {
    case encodings.plain:
      return readPlain(bytes, at, n, leaf)
    case encodings.plainDictionary:
    case encodings.dictionary:
      return readCodes(bytes, at, n, dictionary)
    case encodings.runs: {
      if (leaf.physical !== physical.boolean) break
      const bits = new Uint8Array(n)
      if (n > 0) readHybrid(bytes, at + 4, bytes.length, 1, bits)
      return Float64Array.from(bits)
    }
    case encodings.deltas: {
      if (leaf.physical !== physical.int32 && leaf.physical !== physical.int64) break
      const { values } = readDeltas(bytes, at, n, leaf.physical === physical.int32 ? 32 : 64)
      return convert(values, leaf)
    }
    case encodings.deltaLengths: {
      const { values: lengths, end } = readDeltas(bytes, at, n, 32)
      return cut(bytes, end, lengths, leaf)
    }
    case encodings.deltaTexts:
      return readDeltaTexts(bytes, at, n, leaf)
    case encodings.split:
      return readSplit(bytes, at, n, leaf)
  }
  throw new Error(`values of column "${leaf.name}" are written as ${names[encoding] || encoding}, which is not possible for their type`)
}

function readCodes(bytes: Uint8Array, at: number, n: number, dictionary: PageValues | null): PageValues {
  if (!dictionary) throw new Error('codes come before their dictionary')
  const codes = new Int32Array(n)
  const width = bytes[at] ?? 0
  if (width > 32) throw new Error(`codes of ${width} bits are not possible`)
  if (n > 0) readHybrid(bytes, at + 1, bytes.length, width, codes)
  const values: PageValues = Array.isArray(dictionary)
    ? new Array<string | null>(n)
    : dictionary instanceof Float32Array
      ? new Float32Array(n)
      : new Float64Array(n)
  const { length } = dictionary
  for (let i = 0; i < n; i++) {
    const code = codes[i] as number
    if (code < 0 || code >= length) throw new Error(`code ${code} is not among the ${length} values of the dictionary`)
    values[i] = dictionary[code] as never
  }
  return values
}

export function readPlain(bytes: Uint8Array, at: number, n: number, leaf: Leaf): PageValues {
  const width = [0, 4, 8, 12, 4, 8, 0, leaf.fixedBytes][leaf.physical] as number
  if (leaf.physical === physical.boolean) {
    if (at + Math.ceil(n / 8) > bytes.length) throw new Error('the page holds fewer values than it says')
    return Float64Array.from({ length: n }, (_, i) => ((bytes[at + (i >> 3)] as number) >> (i & 7)) & 1)
  }
  if (leaf.physical === physical.bytes) {
    if (n * 4 > bytes.length - at) throw new Error('the page holds fewer values than it says')
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const one = reader(bytes, leaf)
    let i = at
    const take = (): [number, number] => {
      if (i + 4 > bytes.length) throw new Error('the page holds fewer values than it says')
      const length = view.getUint32(i, true)
      i += 4 + length
      if (i > bytes.length) throw new Error('a text goes beyond its page')
      return [i - length, i]
    }
    return one.collect(n, take)
  }
  if (at + n * width > bytes.length) throw new Error('the page holds fewer values than it says')
  if (leaf.physical === physical.fixed) {
    let i = at
    return reader(bytes, leaf).collect(n, () => {
      i += width
      return [i - width, i]
    })
  }
  return readFixed(bytes, at, n, leaf)
}

function readFixed(bytes: Uint8Array, at: number, n: number, leaf: Leaf): PageValues {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.byteLength - at)
  if (leaf.physical === physical.float) {
    const values = new Float32Array(n)
    for (let i = 0; i < n; i++) values[i] = view.getFloat32(i * 4, true)
    return values
  }
  const values = new Float64Array(n)
  switch (leaf.physical) {
    case physical.int32:
      for (let i = 0; i < n; i++) values[i] = view.getInt32(i * 4, true)
      return convert(values, leaf)
    case physical.int64:
      // Exact up to 2^53 and rounded once beyond.
      for (let i = 0; i < n; i++) values[i] = view.getInt32(i * 8 + 4, true) * 4294967296 + view.getUint32(i * 8, true)
      return convert(values, leaf)
    case physical.double:
      for (let i = 0; i < n; i++) values[i] = view.getFloat64(i * 8, true)
      return values
    default:
      // Julian day 2 440 588 is 1970-01-01.
      for (let i = 0; i < n; i++) {
        const nanos = view.getInt32(i * 12 + 4, true) * 4294967296 + view.getUint32(i * 12, true)
        values[i] = view.getInt32(i * 12 + 8, true) - 2_440_588 + nanos / 86_400e9
      }
      return values
  }
}

/** Integers as they are stored → unsigned, and divided as their meaning says. */
function convert(values: Float64Array, leaf: Leaf): Float64Array {
  const meaning = leaf.meaning as Meaning & { form: 'number' }
  if (meaning.unsigned) {
    const beyond = leaf.physical === physical.int32 ? 2 ** 32 : 2 ** 64
    for (let i = 0; i < values.length; i++) if ((values[i] as number) < 0) values[i] = (values[i] as number) + beyond
  }
  if (meaning.per !== 1) for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) / meaning.per
  return values
}

/** Turns stretches of bytes into numbers or texts, as the column means them. */
function reader(bytes: Uint8Array, leaf: Leaf): { collect(n: number, take: () => [from: number, to: number]): PageValues } {
  const meaning = leaf.meaning as Meaning
  if (meaning.form === 'text' || meaning.form === 'uuid') {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return {
      collect(n, take) {
        const values = new Array<string | null>(n)
        for (let i = 0; i < n; i++) {
          const [from, to] = take()
          values[i] = meaning.form === 'text' ? text.toString('utf8', from, to) : uuid(text.toString('hex', from, to))
        }
        return values
      },
    }
  }
  const number =
    meaning.form === 'half'
      ? (from: number): number => fromHalf(Uint16Array.of((bytes[from] as number) | ((bytes[from + 1] as number) << 8)))[0] as number
      : (from: number, to: number): number => bigEndian(bytes, from, to) / (meaning.form === 'decimal' ? meaning.per : 1)
  return {
    collect(n, take) {
      const values = meaning.form === 'half' ? new Float32Array(n) : new Float64Array(n)
      for (let i = 0; i < n; i++) values[i] = number(...take())
      return values
    },
  }
}

const uuid = (hex: string): string => `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`

function bigEndian(bytes: Uint8Array, from: number, to: number): number {
  if (from === to) return 0
  let value = ((bytes[from] as number) << 24) >> 24
  if (to - from <= 6) {
    for (let i = from + 1; i < to; i++) value = value * 256 + (bytes[i] as number)
    return value
  }
  let large = BigInt(value)
  for (let i = from + 1; i < to; i++) large = large * 256n + BigInt(bytes[i] as number)
  return Number(large)
}

/** Values one after the other whose lengths are known. */
function cut(bytes: Uint8Array, at: number, lengths: Float64Array, leaf: Leaf): PageValues {
  requireBytes(leaf)
  let i = at
  let k = 0
  return reader(bytes, leaf).collect(lengths.length, () => {
    const length = lengths[k++] as number
    if (length < 0 || i + length > bytes.length) throw new Error('a text goes beyond its page')
    i += length
    return [i - length, i]
  })
}

/** Each value is the start of the one before and a rest. The texts of a page together are bounded, since they can grow quadratically. */
function readDeltaTexts(bytes: Uint8Array, at: number, n: number, leaf: Leaf): PageValues {
  requireBytes(leaf)
  const { values: prefixes, end } = readDeltas(bytes, at, n, 32)
  const { values: lengths, end: from } = readDeltas(bytes, end, n, 32)
  let total = 0
  for (let i = 0; i < n; i++) total += (prefixes[i] as number) + (lengths[i] as number)
  if (!(total >= 0) || total > mostTextBytes) throw new Error(`the texts of a page claim ${total} bytes`)
  const all = new Uint8Array(total)
  const starts = new Float64Array(n + 1)
  let to = 0
  let rest = from
  for (let i = 0; i < n; i++) {
    const prefix = prefixes[i] as number
    const length = lengths[i] as number
    const before = i === 0 ? 0 : (starts[i - 1] as number)
    if (prefix < 0 || length < 0 || prefix > to - before || rest + length > bytes.length) throw new Error('a text goes beyond its page')
    starts[i] = to
    all.copyWithin(to, before, before + prefix)
    all.set(bytes.subarray(rest, rest + length), to + prefix)
    to += prefix + length
    rest += length
  }
  starts[n] = to
  let k = 0
  return reader(all, leaf).collect(n, () => [starts[k++] as number, starts[k] as number])
}
const mostTextBytes = 256 << 20

/** Byte 0 of all values, then byte 1 of all, … */
function readSplit(bytes: Uint8Array, at: number, n: number, leaf: Leaf): PageValues {
  const width = [0, 4, 8, 0, 4, 8, 0, leaf.fixedBytes][leaf.physical] as number
  if (width === 0) throw new Error('values of this type cannot be split into bytes')
  if (at + n * width > bytes.length) throw new Error('the page holds fewer values than it says')
  const whole = new Uint8Array(n * width)
  for (let b = 0; b < width; b++) for (let i = 0; i < n; i++) whole[i * width + b] = bytes[at + b * n + i] as number
  return readPlain(whole, 0, n, leaf)
}

function requireBytes(leaf: Leaf): void {
  if (leaf.physical !== physical.bytes && leaf.physical !== physical.fixed) throw new Error('numbers cannot be written as deltas of texts')
}
