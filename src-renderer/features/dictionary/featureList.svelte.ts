/** The features of a dictionary as a long list: pages come as they are scrolled to. Memory: the pages looked at, 200 lines each. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { FeatureLine, FeatureSort } from '#common/domain/features.ts'
import type { ErrorReport } from '#common/errors.ts'

export interface ListRequest {
  readonly features: number
  readonly sort: FeatureSort
  readonly descending: boolean
  readonly minDensity?: number
  readonly maxDensity?: number
  readonly never: boolean
  readonly text: string
}

const pageLines = 200

export class FeatureList {
  total = $state(0)
  error = $state.raw<ErrorReport | null>(null)
  /** True once the first page of the present request is there. */
  ready = $state(false)
  #pages = $state.raw<ReadonlyMap<number, readonly FeatureLine[]>>(new Map())
  #request: ListRequest | null = null
  #asked = ''
  readonly #waiting = new Set<number>()
  readonly #engine: Pick<Client<EngineCalls>, 'listFeatures'>

  constructor(engine: Pick<Client<EngineCalls>, 'listFeatures'>) {
    this.#engine = engine
  }

  /** Another list begins at its first page; what was shown stays until that is there. */
  show(request: ListRequest | null): void {
    const key = JSON.stringify(request)
    if (key === this.#asked) return
    this.#asked = key
    this.#request = request
    this.#waiting.clear()
    this.error = null
    this.ready = false
    if (request) void this.#load(0, true)
    else {
      this.total = 0
      this.#pages = new Map()
    }
  }

  /** The feature at a place of the list; null while its page is on its way. */
  line(place: number): FeatureLine | null {
    return this.#pages.get(Math.floor(place / pageLines))?.[place % pageLines] ?? null
  }

  /** Asks for what is missing between two places. */
  need(from: number, to: number): void {
    const last = Math.min(Math.floor(Math.max(from, to - 1) / pageLines), Math.floor(Math.max(0, this.total - 1) / pageLines))
    for (let page = Math.floor(from / pageLines); page <= last; page++)
      if (this.ready && !this.#pages.has(page) && !this.#waiting.has(page)) void this.#load(page, false)
  }

  /** The same once more: after a failure, or when a name has changed. */
  again(): void {
    const request = this.#request
    this.#asked = ''
    this.show(request)
  }

  async #load(page: number, first: boolean): Promise<void> {
    const [request, key] = [this.#request, this.#asked]
    if (!request) return
    this.#waiting.add(page)
    const { features, sort, descending, minDensity, maxDensity, never, text } = request
    const filter = {
      never,
      ...(minDensity !== undefined && { minDensity }),
      ...(maxDensity !== undefined && { maxDensity }),
      ...(text.trim() && { text: text.trim() }),
    }
    const result = await this.#engine.listFeatures({ features, sort, descending, filter, offset: page * pageLines, limit: pageLines })
    if (this.#asked !== key) return
    this.#waiting.delete(page)
    if (!result.ok) {
      this.error = result.error
      return
    }
    this.total = result.value.total
    this.#pages = new Map([...(first ? [] : this.#pages), [page, result.value.lines]])
    this.ready = true
  }
}
