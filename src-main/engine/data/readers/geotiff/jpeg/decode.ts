/**
 * JPEG as TIFF holds it (Technical Note 2): abbreviated streams with shared tables, 8 bits, Huffman-coded, sequential or
 * progressive. Arithmetic and upsampling follow libjpeg, so that pixels equal those of GDAL.
 */
import { type Plane, fullLine, toRgb } from './colour.ts'
import { type Coefficients, type Scan, readScan } from './entropy.ts'
import { type Component, type Frame, type Tables, newTables, readFrame, readHuffman, readQuantisation } from './frame.ts'
import { inverseDct } from './inverseDct.ts'

export interface JpegShape {
  /** Largest size that is believed; the stream may be smaller at the edge of an image. */
  readonly width: number
  readonly height: number
  readonly samples: number
  /** Turn YCbCr into RGB. */
  readonly yCbCr: boolean
}

/** A scan costs time even where it says nothing; progressive files have about ten. */
const mostScans = 100

/**
 * Memory: 3 bytes per sample.
 * @param shared the tables of the file (tag 347), or null
 * @returns      samples of `shape.width` × the stream's height, pixel by pixel
 * @throws       Error with a reason for streams that are damaged or of another shape
 */
export function decodeJpeg(stored: Uint8Array, shared: Uint8Array | null, shape: JpegShape): Uint8Array<ArrayBuffer> {
  const tables = newTables()
  if (shared) readSegments(shared, tables, shape)
  const frame = readSegments(stored, tables, shape)
  if (!frame) throw new Error('the JPEG has no frame header')
  const planes = frame.frame.components.map((component, i) => toPlane(component, frame.planes[i] as Coefficients, tables))
  return interleave(frame.frame, planes, shape)
}

interface Decoded {
  readonly frame: Frame
  readonly planes: readonly Coefficients[]
}

function readSegments(bytes: Uint8Array, tables: Tables, shape: JpegShape): Decoded | null {
  let decoded: Decoded | null = null
  let scans = 0
  let at = 0
  while (at + 1 < bytes.length) {
    if (bytes[at] !== 0xff) {
      at++
      continue
    }
    const marker = bytes[at + 1] as number
    at += 2
    // Fill bytes, stuffed zeros, start, restarts: no length follows.
    if (marker === 0xff) at--
    if (marker === 0xff || marker === 0 || marker === 0xd8 || (marker >= 0xd0 && marker <= 0xd7) || marker === 1) continue
    if (marker === 0xd9) break
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
    if (length < 2 || at + length > bytes.length) throw new Error('a segment of the JPEG is cut off')
    const segment = bytes.subarray(at + 2, at + length)
    at += length
    if (marker === 0xdb) readQuantisation(segment, tables)
    else if (marker === 0xc4) readHuffman(segment, tables)
    else if (marker === 0xdd) tables.restartInterval = ((segment[0] ?? 0) << 8) | (segment[1] ?? 0)
    else if (marker >= 0xc0 && marker <= 0xc2) {
      if (decoded) throw new Error('the JPEG has two frames')
      const frame = readFrame(segment, marker === 0xc2, shape.width, shape.height, shape.samples)
      decoded = { frame, planes: frame.components.map(({ blocksAcross, blocksDown }) => new Int16Array(blocksAcross * blocksDown * 64)) }
    } else if (marker > 0xc2 && marker < 0xd0 && marker !== 0xc8 && marker !== 0xcc)
      throw new Error('the JPEG is of a kind that cannot be read (lossless, hierarchical or arithmetic)')
    else if (marker === 0xda) {
      if (!decoded) throw new Error('the JPEG has a scan before its frame header')
      if (++scans > mostScans) throw new Error(`the JPEG has more than ${mostScans} scans`)
      at = readScan(bytes, at, decoded.frame, readScanHeader(segment, decoded.frame), tables, decoded.planes)
    }
  }
  return decoded
}

function readScanHeader(segment: Uint8Array, frame: Frame): Scan {
  const n = segment[0] ?? 0
  if (n < 1 || n > 4 || segment.length < 4 + 2 * n) throw new Error('a scan header of the JPEG is nonsense')
  const components = Array.from({ length: n }, (_, i) => {
    const index = frame.components.findIndex(({ id }) => id === segment[1 + 2 * i])
    const tables = segment[2 + 2 * i] as number
    if (index < 0) throw new Error('a scan of the JPEG names a component that it does not have')
    return { index, dc: (tables >> 4) & 3, ac: tables & 3 }
  })
  const [from = 0, to = 63, approximation = 0] = segment.subarray(1 + 2 * n)
  const [high, low] = [approximation >> 4, approximation & 15]
  if (frame.progressive && (from > to || to > 63 || low > 13 || (from > 0 && n > 1))) throw new Error('a scan of the JPEG is nonsense')
  return { components, from, to, high, low }
}

function toPlane({ blocksAcross, blocksDown, table, width, height }: Component, coefficients: Coefficients, tables: Tables): Plane {
  const quantisation = tables.quantisation[table]
  if (!quantisation) throw new Error('the JPEG uses a quantisation table that it does not have')
  const stride = blocksAcross * 8
  const samples = new Uint8Array(stride * blocksDown * 8)
  for (let row = 0; row < blocksDown; row++) {
    for (let column = 0; column < blocksAcross; column++)
      inverseDct(coefficients, (row * blocksAcross + column) * 64, quantisation, samples, row * 8 * stride + column * 8, stride)
  }
  return { samples, stride, width, height }
}

function interleave(frame: Frame, planes: readonly Plane[], shape: JpegShape): Uint8Array<ArrayBuffer> {
  const n = planes.length
  const output = new Uint8Array(shape.width * frame.height * n)
  const line = new Uint8Array((frame.mcusAcross + 1) * frame.mostH * 8)
  for (let y = 0; y < frame.height; y++) {
    const at = y * shape.width * n
    for (const [i, plane] of planes.entries()) {
      const { h, v } = frame.components[i] as Component
      fullLine(plane, y, frame.mostH / h, frame.mostV / v, line)
      for (let x = 0, to = at + i; x < frame.width; x++, to += n) output[to] = line[x] as number
    }
    if (shape.yCbCr && n >= 3) for (let x = 0; x < frame.width; x++) toRgb(output, at + x * n)
  }
  return output
}
