/** Which artifact of each kind is looked at, so that all views agree. */
import type { Artifact, ArtifactKind } from '#common/domain/artifact.ts'
import { ancestor } from '../artifacts.ts'

/** In the order of the flow. What is further down stays only while it was made from what is chosen above. */
const kinds: readonly ArtifactKind[] = ['dataset', 'matrix', 'model', 'latents', 'clustering', 'scores']

export class Chosen {
  #byKind = $state.raw<Partial<Record<ArtifactKind, number>>>({})
  /** What was looked at last, of whatever kind. */
  last = $state<number | null>(null)
  readonly #artifacts: () => readonly Artifact[]
  readonly #byId: () => ReadonlyMap<number, Artifact>

  constructor(artifacts: () => readonly Artifact[], byId: () => ReadonlyMap<number, Artifact>) {
    this.#artifacts = artifacts
    this.#byId = byId
  }

  clear(): void {
    this.#byKind = {}
    this.last = null
  }

  /** The chosen artifact of a kind, else the newest usable one that belongs to the chosen dataset. */
  current(kind: ArtifactKind): Artifact | null {
    const byId = this.#byId()
    const chosen = this.#byKind[kind]
    const found = chosen === undefined ? undefined : byId.get(chosen)
    if (found?.status === 'done') return found
    const dataset = kind === 'dataset' ? undefined : this.#byKind.dataset
    return (
      this.#artifacts().findLast(
        (artifact) =>
          artifact.kind === kind &&
          artifact.status === 'done' &&
          (dataset === undefined || ancestor(artifact, 'dataset', byId)?.id === dataset),
      ) ?? null
    )
  }

  /** Looks at an artifact: everything it was made from is then the current one of its kind too. */
  choose(id: number): void {
    const byId = this.#byId()
    const artifact = byId.get(id)
    if (!artifact) return
    const next: Partial<Record<ArtifactKind, number>> = {}
    const dataset = ancestor(artifact, 'dataset', byId)
    for (const kind of kinds) {
      const own = ancestor(artifact, kind, byId)
      const before = this.#byKind[kind] === undefined ? null : (byId.get(this.#byKind[kind]) ?? null)
      const kept = before && dataset && ancestor(before, 'dataset', byId)?.id === dataset.id ? before : null
      if (own) next[kind] = own.id
      else if (kept && ancestor(kept, artifact.kind, byId)?.id === artifact.id) next[kind] = kept.id
    }
    next[artifact.kind] = artifact.id
    this.#byKind = next
    this.last = id
  }
}
