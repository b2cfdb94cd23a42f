/** The rows of a set of test/fixtures/clustering/hardKmeans.json: whole numbers times a unit, or those of another fixture. */
import { readDigits } from './digits.ts'

interface HardSet {
  readonly points?: string
  readonly unit?: number
  readonly file?: string
}

/** [n × d] */
export function hardRows({ points, unit, file }: HardSet): Float32Array {
  if (points === undefined || unit === undefined) {
    if (file !== 'digits.npy') throw new Error(`expected the rows themselves or digits.npy, found ${file}`)
    return readDigits().X
  }
  const bytes = Buffer.from(points, 'base64')
  return Float32Array.from({ length: bytes.length / 2 }, (_, at) => bytes.readInt16LE(2 * at) * Math.fround(unit))
}
