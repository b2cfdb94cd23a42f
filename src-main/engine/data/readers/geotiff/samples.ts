/** Decoded bytes → numbers in the machine's byte order, with the predictor undone. */
import type { Layout, SampleType } from './layout.ts'
import { rowBytes } from './layout.ts'
import { accumulate, accumulateFloat } from './predictor.ts'

export type Samples = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array

const bytesPerSample: Readonly<Record<SampleType, number>> = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  uint64: 8,
  int64: 8,
  float16: 2,
  float24: 3,
  float32: 4,
  float64: 8,
  bits: 0,
}

/** Every machine Node runs on that matters here is little-endian; a file is swapped when it is not. */
export function toSamples(bytes: Uint8Array<ArrayBuffer>, layout: Layout, rows: number): Samples {
  const samplesPerRow = layout.blockWidth * (layout.planar ? 1 : layout.bands)
  if (layout.sampleType === 'bits') {
    // GDAL packs 24 bits like any odd number of them, and libtiff turns them round when the file is big-endian.
    if (layout.bits === 24 && !layout.littleEndian) swap(bytes, 3)
    return unpackBits(bytes, layout.bits, samplesPerRow, rows, rowBytes(layout))
  }
  const size = bytesPerSample[layout.sampleType]
  const stride = layout.planar ? 1 : layout.bands
  // LERC and JPEG give numbers of this machine, not bytes of the file.
  if (!layout.littleEndian && layout.predictor !== 3 && layout.compression !== 34887) swap(bytes, size)
  if (layout.predictor === 2) accumulate(bytes, size, samplesPerRow, rows, stride)
  if (layout.predictor === 3) accumulateFloat(bytes, size, samplesPerRow, rows, stride)
  return view(bytes, layout.sampleType)
}

function view(bytes: Uint8Array<ArrayBuffer>, type: SampleType): Samples {
  const { buffer, byteOffset, length } = bytes
  switch (type) {
    case 'int8':
      return new Int8Array(buffer, byteOffset, length)
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, length >> 1)
    case 'int16':
      return new Int16Array(buffer, byteOffset, length >> 1)
    case 'uint32':
      return new Uint32Array(buffer, byteOffset, length >> 2)
    case 'int32':
      return new Int32Array(buffer, byteOffset, length >> 2)
    case 'float16':
      return fromHalf(new Uint16Array(buffer, byteOffset, length >> 1))
    case 'float32':
      return new Float32Array(buffer, byteOffset, length >> 2)
    case 'float64':
      return new Float64Array(buffer, byteOffset, length >> 3)
    case 'uint64':
      return wholeNumbers(new BigUint64Array(buffer, byteOffset, length >> 3))
    case 'int64':
      return wholeNumbers(new BigInt64Array(buffer, byteOffset, length >> 3))
    case 'float24':
      return fromFloat24(bytes)
    default:
      return bytes
  }
}

/** In place. */
export function swap(bytes: Uint8Array, size: number): void {
  for (let at = 0; size > 1 && at + size <= bytes.length; at += size) {
    for (let i = 0; i < size >> 1; i++) {
      const other = at + size - 1 - i
      const kept = bytes[at + i] as number
      bytes[at + i] = bytes[other] as number
      bytes[other] = kept
    }
  }
}

/** Beyond 2^53 the nearest number that a double holds. */
const wholeNumbers = (values: BigUint64Array | BigInt64Array): Float64Array => Float64Array.from(values as BigInt64Array, Number)

function fromFloat24(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(Math.floor(bytes.length / 3))
  for (let i = 0, at = 0; i < values.length; i++, at += 3)
    values[i] = floatOf24((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16))
  return values
}

/** Adobe's 24-bit float: sign, 7 bits of exponent (bias 63), 16 of fraction. */
function floatOf24(triple: number): number {
  const sign = triple & 0x800000 ? -1 : 1
  const exponent = (triple >> 16) & 127
  const fraction = triple & 0xffff
  if (exponent === 127) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return exponent === 0 ? sign * fraction * 2 ** -78 : sign * (1 + fraction / 65_536) * 2 ** (exponent - 63)
}

/** Values of 1 to 31 bits, most significant bit first, rows padded to whole bytes. */
function unpackBits(bytes: Uint8Array, bits: number, samplesPerRow: number, rows: number, bytesPerRow: number): Uint16Array | Uint32Array {
  const values = new (bits <= 16 ? Uint16Array : Uint32Array)(samplesPerRow * rows)
  for (let row = 0; row < rows; row++) {
    let at = row * bytesPerRow
    // What is held stays below 2^39, which a double holds exactly.
    let buffer = 0
    let held = 0
    for (let s = 0; s < samplesPerRow; s++) {
      while (held < bits) {
        buffer = buffer * 256 + (bytes[at++] ?? 0)
        held += 8
      }
      held -= bits
      const rest = 2 ** held
      const value = Math.floor(buffer / rest)
      buffer -= value * rest
      values[row * samplesPerRow + s] = value
    }
  }
  return values
}

let halfTable: Float32Array | undefined

/** IEEE binary16 by table: 65 536 floats, made at first use. */
export function fromHalf(halves: Uint16Array): Float32Array {
  halfTable ??= Float32Array.from({ length: 65_536 }, (_, h) => {
    const sign = h & 0x8000 ? -1 : 1
    const exponent = (h >> 10) & 31
    const fraction = h & 1023
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
  })
  const floats = new Float32Array(halves.length)
  for (let i = 0; i < halves.length; i++) floats[i] = halfTable[halves[i] as number] as number
  return floats
}
