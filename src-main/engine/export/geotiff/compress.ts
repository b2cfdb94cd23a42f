/** One tile as bytes of the file: predictor, then compression. Samples are little-endian like every platform this runs on. */
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import { lzwEncode } from './lzw.ts'

export type Compression = 'none' | 'lzw' | 'deflate'
/** 1 none · 2 difference to the pixel on the left · 3 the same on the bytes of floats, most significant first. */
export type Predictor = 1 | 2 | 3
export type Samples = Uint8Array | Uint16Array | Int16Array | Float32Array

export const compressionTag: Readonly<Record<Compression, number>> = { none: 1, lzw: 5, deflate: 8 }

const deflateAsync = promisify(deflate)

/** `samples` [height × width × bands] is overwritten by predictor 2. */
export async function compressTile(
  samples: Samples,
  width: number,
  bands: number,
  compression: Compression,
  predictor: Predictor,
): Promise<Uint8Array> {
  const bytes = predict(samples, width * bands, bands, predictor)
  if (compression === 'deflate') return deflateAsync(bytes, { level: 6 })
  return compression === 'lzw' ? lzwEncode(bytes) : bytes
}

function predict(samples: Samples, rowLength: number, bands: number, predictor: Predictor): Uint8Array {
  if (predictor === 3) return splitBytes(samples, rowLength, bands)
  if (predictor === 2) {
    for (let row = 0; row < samples.length; row += rowLength) {
      for (let i = row + rowLength - 1; i >= row + bands; i--) samples[i] -= samples[i - bands]
    }
  }
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
}

/** Floating point predictor (Adobe TIFF technical note 3): byte planes of each row, most significant first, then differences over `bands`. */
function splitBytes(samples: Samples, rowLength: number, bands: number): Uint8Array {
  const size = samples.BYTES_PER_ELEMENT
  const source = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
  const out = new Uint8Array(source.length)
  const rowBytes = rowLength * size
  for (let row = 0; row < source.length; row += rowBytes) {
    for (let plane = 0; plane < size; plane++) {
      const to = row + plane * rowLength
      const from = row + size - 1 - plane
      for (let i = 0; i < rowLength; i++) out[to + i] = source[from + i * size]
    }
    for (let i = row + rowBytes - 1; i >= row + bands; i--) out[i] -= out[i - bands]
  }
  return out
}
