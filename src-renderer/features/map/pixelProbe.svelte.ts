/** Values of the pixel under the pointer, read when the pointer rests; a slow answer for an earlier pixel is dropped. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'

export interface PixelValues {
  readonly x: number
  readonly y: number
  readonly label: number | null
  readonly score: number | null
  readonly values: readonly (number | null)[]
}
export interface ProbeSources {
  readonly dataset: number
  readonly clustering?: number
  readonly scores?: number
}

const restMs = 60

export class PixelProbe {
  pixel = $state.raw<PixelValues | null>(null)
  readonly #engine: Pick<Client<EngineCalls>, 'readPixel'>
  #timer: ReturnType<typeof setTimeout> | undefined
  #asked = ''

  constructor(engine: Pick<Client<EngineCalls>, 'readPixel'>) {
    this.#engine = engine
  }

  point(at: { readonly x: number; readonly y: number } | null, sources: ProbeSources): void {
    const key = at ? `${at.x},${at.y},${JSON.stringify(sources)}` : ''
    if (key === this.#asked) return
    this.#asked = key
    clearTimeout(this.#timer)
    if (!at) {
      this.pixel = null
      return
    }
    this.#timer = setTimeout(async () => {
      const result = await this.#engine.readPixel({ ...sources, x: at.x, y: at.y })
      // A pixel that cannot be read shows nothing; the tiles say that the source is not readable.
      if (this.#asked === key) this.pixel = result.ok ? { x: at.x, y: at.y, ...result.value } : null
    }, restMs)
  }
}
