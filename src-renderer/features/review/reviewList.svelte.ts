/**
 * The flagged rows of scores as someone goes through them: read page by page, one of them looked at, each confirmed, dismissed or commented.
 * A verdict moves on to the next row at once.
 */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { ReviewEntry } from '#common/domain/artifact.ts'
import type { FlaggedRow, ReviewFilter } from '#common/domain/scores.ts'
import type { ErrorReport } from '#common/errors.ts'
import type { Verdict, Verdicts } from './verdicts.svelte.ts'

/** What is listed: flagged rows by what was found of them, or the highest scores whether flagged or not. */
export type Listed = 'all' | 'open' | 'confirmed' | 'dismissed' | 'highest'
export type ReviewSort = 'score' | 'confidence' | 'row'

interface ReviewRequest {
  readonly scores: number
  readonly threshold: number
  /** Lower than every score: above it everything is listed. */
  readonly lowest: number
}

const pageRows = 200
/** Rows written to a table: more would keep the window busy for long. */
const mostExported = 50_000

export class ReviewList {
  status = $state<'none' | 'reading' | 'ready' | 'failed'>('none')
  error = $state.raw<ErrorReport | null>(null)
  listed = $state<Listed>('all')
  sort = $state<ReviewSort>('score')
  /** Row of the list that is looked at. */
  current = $state<number | null>(null)
  /** All that score above the threshold. */
  flagged = $state(0)
  /** Above which threshold they were counted. */
  countedAbove = $state<number | null>(null)
  /** One that was chosen elsewhere and is not in the list. */
  #apart = $state.raw<FlaggedRow | null>(null)
  #total = $state(0)
  #read = $state.raw<readonly FlaggedRow[]>([])
  /** Flagged rows that had been reviewed when the list was read, and how many there were beyond these. */
  #reviewedBefore = $state.raw<readonly number[]>([])
  #reviewedBeyond = $state(0)
  #asked = ''
  #request: ReviewRequest | null = null
  readonly #engine: Pick<Client<EngineCalls>, 'listFlagged'>
  readonly #verdicts: Verdicts

  constructor(engine: Pick<Client<EngineCalls>, 'listFlagged'>, verdicts: Verdicts) {
    this.#engine = engine
    this.#verdicts = verdicts
  }

  #known = $derived(this.#read.map((row) => ({ ...row, review: this.#verdicts.of(String(row.row)) })))
  /** With what was found of them by now; one that a verdict takes out of the list stays while it is looked at. */
  rows: readonly FlaggedRow[] = $derived(this.#known.filter(({ row, review }) => row === this.current || passes(review, this.listed)))
  /** The row that is looked at; the first one until one was chosen. */
  chosen = $derived.by((): FlaggedRow | null => {
    if (this.#apart) return { ...this.#apart, review: this.#verdicts.of(String(this.#apart.row)) }
    return this.rows.find(({ row }) => row === this.current) ?? this.rows[0] ?? null
  })
  /** Its place in the list; −1 of one that is not in it. */
  position = $derived(this.chosen ? this.rows.findIndex(({ row }) => row === this.chosen?.row) : -1)
  /** How many there are under the filter, those not read yet included. */
  total = $derived(this.#total - this.#known.filter(({ review }) => !passes(review, this.listed)).length)
  reviewed = $derived.by(() => {
    const judged = new Set(this.#verdicts.all)
    const flagged = new Set([...this.#reviewedBefore, ...(this.listed === 'highest' ? [] : this.#read.map(({ row }) => row))])
    let n = this.#reviewedBeyond
    for (const row of flagged) if (judged.has(String(row))) n++
    return n
  })
  hasMore = $derived(this.#read.length < this.#total)

  /** Reads the list anew where it is another one. */
  async read(request: ReviewRequest | null): Promise<void> {
    const key = JSON.stringify([request, this.listed, this.sort])
    if (key === this.#asked) return
    if (request?.scores !== this.#request?.scores) this.#forget()
    this.#asked = key
    this.#request = request
    this.error = null
    if (request === null) {
      this.status = 'none'
      return
    }
    this.status = 'reading'
    const { scores, threshold } = request
    const [page, before] = await Promise.all([
      this.#page(request, 0),
      this.#engine.listFlagged({ scores, threshold, review: 'reviewed', limit: 500 }),
    ])
    if (this.#asked !== key) return
    if (!page.ok || !before.ok) {
      this.error = page.ok ? (before.ok ? null : before.error) : page.error
      this.status = 'failed'
      return
    }
    this.#read = page.value.rows
    this.#total = page.value.total
    this.flagged = before.value.flagged
    this.countedAbove = threshold
    this.#reviewedBefore = before.value.rows.map(({ row }) => row)
    this.#reviewedBeyond = before.value.total - before.value.rows.length
    this.status = 'ready'
  }

  /** The same once more after a failure. */
  again(): void {
    this.#asked = ''
    void this.read(this.#request)
  }

  /** As if nothing had been read or chosen yet. */
  forget(): void {
    void this.read(null)
    this.listed = 'all'
    this.sort = 'score'
    this.#forget()
  }
  #forget(): void {
    this.#read = []
    this.#reviewedBefore = []
    this.#reviewedBeyond = 0
    this.#total = 0
    this.flagged = 0
    this.countedAbove = null
    this.current = null
    this.#apart = null
  }

  /** The next page, where there is one. */
  async more(): Promise<void> {
    const [key, request] = [this.#asked, this.#request]
    if (!request || !this.hasMore || this.status === 'reading') return
    this.status = 'reading'
    // What a verdict took out of the list is no longer counted by the engine either.
    const page = await this.#page(request, this.#known.filter(({ review }) => passes(review, this.listed)).length)
    if (this.#asked !== key) return
    this.status = 'ready'
    const read = new Set(this.#read.map(({ row }) => row))
    if (page.ok) this.#read = [...this.#read, ...page.value.rows.filter(({ row }) => !read.has(row))]
    else this.#verdicts.onfail(page.error)
  }

  #page({ scores, threshold, lowest }: ReviewRequest, offset: number, limit = pageRows) {
    const review: ReviewFilter = this.listed === 'highest' ? 'all' : this.listed
    return this.#engine.listFlagged({
      scores,
      threshold: this.listed === 'highest' ? lowest : threshold,
      flaggedAbove: threshold,
      sort: this.sort,
      descending: this.sort !== 'row',
      review,
      offset,
      limit,
    })
  }

  choose(row: number): void {
    this.current = row
    this.#apart = null
  }

  /** A row that may not be flagged, e.g. a pixel of the map; as it is given where nothing more is kept of it. */
  async lookAt(given: FlaggedRow): Promise<void> {
    const { row } = given
    if (this.rows.some((other) => other.row === row)) {
      this.choose(row)
      return
    }
    const request = this.#request
    if (!request) return
    const { scores, threshold, lowest } = request
    const found = await this.#engine.listFlagged({
      scores,
      threshold: lowest,
      flaggedAbove: threshold,
      rows: { from: row, to: row },
      limit: 1,
    })
    if (this.#request !== request) return
    if (!found.ok) this.#verdicts.onfail(found.error)
    else this.#apart = found.value.rows[0] ?? given
  }

  /** From a row that is not in the list back to the one before. */
  async step(by: 1 | -1): Promise<void> {
    if (this.#apart) {
      this.#apart = null
      return
    }
    if (by === 1 && this.position === this.rows.length - 1) await this.more()
    const next = this.rows[this.position + by]
    if (next) this.current = next.row
  }

  /** What was found of the row that is looked at, then on to the next one. The same verdict again takes it back. */
  async judge(verdict: Verdict): Promise<void> {
    const row = this.chosen
    if (!row) return
    const isTaken = row.review?.verdict === verdict
    // Before the answer: keys pressed quickly reach one row each.
    if (this.#apart === null) {
      this.current = row.row
      if (!isTaken) void this.step(1)
    }
    await this.#verdicts.judge(String(row.row), verdict)
  }

  comment(row: FlaggedRow, comment: string): Promise<void> {
    return this.#verdicts.comment(String(row.row), comment)
  }

  /** All rows under the filter, also those not read yet; null when that failed. */
  async all(): Promise<readonly FlaggedRow[] | null> {
    const request = this.#request
    if (!request) return null
    const rows: FlaggedRow[] = []
    while (rows.length < mostExported) {
      const page = await this.#page(request, rows.length, 500)
      if (!page.ok) {
        this.#verdicts.onfail(page.error)
        return null
      }
      rows.push(...page.value.rows)
      if (page.value.rows.length === 0 || rows.length >= page.value.total) break
    }
    return rows
  }
}

export const passes = (review: ReviewEntry | null, listed: Listed): boolean => {
  if (listed === 'all' || listed === 'highest') return true
  return listed === 'open' ? !review?.verdict : review?.verdict === listed
}
