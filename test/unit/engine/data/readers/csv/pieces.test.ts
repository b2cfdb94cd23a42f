import { expect, it } from 'vitest'
import { EndlessRecord, type Layout } from '../../../../../../src-main/engine/data/readers/csv/layout.ts'
import { RecordBuffer } from '../../../../../../src-main/engine/data/readers/csv/pieces.ts'
import { Scanner } from '../../../../../../src-main/engine/data/readers/csv/scanner.ts'

const layout: Layout = { delimiter: 44, runs: false, quote: 34, escape: 0, comment: 0, mark: 46 }

/** Counts the bytes that are gone through. */
class CountingScanner extends Scanner {
  bytes = 0
  override run(bytes: Uint8Array, from: number, limit: number, to: number, final: boolean): number {
    const next = super.run(bytes, from, limit, to, final)
    this.bytes += (next === from ? to : next) - from
    return next
  }
}

const scannerOf = (rows: number[][]): CountingScanner =>
  new CountingScanner(layout, Uint8Array.of(1, 1), Int32Array.of(0, 1), {
    field: () => Number.NaN,
    ragged: () => undefined,
    rows: (X, n) => void rows.push(Array.from(X.subarray(0, 2 * n))),
  })

function pour(buffer: RecordBuffer, scanner: Scanner, text: string, pieceBytes: number): void {
  const bytes = Buffer.from(text)
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const piece = bytes.subarray(from, from + pieceBytes)
    buffer.room(piece.length).set(piece)
    buffer.added(piece.length)
    buffer.run(scanner, Number.POSITIVE_INFINITY, false, layout)
  }
}

it('a record that comes in many pieces is gone through a few times and not once per piece', () => {
  const rows: number[][] = []
  const scanner = scannerOf(rows)
  const buffer = new RecordBuffer()
  const [zeros, pieceBytes] = ['0'.repeat(1_000_000), 1000]
  pour(buffer, scanner, `1,2\n${zeros}7,3\n4,5\n`, pieceBytes)
  buffer.run(scanner, Number.POSITIVE_INFINITY, true, layout)
  scanner.flush()
  expect(rows.flat()).toEqual([1, 2, Number.NaN, 3, 4, 5])
  expect(scanner.bytes).toBeLessThan(4 * zeros.length)
})

it('a record without an end is refused as soon as it is too long', () => {
  const zeros = '0'.repeat(1 << 20)
  const buffer = new RecordBuffer()
  let pieces = 0
  const fill = (): void => {
    for (; pieces < 64; pieces++) pour(buffer, scannerOf([]), zeros, zeros.length)
  }
  expect(fill).toThrow(EndlessRecord)
  expect(pieces).toBe(16)
})
