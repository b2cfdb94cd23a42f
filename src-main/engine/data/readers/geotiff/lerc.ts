/// <reference path="./lercDecoder.d.ts" />
/** LERC 2 blocks (Esri), with inner DEFLATE or ZSTD. Pixels that the block masks are NaN, as libtiff restores them. */
import { inflateSync, zstdDecompressSync } from 'node:zlib'

export interface LercShape {
  readonly width: number
  readonly height: number
  readonly samples: number
  /** 0 none, 1 DEFLATE, 2 ZSTD: the second of the file's LERC parameters. */
  readonly packing: number
  readonly isFloat: boolean
}

/** @throws Error with a reason when the block is not of this shape, masks integers, or is damaged */
export async function decodeLerc(
  stored: Uint8Array<ArrayBuffer>,
  shape: LercShape,
  expectedBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = unpack(stored, shape.packing, expectedBytes * 2 + (1 << 16))
  checkSize(bytes, shape)
  const { default: Lerc } = await import('lerc')
  const { pixels, mask } = Lerc.decode(bytes.buffer, { returnPixelInterleavedDims: shape.samples > 1 })
  const values = pixels[0]
  if (!values || pixels.length > 1) throw new Error('its bands mask different pixels; GDAL can rewrite it with COMPRESS=DEFLATE')
  if (mask?.includes(0)) {
    if (!shape.isFloat) throw new Error('it masks pixels, which integers cannot show')
    for (let i = 0; i < mask.length; i++) if (mask[i] === 0) values.fill(Number.NaN, i * shape.samples, (i + 1) * shape.samples)
  }
  return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength)
}

/** A copy with a buffer of its own, which the decoder reads from its start. */
function unpack(stored: Uint8Array<ArrayBuffer>, packing: number, maxOutputLength: number): Uint8Array<ArrayBuffer> {
  if (packing === 0) return new Uint8Array(stored)
  if (packing === 1) return new Uint8Array(inflateSync(stored, { maxOutputLength }))
  if (packing === 2) return new Uint8Array(zstdDecompressSync(stored, { maxOutputLength }))
  throw new Error(`its LERC packing ${packing} is not known`)
}

/** "Lerc2 ", version, (checksum from version 3,) rows, columns, … The decoder allocates by them. */
function checkSize(bytes: Uint8Array, { width, height }: LercShape): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 26 || String.fromCharCode(...bytes.subarray(0, 6)) !== 'Lerc2 ') throw new Error('it is not a LERC 2 block')
  const at = view.getInt32(6, true) >= 3 ? 14 : 10
  const rows = view.getInt32(at, true)
  const columns = view.getInt32(at + 4, true)
  if (rows !== height || columns !== width) throw new Error(`it is ${columns} × ${rows}, and ${width} × ${height} was expected`)
}
