/** One number of each drawn row, to colour the points by. Rows are told apart by their array, not by what is in it: there may be millions. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { ErrorReport } from '#common/errors.ts'

type Engine = Pick<Client<EngineCalls>, 'readValues'>
type ValuesRequest = Parameters<Engine['readValues']>[0]

export class PointValues {
  /** In the order of `rows`. */
  values = $state.raw<Float32Array | null>(null)
  /** The rows they belong to: points that were drawn since then have none yet. */
  rows = $state.raw<Float64Array | null>(null)
  error = $state.raw<ErrorReport | null>(null)
  readonly #engine: Engine
  #asked: ValuesRequest | null = null

  constructor(engine: Engine) {
    this.#engine = engine
  }

  async read(request: ValuesRequest | null): Promise<void> {
    if (isSame(request, this.#asked)) return
    this.#asked = request
    this.error = null
    this.values = null
    this.rows = null
    if (!request) return
    const result = await this.#engine.readValues(request)
    if (this.#asked !== request) return
    this.rows = request.rows
    this.values = result.ok ? result.value.values : null
    // A newer question of another view ends this one; what is drawn then has the plain colour.
    this.error = result.ok || result.error.code === 'CANCELLED' ? null : result.error
  }

  /** The values of these rows, null while they are not there. */
  of(rows: Float64Array): Float32Array | null {
    return this.rows && sameRows(this.rows, rows) ? this.values : null
  }
}

/** A picture that moves gives its rows anew each time; the same first and last row of as many are the same rows. */
function isSame(a: ValuesRequest | null, b: ValuesRequest | null): boolean {
  if (a === null || b === null) return a === b
  return JSON.stringify(a.of) === JSON.stringify(b.of) && sameRows(a.rows, b.rows)
}
const sameRows = (a: Float64Array, b: Float64Array): boolean =>
  a === b || (a.length === b.length && a[0] === b[0] && a[a.length >> 1] === b[b.length >> 1] && a.at(-1) === b.at(-1))
