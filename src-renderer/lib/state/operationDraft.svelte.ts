/** One operation as a view offers it: the settings changed so far, whether it runs, and why it could not begin. */
import type { OperationDescription } from '#common/contract/engine.ts'
import type { Artifact, Job } from '#common/domain/artifact.ts'
import type { ErrorReport } from '#common/errors.ts'
import type { Session } from './session.svelte.ts'

const defaultSeed = 7

export class OperationDraft {
  /** Only what differs from the defaults. */
  values = $state.raw<Readonly<Record<string, unknown>>>({})
  seed = $state(defaultSeed)
  refused = $state.raw<ErrorReport | null>(null)
  readonly operation: string
  readonly #session: Session

  constructor(session: Session, operation: string) {
    this.#session = session
    this.operation = operation
  }

  get description(): OperationDescription | null {
    return this.#session.registry?.operations.find((o) => o.id === this.operation) ?? null
  }
  /** The running or waiting job of this operation. */
  get job(): Job | null {
    return this.#session.activeJobs.find((j) => j.operation === this.operation) ?? null
  }
  /** What the engine said of a parameter, for the form. */
  get errors(): Readonly<Record<string, string>> {
    const parameter = this.refused?.where.parameter
    return parameter !== undefined && this.refused ? { [String(parameter)]: this.refused.message } : {}
  }

  /** The defaults again. */
  forget(): void {
    this.values = {}
    this.seed = defaultSeed
    this.refused = null
  }

  /** Runs it, with parameters of this once `beside` those of the form, and looks at its result; null when it failed, was refused or cancelled. */
  run(inputs: Readonly<Record<string, number>>, beside: Readonly<Record<string, unknown>> = {}): Promise<Artifact | null> {
    return this.runWith(inputs, { ...this.values, ...beside })
  }

  /** The same with other parameters than those of the form. */
  async runWith(
    inputs: Readonly<Record<string, number>>,
    params: Readonly<Record<string, unknown>>,
    seed = this.seed,
  ): Promise<Artifact | null> {
    this.refused = null
    const begun = await this.#session.run({ operation: this.operation, inputs: { ...inputs }, params: { ...params }, seed })
    if (!begun.ok) {
      this.refused = begun.error
      return null
    }
    const ended = await this.#session.ended(begun.value)
    const made = await this.#session.resultOf(ended)
    if (made) this.#session.choose(made.id)
    return made
  }
}
