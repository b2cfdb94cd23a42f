/**
 * The flagged rows of scores as someone goes through them: read page by page, one of them looked at, each confirmed, dismissed or commented.
 * A verdict moves on to the next row at once; what was found lies in the annotations of the scores, so undo is that of the project.
 */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { ReviewEntry } from '#common/domain/artifact.ts'
import type { FlaggedRow, ReviewFilter } from '#common/domain/scores.ts'
import type { ErrorReport } from '#common/errors.ts'

/** What is listed: flagged rows by what was found of them, or the highest scores whether flagged or not. */
export type Listed = 'all' | 'open' | 'confirmed' | 'dismissed' | 'highest'
export type ReviewSort = 'score' | 'confidence' | 'row'
export type Verdict = NonNullable<ReviewEntry['verdict']>
export type Reviews = Readonly<Record<string, ReviewEntry>>

export interface ReviewRequest {
  readonly scores: number
  readonly threshold: number
  /** The lowest score: above it everything is listed. */
  readonly lowest: number
  /** Only these rows, e.g. those of an event. */
  readonly rows?: { readonly from: number; readonly to: number }
}

const pageRows = 200
/** Rows written to a table: more would keep the window busy for long. */
const mostExported = 50_000

type Engine = Pick<Client<EngineCalls>, 'listFlagged' | 'review'>

export class ReviewList {
  status = $state<'none' | 'reading' | 'ready' | 'failed'>('none')
  error = $state.raw<ErrorReport | null>(null)
  listed = $state<Listed>('all')
  sort = $state<ReviewSort>('score')
  /** Row of the list that is looked at. */
  current = $state<number | null>(null)
  /** One that was chosen elsewhere and is not in the list. */
  #apart = $state.raw<FlaggedRow | null>(null)
  /** All that score above the threshold. */
  flagged = $state(0)
  #total = $state(0)
  #read = $state.raw<readonly FlaggedRow[]>([])
  /** Flagged rows that had been reviewed when the list was read. */
  #reviewedBefore = $state.raw<readonly number[]>([])
  #reviewedBeyond = $state(0)
  #asked = ''
  #request: ReviewRequest | null = null
  readonly #engine: Engine
  readonly #reviews: () => Reviews
  readonly #onfail: (error: ErrorReport) => void

  /** @param reviews what was found so far, from the annotations of the scores */
  constructor(engine: Engine, reviews: () => Reviews, onfail: (error: ErrorReport) => void) {
    this.#engine = engine
    this.#reviews = reviews
    this.#onfail = onfail
  }

  /** With what was found of them by now; one that a verdict takes out of the list stays while it is looked at. */
  rows = $derived.by((): readonly FlaggedRow[] => {
    const reviews = this.#reviews()
    return this.#read
      .map((row) => ({ ...row, review: reviews[row.row] ?? null }))
      .filter((row) => row.row === this.current || passes(row.review, this.listed))
  })
  /** The row that is looked at; the first one until one was chosen. */
  chosen = $derived.by((): FlaggedRow | null => {
    if (this.#apart) return { ...this.#apart, review: this.#reviews()[this.#apart.row] ?? null }
    return this.rows.find(({ row }) => row === this.current) ?? this.rows[0] ?? null
  })
  /** Its place in the list; −1 of one that is not in it. */
  position = $derived(this.chosen ? this.rows.findIndex(({ row }) => row === this.chosen?.row) : -1)
  /** How many there are under the filter, those not read yet included. */
  total = $derived.by(() => {
    const reviews = this.#reviews()
    return this.#total - this.#read.filter(({ row }) => !passes(reviews[row] ?? null, this.listed)).length
  })
  reviewed = $derived.by(() => {
    const reviews = this.#reviews()
    const known = new Set([...this.#reviewedBefore, ...(this.listed === 'highest' ? [] : this.#read.map(({ row }) => row))])
    let n = this.#reviewedBeyond
    for (const row of known) if (reviews[row]?.verdict) n++
    return n
  })
  hasMore = $derived(this.#read.length < this.#total)

  /** Reads the list anew where it is another one. */
  async read(request: ReviewRequest | null): Promise<void> {
    const key = JSON.stringify([request, this.listed, this.sort])
    if (key === this.#asked) return
    const isOther = request?.scores !== this.#request?.scores
    this.#asked = key
    this.#request = request
    this.error = null
    if (isOther || request === null) {
      this.#read = []
      this.#reviewedBefore = []
      this.#total = 0
      this.flagged = 0
      this.current = null
      this.#apart = null
    }
    if (request === null) {
      this.status = 'none'
      return
    }
    this.status = 'reading'
    const [page, before] = await Promise.all([
      this.#page(request, 0),
      this.#engine.listFlagged({
        scores: request.scores,
        threshold: request.threshold,
        review: 'reviewed',
        limit: 500,
        rows: request.rows,
      }),
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
    this.#reviewedBefore = before.value.rows.map(({ row }) => row)
    this.#reviewedBeyond = before.value.total - before.value.rows.length
    this.status = 'ready'
  }

  /** The next page, where there is one. */
  async more(): Promise<void> {
    const [key, request] = [this.#asked, this.#request]
    if (!request || !this.hasMore || this.status === 'reading') return
    this.status = 'reading'
    const page = await this.#page(request, this.#read.length)
    if (this.#asked !== key) return
    this.status = 'ready'
    if (page.ok) this.#read = [...this.#read, ...page.value.rows]
    else this.#onfail(page.error)
  }

  #page(request: ReviewRequest, offset: number, limit = pageRows) {
    const review: ReviewFilter = this.listed === 'highest' ? 'all' : this.listed
    return this.#engine.listFlagged({
      scores: request.scores,
      threshold: this.listed === 'highest' ? request.lowest : request.threshold,
      sort: this.sort,
      descending: this.sort !== 'row',
      review,
      rows: request.rows,
      offset,
      limit,
    })
  }

  choose(row: number): void {
    this.current = row
    this.#apart = null
  }

  /** A row that may not be flagged, e.g. a pixel of the map. */
  async lookAt(row: number): Promise<void> {
    if (this.rows.some((other) => other.row === row)) {
      this.choose(row)
      return
    }
    const request = this.#request
    if (!request) return
    const found = await this.#engine.listFlagged({
      scores: request.scores,
      threshold: request.lowest,
      rows: { from: row, to: row },
      limit: 1,
    })
    if (this.#request !== request) return
    if (!found.ok) this.#onfail(found.error)
    else if (found.value.rows[0]) this.#apart = found.value.rows[0]
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
    await this.#settle(row.row, { verdict: isTaken ? null : verdict, comment: row.review?.comment ?? '' })
  }

  async comment(row: FlaggedRow, comment: string): Promise<void> {
    if (comment !== (row.review?.comment ?? '')) await this.#settle(row.row, { verdict: row.review?.verdict ?? null, comment })
  }

  async #settle(row: number, entry: ReviewEntry): Promise<void> {
    const request = this.#request
    if (!request) return
    const isEmpty = entry.verdict === null && entry.comment === ''
    const answer = await this.#engine.review({ scores: request.scores, entries: { [row]: isEmpty ? null : entry } })
    if (!answer.ok) this.#onfail(answer.error)
  }

  /** All rows under the filter, also those not read yet; null when that failed. */
  async all(): Promise<readonly FlaggedRow[] | null> {
    const request = this.#request
    if (!request) return null
    const rows: FlaggedRow[] = []
    while (rows.length < mostExported) {
      const page = await this.#page(request, rows.length, 500)
      if (!page.ok) {
        this.#onfail(page.error)
        return null
      }
      rows.push(...page.value.rows)
      if (page.value.rows.length === 0 || rows.length >= page.value.total) break
    }
    return rows
  }
}

const passes = (review: ReviewEntry | null, listed: Listed): boolean => {
  if (listed === 'all' || listed === 'highest') return true
  return listed === 'open' ? !review?.verdict : review?.verdict === listed
}
