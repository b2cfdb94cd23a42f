/** Records → rows of chosen columns as float32. */
import { ByteTable } from './byteTable.ts'
import type { DateOrder } from './dates.ts'
import type { Layout } from './layout.ts'
import { type Receiver, Scanner, everyField, plainNumbers, skipped } from './scanner.ts'
import { type Meaning, asciiText, missingNumbers, missingSet, parseBoolean, parseDate, parseNumber } from './values.ts'

/** How the fields of one column become numbers. */
export type Conversion =
  | { readonly kind: 'number' /** Multiplies the value: days per unit of a time stamp. */; readonly factor: number }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'date'; readonly order: DateOrder }
  /** One character per byte. */
  | { readonly kind: 'category'; readonly categories: readonly string[] }

/** What to read; goes to other threads. */
export interface ValuesPlan {
  readonly layout: Layout
  readonly meaning: Meaning
  readonly width: number
  readonly columns: readonly { readonly column: number; readonly conversion: Conversion }[]
}

export interface Rows {
  readonly n: number
  readonly X: Float32Array<ArrayBuffer>
  readonly valid: Uint8Array<ArrayBuffer>
}

export class ColumnValues implements Receiver {
  readonly scanner: Scanner
  readonly #meaning: Meaning
  readonly #missing: ReadonlySet<string>
  readonly #missingNumbers: readonly number[]
  /** By column of the table. */
  readonly #conversions = new Map<number, Conversion>()
  readonly #tables = new Map<number, ByteTable>()
  readonly #factors: readonly number[]
  readonly #places: readonly (readonly [place: number, first: number])[]
  readonly #d: number
  #n = 0
  #X: Float32Array<ArrayBuffer>
  #valid: Uint8Array<ArrayBuffer>

  /** @param expected rows to come, as far as known */
  constructor({ layout, meaning, width, columns }: ValuesPlan, expected: number) {
    this.#meaning = meaning
    this.#missing = missingSet(meaning)
    this.#missingNumbers = missingNumbers(meaning)
    this.#d = columns.length
    const kinds = new Uint8Array(width).fill(skipped)
    const places = new Int32Array(width).fill(-1)
    const again: [number, number][] = []
    for (const [place, { column, conversion }] of columns.entries()) {
      // A column asked for twice is read once and copied.
      if (this.#conversions.has(column)) {
        again.push([place, places[column] as number])
        continue
      }
      places[column] = place
      kinds[column] = conversion.kind === 'number' ? plainNumbers : everyField
      this.#conversions.set(column, conversion)
      if (conversion.kind === 'category') this.#tables.set(column, tableOf(conversion.categories))
    }
    this.#places = again
    this.#factors = columns.map(({ conversion }) => (conversion.kind === 'number' ? conversion.factor : 1))
    this.scanner = new Scanner(layout, kinds, places, this)
    this.#X = new Float32Array(expected * this.#d)
    this.#valid = new Uint8Array(expected)
  }

  get held(): number {
    return this.#n
  }

  ragged(): void {}

  field(column: number, _: number, bytes: Uint8Array, from: number, to: number): number {
    const conversion = this.#conversions.get(column) as Conversion
    if (conversion.kind === 'category') {
      let a = from
      let b = to
      while (a < b && (bytes[a] as number) <= 32) a++
      while (b > a && (bytes[b - 1] as number) <= 32) b--
      const position = (this.#tables.get(column) as ByteTable).indexOf(bytes, a, b, false)
      return position < 0 ? Number.NaN : position
    }
    if (from === to) return Number.NaN
    const text = asciiText(bytes, from, to)
    if (this.#missing.has(text)) return Number.NaN
    switch (conversion.kind) {
      case 'number':
        return parseNumber(text, this.#meaning) ?? parseBoolean(text) ?? Number.NaN
      case 'boolean': {
        const truth = parseBoolean(text)
        if (truth !== null) return truth
        const value = parseNumber(text, this.#meaning)
        return value === 0 || value === 1 ? value : Number.NaN
      }
      case 'date':
        return parseDate(text, conversion.order) ?? Number.NaN
    }
  }

  rows(X: Float64Array, n: number): void {
    const d = this.#d
    this.#makeRoom(n)
    const out = this.#X
    const base = this.#n * d
    const end = n * d
    for (const [place, first] of this.#places) for (let i = 0; i < end; i += d) X[i + place] = X[i + first] as number
    for (const none of this.#missingNumbers) for (let i = 0; i < end; i++) if (X[i] === none) X[i] = Number.NaN
    for (const [place, factor] of this.#factors.entries())
      if (factor !== 1) for (let i = place; i < end; i += d) X[i] = (X[i] as number) * factor
    for (let i = 0; i < end; i++) out[base + i] = X[i] as number
    for (let i = 0; i < n; i++) {
      for (let at = i * d, last = at + d; at < last; at++) {
        const value = X[at] as number
        if (value - value !== 0) continue
        this.#valid[this.#n + i] = 1
        break
      }
    }
    this.#n += n
  }

  /** The rows read since the last time. */
  take(expected = 0): Rows {
    this.scanner.flush()
    const n = this.#n
    const rows: Rows = {
      n,
      X: this.#X.length === n * this.#d ? this.#X : this.#X.slice(0, n * this.#d),
      valid: this.#valid.length === n ? this.#valid : this.#valid.slice(0, n),
    }
    this.#n = 0
    this.#X = new Float32Array(expected * this.#d)
    this.#valid = new Uint8Array(expected)
    return rows
  }

  #makeRoom(more: number): void {
    if (this.#n + more <= this.#valid.length) return
    const capacity = Math.max(this.#n + more, 2 * this.#valid.length)
    const [X, valid] = [new Float32Array(capacity * this.#d), new Uint8Array(capacity)]
    X.set(this.#X)
    valid.set(this.#valid)
    this.#X = X
    this.#valid = valid
  }
}

function tableOf(categories: readonly string[]): ByteTable {
  const table = new ByteTable(categories.length)
  for (const text of categories) {
    const bytes = Buffer.from(text, 'latin1')
    table.indexOf(bytes, 0, bytes.length, true)
  }
  return table
}
