/** Rows of a table, cells or embedding, read page by page as they come into sight. Keeps at most 40 pages of 100 rows. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { ErrorReport } from '#common/errors.ts'

export type Value = number | string | boolean | null
export const pageRows = 100
const mostPages = 40

export class TablePages {
  readonly dataset: number
  names = $state.raw<readonly string[]>([])
  total = $state(0)
  error = $state.raw<ErrorReport | null>(null)
  #pages = $state.raw<ReadonlyMap<number, readonly (readonly Value[])[]>>(new Map())
  readonly #asked = new Set<number>()
  readonly #engine: Pick<Client<EngineCalls>, 'readRows'>

  constructor(dataset: number, engine: Pick<Client<EngineCalls>, 'readRows'>) {
    this.dataset = dataset
    this.#engine = engine
  }

  row(i: number): readonly Value[] | null {
    return this.#pages.get(Math.floor(i / pageRows))?.[i % pageRows] ?? null
  }

  /** Asks for every page that touches rows first…last and is not there yet. */
  want(first: number, last: number): void {
    for (let page = Math.floor(first / pageRows); page <= Math.floor(last / pageRows); page++) {
      if (!this.#pages.has(page) && !this.#asked.has(page)) void this.#read(page)
    }
  }

  async #read(page: number): Promise<void> {
    this.#asked.add(page)
    const result = await this.#engine.readRows({ dataset: this.dataset, offset: page * pageRows, limit: pageRows })
    this.#asked.delete(page)
    if (!result.ok) {
      this.error = result.error
      return
    }
    this.names = result.value.names
    this.total = result.value.total
    const kept = [...this.#pages].slice(-(mostPages - 1))
    this.#pages = new Map([...kept, [page, result.value.rows]])
  }
}
