/** Scores along time: all of it for the overview, and the stretch that is looked at as finely as the screen can show. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import { Answer } from '../../lib/state/answer.svelte.ts'

type Call = Client<EngineCalls>['readScoreLine']
export type Line = Extract<Awaited<ReturnType<Call>>, { ok: true }>['value']

const points = 1200

export class ScoreLine {
  unit = $state<string | null>(null)
  /** The stretch that is looked at; null for all. */
  stretch = $state.raw<readonly [number, number] | null>(null)
  readonly #whole: Answer<Parameters<Call>[0], Line>
  readonly #part: Answer<Parameters<Call>[0], Line>

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
    const [unit, stretch] = [this.unit, this.stretch]
    await Promise.all([
      this.#whole.ask(scores === null ? null : { scores, unit, points }),
      this.#part.ask(scores === null || stretch === null ? null : { scores, unit, points, from: stretch[0], to: stretch[1] }),
    ])
  }
}
