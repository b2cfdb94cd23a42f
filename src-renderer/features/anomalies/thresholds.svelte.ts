/** Thresholds while they are being moved. What was set is an annotation of the scores and can be undone. */
import type { Artifact } from '#common/domain/artifact.ts'

export class Thresholds {
  #moving = $state.raw<Readonly<Record<number, number>>>({})

  /** The one being moved, else the one that was set, else the recommended one. */
  of(scores: Artifact): number {
    return this.#moving[scores.id] ?? scores.annotations.threshold ?? Number(scores.meta.threshold ?? 0)
  }

  move(scores: Artifact, threshold: number): void {
    this.#moving = { ...this.#moving, [scores.id]: threshold }
  }

  /** After it was set, the annotation counts (an undo must show). */
  settled(scores: Artifact): void {
    const { [scores.id]: _, ...rest } = this.#moving
    this.#moving = rest
  }

  forget(): void {
    this.#moving = {}
  }
}

export const thresholds = new Thresholds()
