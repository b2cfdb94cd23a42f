/** A result that someone asked to delete, until they answer. What is damaged is computed again in its place. */
import type { Artifact } from '#common/domain/artifact.ts'
import { requestOf } from '../artifacts.ts'
import type { Selection } from './selection.svelte.ts'
import type { Session } from './session.svelte.ts'

interface Asked {
  readonly artifact: Artifact
  /** Computed once more when it is gone. */
  readonly again: boolean
}

export class Deletion {
  asked = $state.raw<Asked | null>(null)
  readonly #session: Session
  readonly #selection: Pick<Selection, 'forgetArtifacts'>

  constructor(session: Session, selection: Pick<Selection, 'forgetArtifacts'>) {
    this.#session = session
    this.#selection = selection
  }

  ask(artifact: Artifact, again = false): void {
    this.asked = { artifact, again }
  }
  keep(): void {
    this.asked = null
  }

  /** Deletes it with everything made from it. One that is computed again gets its name, class names and reviews back. */
  async confirm(): Promise<void> {
    const { asked } = this
    this.asked = null
    if (!asked) return
    const { artifact, again } = asked
    const deleted = await this.#session.remove(artifact)
    this.#selection.forgetArtifacts(deleted)
    if (!again || deleted.length === 0) return
    const { annotations } = artifact
    const made = await this.#session.runToEnd(requestOf(artifact))
    if (!made) return
    if (Object.keys(annotations).length > 0) await this.#session.annotate(made, annotations)
    this.#session.choose(made.id)
  }
}
