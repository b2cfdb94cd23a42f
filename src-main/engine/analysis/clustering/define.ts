/** A way to find classes: `defineClustering({ id, title, …, params, fit })`, one file per method and a line in registry.ts. */
import type { ClusteringFigures } from '#common/domain/clusteringFigures.ts'
import type { z } from 'zod'
import type { MethodDeclaration, MethodRun } from '../methods/define.ts'
import type { Assigner } from './assign/assigner.ts'

/** How the classes hang together, from the leaves up. Node ids: 0 … leaves − 1 are leaves, leaves + i is merge i. */
export interface ClusterTree {
  /**
   * 'ward': leaves are rows, or groups of near rows when there are too many to hold. 'condensed': leaves are the clusters that split no
   * further, heights are 1 / λ.
   */
  readonly kind: 'ward' | 'condensed'
  readonly leaves: number
  /** [merges × 2] the two nodes that join. */
  readonly children: Int32Array
  /** [merges] height of the join, in units of the codes; never falls. */
  readonly height: Float64Array
  /** [leaves + merges] rows under each node. */
  readonly size: Float64Array
  /** [leaves] class 0 … k−1 of each leaf, −1 for noise. */
  readonly leafClass: Int32Array
  /** [n] node that each row learned from lies at: its leaf; of a condensed tree the cluster that it was in last. */
  readonly rowNode: Int32Array
  /** Of a condensed tree: λ at which each row left its cluster, [n], and at which each node was born, [leaves + merges]. */
  readonly lambda?: { readonly row: Float64Array; readonly birth: Float64Array }
}

/** Where in the tree rows lie, filled beside their classes. */
export interface Placing {
  /** [n] */
  readonly node: Int32Array
  /** [n] of a condensed tree */
  readonly lambda: Float64Array | null
}

export interface Clustering {
  /** Classes found, without noise. */
  readonly k: number
  /** [n] of the rows learned from: 0 … k−1, canonical (by size, then centroid); −1 for noise. */
  readonly labels: Int32Array
  /** [n] how surely a row belongs to its class, 0 … 1, where the method says it. */
  readonly membership?: Float32Array
  /** [k × d] mean of each class. */
  readonly centres: Float32Array
  /** Class of new rows (and of the same ones, equal to `labels`). Null: by the neighbours among the rows learned from. */
  readonly assigner: Assigner | null
  readonly tree?: ClusterTree
  /** Figures of the fit that the method's users expect. */
  readonly figures: ClusteringFigures
  /** Why there are as many classes, in a sentence, where the method decides it. */
  readonly reason?: string
}

export interface ClusteringMethod<Schema extends z.ZodObject = z.ZodObject> extends MethodDeclaration<Schema> {
  /** Whether the number of classes is a parameter (called k) or a finding. */
  readonly takesK: boolean
  /** Whether these parameters say how many classes there are without k, e.g. by a height to cut at; then k is not chosen. */
  readonly doesWithoutK?: (params: z.output<Schema>) => boolean
  /** Rows it can learn from in memory and minutes; more are sampled evenly and the others assigned. */
  readonly mostRows: number
  /** @param X [n × d] row-major, finite. Memory beside it is said in the method's header. */
  fit(X: Float32Array, n: number, d: number, params: z.output<Schema>, run: MethodRun): Promise<Clustering>
}

export const defineClustering = <Schema extends z.ZodObject>(method: ClusteringMethod<Schema>): ClusteringMethod<Schema> => method
