/** Scores along time: all of it for the overview, and the stretch that is looked at as finely as the screen can show. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import { Answer } from '../../lib/state/answer.svelte.ts'

type Call = Client<EngineCalls>['readScoreLine']
type Asked = Parameters<Call>[0]
export type Line = Extract<Awaited<ReturnType<Call>>, { ok: true }>['value']

const points = 1200

export class ScoreLine {
  unit = $state<string | null>(null)
  /** The stretch that is looked at; null for all. */
  stretch = $state.raw<readonly [number, number] | null>(null)
  readonly #whole: Answer<Asked, Line>
  readonly #part: Answer<Asked, Line>

  constructor(engine: Pick<Client<EngineCalls>, 'readScoreLine'>) {
    this.#whole = new Answer(engine.readScoreLine)
    this.#part = new Answer(engine.readScoreLine)
  }

  whole = $derived.by(() => this.#whole.value)
  /** What is drawn of the stretch: a coarser line until the finer one has come. */
  shown = $derived.by(() => (this.stretch === null ? this.#whole.value : (this.#part.value ?? this.#whole.value)))
  status = $derived.by(() => this.#whole.status)
  error = $derived.by(() => this.#whole.error ?? this.#part.error)

  async read(scores: number | null): Promise<void> {
    await Promise.all([this.#whole.ask(this.#ofWhole(scores)), this.#part.ask(this.#ofStretch(scores))])
  }

  /** The same once more after a failure. */
  again(scores: number | null): void {
    this.#whole.again(this.#ofWhole(scores))
    this.#part.again(this.#ofStretch(scores))
  }

  #ofWhole(scores: number | null): Asked | null {
    return scores === null ? null : { scores, unit: this.unit, points }
  }
  #ofStretch(scores: number | null): Asked | null {
    const { stretch } = this
    const whole = this.#ofWhole(scores)
    return whole === null || stretch === null ? null : { ...whole, from: stretch[0], to: stretch[1] }
  }
}
