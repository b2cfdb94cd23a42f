/** Counts what the fields of one column are, over the whole file, and concludes its type. Memory: a few hundred distinct texts. */
import type { ColumnType } from '#common/domain/dataset.ts'
import { type Dialect, isDate, isMissing, parseBoolean, parseNumber } from './values.ts'

/** More distinct texts than this is free text, not categories. */
const mostCategories = 200
/** A column is of numbers when at most this share of its fields is something else; those are then missing, and reported. */
const tolerated = 0.01

export class ColumnTally {
  missing = 0
  numbers = 0
  integers = 0
  booleans = 0
  dates = 0
  others = 0
  firstOther: { line: number; text: string } | null = null
  readonly #distinct = new Set<string>()

  add(raw: string, line: number, dialect: Dialect): void {
    const field = raw.trim()
    if (isMissing(field, dialect.missing)) {
      this.missing++
      return
    }
    const value = parseNumber(field, dialect.decimal)
    if (value !== null) {
      this.numbers++
      if (Number.isInteger(value)) this.integers++
      return
    }
    if (parseBoolean(field) !== null) this.booleans++
    else if (isDate(field)) this.dates++
    else this.others++
    this.firstOther ??= { line, text: field.slice(0, 40) }
    if (this.#distinct.size <= mostCategories) this.#distinct.add(field)
  }

  get present(): number {
    return this.numbers + this.booleans + this.dates + this.others
  }

  get notNumbers(): number {
    return this.present - this.numbers
  }

  type(): ColumnType {
    const { present } = this
    if (present === 0) return 'text'
    if (this.numbers === present) return this.integers === present ? 'integer' : 'number'
    if (this.notNumbers <= tolerated * present) return this.integers === this.numbers ? 'integer' : 'number'
    if (this.booleans === present) return 'boolean'
    if (this.dates === present) return 'date'
    return this.#distinct.size <= mostCategories && (this.#distinct.size < present / 2 || present < 20) ? 'category' : 'text'
  }
}
