/** Well-known binary (OGC 06-103r4), also with heights and measures (ISO and extended). Every count is checked against the bytes left. */
import type { StratumError } from '#common/errors.ts'
import type { Geometry } from './layer.ts'

const deepest = 16

/** @param wrong makes the error for what is found */
export function readWkb(bytes: Uint8Array, wrong: (what: string) => StratumError): Geometry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const rings: Float64Array[] = []
  const points: number[] = []
  let skipped = 0
  let at = 0

  const need = (length: number): void => {
    if (at + length > bytes.length) throw wrong(`a geometry of ${bytes.length} bytes ends too early`)
  }
  const count = (little: boolean, least: number): number => {
    need(4)
    const n = view.getUint32(at, little)
    at += 4
    if (n * least > bytes.length - at) throw wrong(`a geometry of ${bytes.length} bytes claims ${n} parts`)
    return n
  }

  function positions(n: number, axes: number, little: boolean): Float64Array {
    need(n * axes * 8)
    const out = new Float64Array(n * 2)
    for (let i = 0; i < n; i++, at += axes * 8) {
      out[i * 2] = view.getFloat64(at, little)
      out[i * 2 + 1] = view.getFloat64(at + 8, little)
    }
    return out
  }

  function geometry(depth: number): void {
    if (depth > deepest) throw wrong('a geometry is nested too deeply')
    need(5)
    const little = view.getUint8(at) === 1
    const code = view.getUint32(at + 1, little)
    at += 5
    // Extended: flags for height, measure and reference system; ISO: thousands.
    const [z, m, srs] = [(code & 0x8000_0000) !== 0, (code & 0x4000_0000) !== 0, (code & 0x2000_0000) !== 0]
    const plain = code & 0x0fff_ffff
    const thousands = Math.floor(plain / 1000)
    const axes = 2 + (z || thousands === 1 || thousands === 3 ? 1 : 0) + (m || thousands === 2 || thousands === 3 ? 1 : 0)
    if (srs) {
      need(4)
      at += 4
    }
    switch (plain % 1000) {
      case 1: {
        const [x = Number.NaN, y = Number.NaN] = positions(1, axes, little)
        // An empty point is written as NaN.
        if (Number.isFinite(x) && Number.isFinite(y)) points.push(x, y)
        return
      }
      case 2:
        positions(count(little, axes * 8), axes, little)
        skipped++
        return
      case 3:
        for (let n = count(little, 4); n > 0; n--) rings.push(positions(count(little, axes * 8), axes, little))
        return
      case 4:
      case 5:
      case 6:
      case 7:
        for (let n = count(little, 9); n > 0; n--) geometry(depth + 1)
        return
      default:
        throw wrong(`a geometry is of the type ${plain}, a curve or surface that is not read`)
    }
  }

  geometry(0)
  return { rings, points, skipped }
}
