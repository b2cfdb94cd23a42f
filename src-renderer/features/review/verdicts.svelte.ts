/**
 * What was found of rows, events and objects of some scores. It lies in their annotations, so undo is that of the project; what is on its
 * way there counts already.
 */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { ReviewEntry } from '#common/domain/artifact.ts'
import type { ErrorReport } from '#common/errors.ts'

export type Verdict = NonNullable<ReviewEntry['verdict']>
export type Reviews = Readonly<Record<string, ReviewEntry>>

export class Verdicts {
  #sent = $state.raw<Readonly<Record<string, ReviewEntry | null>>>({})
  readonly #engine: Pick<Client<EngineCalls>, 'review'>
  readonly #scores: () => number | null
  readonly #saved: () => Reviews
  readonly onfail: (error: ErrorReport) => void

  /** @param saved what was found so far, from the annotations of the scores */
  constructor(
    engine: Pick<Client<EngineCalls>, 'review'>,
    scores: () => number | null,
    saved: () => Reviews,
    onfail: (error: ErrorReport) => void,
  ) {
    this.#engine = engine
    this.#scores = scores
    this.#saved = saved
    this.onfail = onfail
  }

  of(key: string): ReviewEntry | null {
    const sent = this.#sent[key]
    return sent === undefined ? (this.#saved()[key] ?? null) : sent
  }

  /** Keys of all with a verdict. */
  all = $derived.by(() => {
    const every = { ...this.#saved(), ...this.#sent }
    return Object.keys(every).filter((key) => every[key]?.verdict)
  })

  /** Gives a verdict, or takes it back where it is given already: then false. */
  async judge(key: string, verdict: Verdict): Promise<boolean> {
    const before = this.of(key)
    const isTaken = before?.verdict === verdict
    await this.#give(key, { verdict: isTaken ? null : verdict, comment: before?.comment ?? '' })
    return !isTaken
  }

  async comment(key: string, comment: string): Promise<void> {
    const before = this.of(key)
    if (comment !== (before?.comment ?? '')) await this.#give(key, { verdict: before?.verdict ?? null, comment })
  }

  async #give(key: string, entry: ReviewEntry): Promise<void> {
    const scores = this.#scores()
    if (scores === null) return
    const kept = entry.verdict === null && entry.comment === '' ? null : entry
    this.#sent = { ...this.#sent, [key]: kept }
    const answer = await this.#engine.review({ scores, entries: { [key]: kept } })
    // A later one may be on its way.
    if (this.#sent[key] === kept) {
      const { [key]: _, ...others } = this.#sent
      this.#sent = others
    }
    if (!answer.ok) this.onfail(answer.error)
  }
}
