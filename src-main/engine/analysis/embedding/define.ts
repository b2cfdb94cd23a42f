/** A way to lay rows out in a plane: `defineEmbedding({ id, title, …, params, fit })`, one file per method and a line in registry.ts. */
import type { z } from 'zod'
import type { MethodDeclaration, MethodRun } from '../methods/define.ts'

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

export interface EmbeddingMethod<Schema extends z.ZodObject = z.ZodObject> extends MethodDeclaration<Schema> {
  /** Rows laid out where nobody says how many: a matter of a minute or two. */
  readonly usualRows: number
  readonly mostRows: number
  /** @param X [n × d] row-major, finite. Memory beside it is said in the method's header. */
  fit(X: Float32Array, n: number, d: number, params: z.output<Schema>, run: EmbeddingRun): Promise<Embedding2d>
}

export const defineEmbedding = <Schema extends z.ZodObject>(method: EmbeddingMethod<Schema>): EmbeddingMethod<Schema> => method
