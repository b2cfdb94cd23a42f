/** The rows of test/fixtures/digits.npy: 1797 handwritten digits of 8 × 8 pixels. */
import { readFileSync } from 'node:fs'

export const [digitRows, digitColumns] = [1797, 64]

/** X [1797 × 64], 0 … 16, and the digit of each row. */
export function readDigits(): { readonly X: Float32Array; readonly digit: Uint8Array } {
  const file = readFileSync(new URL('../fixtures/digits.npy', import.meta.url))
  const table = file.subarray(10 + file.readUInt16LE(8))
  const width = digitColumns + 1
  const X = Float32Array.from({ length: digitRows * digitColumns }, (_, at) => {
    const [row, column] = [Math.floor(at / digitColumns), at % digitColumns]
    return table[row * width + column] as number
  })
  return { X, digit: Uint8Array.from({ length: digitRows }, (_, row) => table[row * width + digitColumns] as number) }
}
