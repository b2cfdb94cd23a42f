/** What a plane would take, asked for once its settings rest, and again when the computer is free for a look at its speed. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import { Answer } from '../../lib/state/answer.svelte.ts'

type Engine = Pick<Client<EngineCalls>, 'estimatePlane'>
type Call = Engine['estimatePlane']
type Request = Parameters<Call>[0]
type Price = Extract<Awaited<ReturnType<Call>>, { ok: true }>['value']

const quietMs = 400

export class PlanePrice {
  readonly #answer: Answer<Request, Price>
  #resting: ReturnType<typeof setTimeout> | undefined

  constructor(engine: Engine) {
    this.#answer = new Answer((request: Request) => engine.estimatePlane(request))
  }

  /** Null also where the settings do not fit: the form says why when the plane is asked for. */
  get value(): Price | null {
    return this.#answer.error ? null : this.#answer.value
  }
  get isAsking(): boolean {
    return this.#answer.status === 'reading'
  }

  /** Null: nothing is offered. The same request may be asked again. */
  follow(request: Request | null): void {
    clearTimeout(this.#resting)
    if (request === null) void this.#answer.ask(null)
    else this.#resting = setTimeout(() => this.#answer.again(request), quietMs)
  }
}
