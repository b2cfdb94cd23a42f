/** Bytes of a NumPy dtype → float32. 64-bit integers and doubles are rounded to float32. */
import { fromHalf, swap } from '../geotiff/samples.ts'
import type { NpyHeader } from './header.ts'

/** @param bytes whole items; changed when the file is big-endian */
export function toFloats(bytes: Uint8Array<ArrayBuffer>, header: NpyHeader): Float32Array {
  if (!header.littleEndian) swap(bytes, header.itemBytes)
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  const { buffer, byteOffset, length } = aligned
  const n = length / header.itemBytes
  switch (header.dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, n)
    case 'float64':
      return new Float32Array(new Float64Array(buffer, byteOffset, n))
    case 'float16':
      return fromHalf(new Uint16Array(buffer, byteOffset, n))
    case 'bfloat16': {
      const halves = new Uint16Array(buffer, byteOffset, n)
      return new Float32Array(Uint32Array.from(halves, (half) => half * 65_536).buffer)
    }
    case 'int8':
      return new Float32Array(new Int8Array(buffer, byteOffset, n))
    case 'int16':
      return new Float32Array(new Int16Array(buffer, byteOffset, n))
    case 'uint16':
      return new Float32Array(new Uint16Array(buffer, byteOffset, n))
    case 'int32':
      return new Float32Array(new Int32Array(buffer, byteOffset, n))
    case 'uint32':
      return new Float32Array(new Uint32Array(buffer, byteOffset, n))
    case 'int64':
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, n), Number)
    case 'uint64':
      return Float32Array.from(new BigUint64Array(buffer, byteOffset, n), Number)
    default:
      return new Float32Array(aligned)
  }
}

/** A short 1-D array as labels. Numbers keep their full precision. */
export function toLabels(bytes: Uint8Array<ArrayBuffer>, header: NpyHeader): (string | number)[] {
  if (header.text) return toTexts(bytes, header)
  if (
    header.dtype !== 'float64' &&
    header.dtype !== 'int64' &&
    header.dtype !== 'uint64' &&
    header.dtype !== 'int32' &&
    header.dtype !== 'uint32'
  )
    return Array.from(toFloats(bytes, header))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const le = header.littleEndian
  return Array.from({ length: bytes.length / header.itemBytes }, (_, i) => {
    if (header.dtype === 'float64') return view.getFloat64(i * 8, le)
    if (header.dtype === 'int64') return Number(view.getBigInt64(i * 8, le))
    if (header.dtype === 'uint64') return Number(view.getBigUint64(i * 8, le))
    return header.dtype === 'int32' ? view.getInt32(i * 4, le) : view.getUint32(i * 4, le)
  })
}

function toTexts(bytes: Uint8Array<ArrayBuffer>, { text, itemBytes, littleEndian }: NpyHeader): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const n = itemBytes === 0 ? 0 : bytes.length / itemBytes
  const decoder = new TextDecoder()
  return Array.from({ length: n }, (_, i) => {
    if (text?.kind === 'S') return decoder.decode(bytes.subarray(i * itemBytes, (i + 1) * itemBytes)).replace(/\0+$/, '')
    let label = ''
    for (let c = 0; c < (text?.length ?? 0); c++) {
      const code = view.getUint32(i * itemBytes + c * 4, littleEndian)
      if (code === 0) break
      label += code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
    }
    return label
  })
}
