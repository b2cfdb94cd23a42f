/** Records as the texts of chosen columns, for previews and metadata. */
import type { Layout } from './layout.ts'
import { latin1Text } from './values.ts'
import { type Receiver, Scanner, everyField, skipped } from './scanner.ts'

export class FieldTexts implements Receiver {
  readonly scanner: Scanner
  readonly #placesOf: readonly (readonly number[])[]
  readonly #columns: readonly number[]
  #records: string[][] = []
  #line = -1

  constructor(layout: Layout, width: number, columns: readonly number[]) {
    const kinds = new Uint8Array(width).fill(skipped)
    const placesOf: number[][] = Array.from({ length: width }, () => [])
    for (const [place, column] of columns.entries()) {
      kinds[column] = everyField
      placesOf[column]?.push(place)
    }
    // Every record has a first field, which tells that it is there.
    kinds[0] = everyField
    this.#columns = columns
    this.#placesOf = placesOf
    this.scanner = new Scanner(layout, kinds, new Int32Array(width).fill(-1), this)
  }

  ragged(): void {}
  rows(): void {}

  field(column: number, line: number, bytes: Uint8Array, from: number, to: number): number {
    if (line !== this.#line || column === 0) {
      this.#line = line
      this.#records.push(this.#columns.map(() => ''))
    }
    const places = this.#placesOf[column] as readonly number[]
    if (places.length === 0 || from === to) return 0
    const text = latin1Text(bytes, from, to)
    for (const place of places) (this.#records.at(-1) as string[])[place] = text
    return 0
  }

  /** The records read since the last time: trimmed, one character per byte, '' where a record has no such field. */
  take(): string[][] {
    const records = this.#records
    this.#records = []
    return records
  }
}
