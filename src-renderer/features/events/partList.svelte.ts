/**
 * Events of a time series or objects of a scene as someone goes through them: all of them, the highest first, one looked at, each
 * confirmed, dismissed or commented.
 */
import type { ReviewEntry } from '#common/domain/artifact.ts'
import type { ErrorReport } from '#common/errors.ts'
import type { Result } from '#common/result.ts'
import { passes } from '../review/reviewList.svelte.ts'
import type { Verdict, Verdicts } from '../review/verdicts.svelte.ts'

export interface Part {
  /** Its highest row, by which it is known. */
  readonly peak: number
  readonly review: ReviewEntry | null
}
export type PartFilter = 'all' | 'open' | 'confirmed' | 'dismissed'

/** More are not read; the highest are what a review is about. */
export const mostParts = 500

export class PartList<Query, P extends Part> {
  status = $state<'none' | 'reading' | 'ready' | 'failed'>('none')
  error = $state.raw<ErrorReport | null>(null)
  listed = $state<PartFilter>('all')
  /** Further says which are listed, e.g. those of one unit. */
  only = $state.raw<(part: P) => boolean>(() => true)
  current = $state<number | null>(null)
  /** Peaks in the order that the table shows them in, by which steps go. */
  order = $state.raw<readonly number[]>([])
  /** Those not read included. */
  total = $state(0)
  #read = $state.raw<readonly P[]>([])
  #asked = ''
  #query: Query | null = null
  readonly #prefix: 'event' | 'object'
  readonly #ask: (query: Query) => Promise<Result<{ readonly total: number; readonly parts: readonly P[] }>>
  readonly #verdicts: Verdicts

  constructor(
    prefix: 'event' | 'object',
    ask: (query: Query) => Promise<Result<{ readonly total: number; readonly parts: readonly P[] }>>,
    verdicts: Verdicts,
  ) {
    this.#prefix = prefix
    this.#ask = ask
    this.#verdicts = verdicts
  }

  /** All that were read, with what was found of them by now. */
  all: readonly P[] = $derived(this.#read.map((part) => ({ ...part, review: this.#verdicts.of(this.#keyOf(part)) })))
  /** One that a verdict takes out of the list stays while it is looked at. */
  parts = $derived(this.all.filter((part) => this.only(part) && (part.peak === this.current || passes(part.review, this.listed))))
  #ordered = $derived.by(() => {
    const place = new Map(this.order.map((peak, i) => [peak, i]))
    return [...this.parts].sort((a, b) => (place.get(a.peak) ?? place.size) - (place.get(b.peak) ?? place.size))
  })
  chosen = $derived(this.parts.find(({ peak }) => peak === this.current) ?? this.#ordered[0] ?? null)
  position = $derived(this.chosen ? this.#ordered.indexOf(this.chosen) : -1)
  reviewed = $derived(this.all.filter(({ review }) => review?.verdict).length)

  #keyOf({ peak }: Part): string {
    return `${this.#prefix}/${peak}`
  }

  async read(query: Query | null): Promise<void> {
    const key = JSON.stringify(query)
    if (key === this.#asked) return
    this.#asked = key
    this.#query = query
    this.error = null
    if (query === null) {
      this.status = 'none'
      this.#read = []
      this.total = 0
      return
    }
    this.status = 'reading'
    const answer = await this.#ask(query)
    if (this.#asked !== key) return
    if (answer.ok) {
      this.#read = answer.value.parts
      this.total = answer.value.total
    } else {
      // Those of other scores would be confirmed and dismissed as if they were of these.
      this.#read = []
      this.total = 0
      this.error = answer.error
    }
    this.status = answer.ok ? 'ready' : 'failed'
  }

  /** The same once more after a failure. */
  again(): void {
    this.#asked = ''
    void this.read(this.#query)
  }

  step(by: 1 | -1): void {
    const next = this.#ordered[this.position + by]
    if (next) this.current = next.peak
  }

  /** The same verdict again takes it back; otherwise on to the next one. */
  async judge(verdict: Verdict): Promise<void> {
    const part = this.chosen
    if (!part) return
    this.current = part.peak
    if (part.review?.verdict !== verdict) this.step(1)
    await this.#verdicts.judge(this.#keyOf(part), verdict)
  }

  comment(part: P, comment: string): Promise<void> {
    return this.#verdicts.comment(this.#keyOf(part), comment)
  }
}
