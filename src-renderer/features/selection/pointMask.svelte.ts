/** The selection as a mask over the rows a view draws: told here where it can be, else by the engine. A newer question drops the older answer. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { RowSelection } from '#common/domain/selection.ts'
import type { ErrorReport } from '#common/errors.ts'
import { type DrawnRows, maskHere } from './mask.ts'

export class PointMask {
  /** 1 for each drawn row that is selected; null when nothing is, or while it is not known yet. */
  mask = $state.raw<Uint8Array | null>(null)
  error = $state.raw<ErrorReport | null>(null)
  readonly #engine: Pick<Client<EngineCalls>, 'selectRows'>
  #asked = 0

  constructor(engine: Pick<Client<EngineCalls>, 'selectRows'>) {
    this.#engine = engine
  }

  async follow(selection: RowSelection | null, drawn: DrawnRows | null): Promise<void> {
    const asked = ++this.#asked
    this.error = null
    if (!selection || !drawn) {
      this.mask = null
      return
    }
    const here = maskHere(selection, drawn)
    if (here) {
      this.mask = here
      return
    }
    const result = await this.#engine.selectRows({ selection, rows: drawn.rows })
    if (this.#asked !== asked) return
    this.mask = result.ok ? result.value.inside : null
    if (!result.ok) this.error = result.error
  }
}
