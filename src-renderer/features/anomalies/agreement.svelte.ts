/** Which of the highest rows of some scores are the highest of others too. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import { overlap } from './sideBySide.ts'

/** Rows of each that are held against each other. */
export const comparedRows = 200

export class Agreement {
  #highest = $state.raw<Readonly<Record<number, readonly number[]>>>({})
  readonly #engine: Pick<Client<EngineCalls>, 'listFlagged'>
  readonly #asked = new Set<number>()

  constructor(engine: Pick<Client<EngineCalls>, 'listFlagged'>) {
    this.#engine = engine
  }

  /** Reads the highest rows of those that are not known yet, one after the other. @param lowest lower than every score */
  async read(scores: readonly { readonly id: number; readonly lowest: number }[]): Promise<void> {
    for (const { id, lowest } of scores) {
      if (this.#asked.has(id)) continue
      this.#asked.add(id)
      const page = await this.#engine.listFlagged({ scores: id, threshold: lowest, limit: comparedRows })
      if (page.ok) this.#highest = { ...this.#highest, [id]: page.value.rows.map(({ row }) => row) }
      else this.#asked.delete(id)
    }
  }

  /** Null while it is not known. */
  of(a: number, b: number): number | null {
    const [first, second] = [this.#highest[a], this.#highest[b]]
    return first && second ? overlap(first, second) : null
  }
}
