/** A way to lay rows out in a plane: `defineEmbedding({ id, title, …, params, fit })`, one file per method and a line in registry.ts. */
import type { z } from 'zod'
import type { MethodDeclaration, MethodRun } from '../methods/define.ts'
import type { LongRun } from '../pace.ts'
import type { Cost, PlaneSizes } from './cost.ts'

export interface EmbeddingRun extends MethodRun {
  /** The plane so far, [n × 2], about ten times a second at most: to be shown while it runs. The array may be reused afterwards. */
  readonly show?: (plane: Float32Array) => void
  /** True once the user asked to stop and keep the plane as it is. */
  readonly isEnough?: () => boolean
}

export interface Embedding2d {
  /** [n × 2] */
  readonly plane: Float32Array
  /** Figures its users expect: trustworthiness, crossEntropy, klDivergence, explained variance of the two axes … */
  readonly figures: Readonly<Record<string, number>>
}

/** Gives rows a place in a finished plane, whose rows stay where they are. */
export interface Placer {
  /**
   * Of each row of Y [m × d] alone: whatever it is placed with, it comes to lie at the same place; one that equals a row of the plane, at
   * that one's. Finite rows only.
   *
   * @returns [m × 2], until it is called again
   */
  place(Y: Float32Array, m: number, run: LongRun): Promise<Float32Array>
  /** Ends its threads and gives its memory back. */
  close(): Promise<void>
}

export interface EmbeddingMethod<Schema extends z.ZodObject = z.ZodObject> extends MethodDeclaration<Schema> {
  /** Rows laid out where nobody says how many: a matter of a minute or two. */
  readonly usualRows: number
  readonly mostRows: number
  /** @param X [n × d] row-major, finite. Memory beside it is said in the method's header. */
  fit(X: Float32Array, n: number, d: number, params: z.output<Schema>, run: EmbeddingRun): Promise<Embedding2d>
  /** Before anything is computed. */
  cost(sizes: PlaneSizes, params: z.output<Schema>): Cost
  /** For rows beyond those that were laid out. @param plane [n × 2] of the rows X, by `fit` */
  openPlacer?(X: Float32Array, plane: Float32Array, n: number, d: number, params: z.output<Schema>, run: MethodRun): Promise<Placer>
}

export const defineEmbedding = <Schema extends z.ZodObject>(method: EmbeddingMethod<Schema>): EmbeddingMethod<Schema> => method
