/**
 * Rows of a table, cells or embedding, read page by page as they come into sight, and which of them are selected. Keeps at most 40 pages of
 * 100 rows: of all rows, or of the selected ones alone.
 */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { RowSelection } from '#common/domain/selection.ts'
import type { ErrorReport } from '#common/errors.ts'
import type { Result } from '#common/result.ts'

export type Value = number | string | boolean | null
const pageRows = 100
const mostPages = 40

interface Page {
  readonly names: readonly string[]
  readonly rows: readonly (readonly Value[])[]
  readonly total: number
  /** Row numbers, where they do not follow from the place. */
  readonly numbers?: Float64Array
}
type ReadPage = (offset: number, limit: number) => Promise<Result<Page>>

export const everyRowOf =
  (engine: Pick<Client<EngineCalls>, 'readRows'>, dataset: number): ReadPage =>
  (offset, limit) =>
    engine.readRows({ dataset, offset, limit })
export const selectedRowsOf =
  (engine: Pick<Client<EngineCalls>, 'readSelectedRows'>, selection: RowSelection): ReadPage =>
  (offset, limit) =>
    engine.readSelectedRows({ selection, offset, limit })

export class TablePages {
  names = $state.raw<readonly string[]>([])
  /** Null until the first page is there. */
  total = $state<number | null>(null)
  error = $state.raw<ErrorReport | null>(null)
  /** The page that came first: what columns are written like must not change while one scrolls. */
  sample = $state.raw<readonly (readonly Value[])[]>([])
  #pages = $state.raw<ReadonlyMap<number, Page>>(new Map())
  readonly #asked = new Set<number>()
  readonly #read: ReadPage

  constructor(read: ReadPage) {
    this.#read = read
  }

  row(i: number): readonly Value[] | null {
    return this.#pages.get(Math.floor(i / pageRows))?.rows[i % pageRows] ?? null
  }
  /** The row of the dataset at a place; null where that is not known yet. */
  number(i: number): number | null {
    const page = this.#pages.get(Math.floor(i / pageRows))
    return page ? (page.numbers ? (page.numbers[i % pageRows] ?? null) : i) : null
  }

  /** Asks for every page that touches rows first…last and is not there yet. */
  want(first: number, last: number): void {
    for (let page = Math.floor(first / pageRows); page <= Math.floor(last / pageRows); page++) {
      if (!this.#pages.has(page) && !this.#asked.has(page)) void this.#ask(page)
    }
  }

  async #ask(page: number): Promise<void> {
    this.#asked.add(page)
    const result = await this.#read(page * pageRows, pageRows)
    this.#asked.delete(page)
    if (!result.ok) {
      this.error = result.error
      return
    }
    this.names = result.value.names
    this.total = result.value.total
    if (this.sample.length === 0) this.sample = result.value.rows
    this.#pages = new Map([...[...this.#pages].slice(-(mostPages - 1)), [page, result.value]])
  }
}

/** Which rows of a dataset are selected, asked for by pages too, and how many of all. */
export class RowMarks {
  count = $state<number | null>(null)
  error = $state.raw<ErrorReport | null>(null)
  #pages = $state.raw<ReadonlyMap<number, Uint8Array>>(new Map())
  readonly #asked = new Set<number>()
  readonly #selection: RowSelection
  readonly #rows: number
  readonly #engine: Pick<Client<EngineCalls>, 'selectRows'>

  constructor(selection: RowSelection, rows: number, engine: Pick<Client<EngineCalls>, 'selectRows'>) {
    this.#selection = selection
    this.#rows = rows
    this.#engine = engine
  }

  has(row: number): boolean {
    return this.#pages.get(Math.floor(row / pageRows))?.[row % pageRows] === 1
  }

  want(first: number, last: number): void {
    for (let page = Math.floor(first / pageRows); page <= Math.floor(last / pageRows); page++) {
      if (!this.#pages.has(page) && !this.#asked.has(page)) void this.#ask(page)
    }
  }

  async #ask(page: number): Promise<void> {
    this.#asked.add(page)
    const from = page * pageRows
    const rows = Float64Array.from({ length: Math.max(0, Math.min(pageRows, this.#rows - from)) }, (_, i) => from + i)
    const result = await this.#engine.selectRows({ selection: this.#selection, rows })
    this.#asked.delete(page)
    if (!result.ok) {
      this.error = result.error
      return
    }
    this.count = result.value.count
    this.#pages = new Map([...[...this.#pages].slice(-(mostPages - 1)), [page, result.value.inside ?? new Uint8Array()]])
  }
}
