/**
 * Where the files of the project's datasets are: looked at when a project opens and when a dataset is shown, by size and time
 * alone. A missing one is linked to where it is now, or looked for in a folder.
 */
import type { Client, Subscribe } from '#common/contract/calls.ts'
import type { EngineCalls, EngineEvents } from '#common/contract/engine.ts'
import type { SourceState } from '#common/domain/dataset.ts'
import type { ErrorReport } from '#common/errors.ts'

/** A link that was asked for: looking, or why it did not come about. */
export type LinkAttempt =
  | { readonly status: 'looking'; readonly folder: string | null }
  | { readonly status: 'not-found'; readonly folder: string; readonly entries: number; readonly complete: boolean }
  | { readonly status: 'refused'; readonly error: ErrorReport }

export class Sources {
  /** By dataset; those without anything to say are left out. */
  troubled = $state.raw<ReadonlyMap<number, SourceState>>(new Map())
  attempt = $state.raw<LinkAttempt | null>(null)
  /** Called when a project opens with files that are missing or changed. */
  onTrouble: ((states: readonly SourceState[]) => void) | null = null

  readonly #engine: Client<EngineCalls>
  #project: string | null = null

  constructor(engine: Client<EngineCalls>, onEngine: Subscribe<EngineEvents>) {
    this.#engine = engine
    onEngine('projectChanged', (project) => {
      const path = project?.path ?? null
      if (path === this.#project) return
      this.#project = path
      this.troubled = new Map()
      this.attempt = null
      if (path) void this.#entered()
    })
  }

  async check(): Promise<void> {
    const states = await this.#engine.sourceStates({})
    // Without an open project there is nothing to look at, and a file system that does not answer is met when the file is read.
    if (states.ok) this.troubled = new Map(states.value.filter(({ state }) => state !== 'present').map((state) => [state.dataset, state]))
  }

  /** True when the dataset is linked now; else `attempt` says why not. */
  async link(dataset: number, path: string): Promise<boolean> {
    this.attempt = { status: 'looking', folder: null }
    const linked = await this.#engine.relink({ artifact: dataset, path })
    this.attempt = linked.ok ? null : { status: 'refused', error: linked.error }
    await this.check()
    return linked.ok
  }

  async findIn(dataset: number, folder: string): Promise<boolean> {
    this.attempt = { status: 'looking', folder }
    const found = await this.#engine.findSource({ artifact: dataset, folder })
    if (!found.ok) {
      this.attempt = found.error.code === 'CANCELLED' ? null : { status: 'refused', error: found.error }
      return false
    }
    const { path, entries, complete } = found.value
    if (path !== null) return this.link(dataset, path)
    this.attempt = { status: 'not-found', folder, entries, complete }
    return false
  }

  async stop(): Promise<void> {
    await this.#engine.stopFindingSource({})
  }

  async #entered(): Promise<void> {
    await this.check()
    const states = [...this.troubled.values()].filter(({ state }) => state === 'missing' || state === 'changed')
    if (states.length > 0) this.onTrouble?.(states)
  }
}
