/**
 * Which clusters of a condensed tree are the answer (Campello, Moulavi & Sander 2013, section 5): of every branch either a cluster or
 * clusters below it, so that the sum of their stabilities is largest,
 *
 *   S(C) = Σ_{x ∈ C} ( λ_x − λ_birth(C) )
 *
 * or the leaves of the tree. Splits at distances below ε are undone afterwards (Malzer & Baum, MFI 2020).
 */
import type { CondensedTree } from './condensedTree.ts'

export interface SelectionOptions {
  readonly method: 'eom' | 'leaf'
  /** Distance; 0 for none. */
  readonly epsilon: number
  /** Whether all rows may be one cluster. */
  readonly allowSingle: boolean
  /** Larger clusters give way to those below them, where these are the most stable. Default: none do. */
  readonly mostRows?: number
}

export interface SelectedClusters {
  /** Clusters of the tree, ascending: class 0 … k − 1. */
  readonly clusters: readonly number[]
  /** By cluster of the tree: the class it belongs to, −1 when it is above them. */
  readonly classOf: Int32Array
  /** [n] −1 for noise. */
  readonly labels: Int32Array
  /** Rows that left their cluster at a smaller λ are noise; above 0 only where all rows are one cluster. */
  readonly rowsFrom: number
  /** [n] λ of the row over the largest of its class; 0 for noise. */
  readonly membership: Float32Array
}

export function selectClusters(tree: CondensedTree, options: SelectionOptions): SelectedClusters {
  const chosen = options.method === 'leaf' ? leavesOf(tree) : mostStable(tree, options)
  const clusters = [...(options.epsilon > 0 ? joinBelow(tree, chosen, options) : chosen)].sort((a, b) => a - b)
  const classOf = new Int32Array(tree.parent.length).fill(-1)
  for (const [id, cluster] of clusters.entries()) classOf[cluster] = id
  for (let c = 1; c < classOf.length; c++) if (classOf[c] < 0) classOf[c] = classOf[tree.parent[c]]

  const n = tree.rowCluster.length
  const labels = new Int32Array(n)
  const membership = new Float32Array(n)
  // Where all rows are one cluster, those that leave it before its last ones are noise.
  const rowsFrom = classOf[0] < 0 ? 0 : options.epsilon > 0 ? 1 / options.epsilon : tree.lastLambda[0]
  for (let i = 0; i < n; i++) {
    const lambda = tree.rowLambda[i]
    const found = classOf[tree.rowCluster[i]]
    labels[i] = lambda < rowsFrom ? -1 : found
    if (labels[i] < 0) continue
    const most = tree.lastLambda[clusters[found]]
    membership[i] = most === 0 || !Number.isFinite(lambda) ? 1 : Math.min(lambda, most) / most
  }
  return { clusters, classOf, labels, rowsFrom, membership }
}

function stabilities({ parent, birth, size, rowCluster, rowLambda }: CondensedTree): Float64Array {
  const sum = new Float64Array(parent.length)
  // What is born at an infinite λ, copies of one row, lives for no time.
  const lived = (lambda: number, cluster: number): number => (lambda === birth[cluster] ? 0 : lambda - birth[cluster])
  for (let i = 0; i < rowCluster.length; i++) sum[rowCluster[i]] += lived(rowLambda[i], rowCluster[i])
  for (let c = 1; c < parent.length; c++) sum[parent[c]] += lived(birth[c], parent[c]) * size[c]
  return sum
}

/** Excess of mass. */
function mostStable(tree: CondensedTree, { allowSingle, mostRows = Number.POSITIVE_INFINITY }: SelectionOptions): Set<number> {
  const stability = stabilities(tree)
  const isChosen = new Uint8Array(stability.length)
  for (let c = stability.length - 1; c >= (allowSingle ? 0 : 1); c--) {
    const below = tree.children[c].reduce((sum, child) => sum + stability[child], 0)
    if (below > stability[c] || tree.size[c] > mostRows) stability[c] = below
    else isChosen[c] = 1
  }
  return topmost(tree, isChosen)
}

/** Of those chosen the ones that lie below no other. */
function topmost({ parent }: CondensedTree, isChosen: Uint8Array): Set<number> {
  const isBelow = new Uint8Array(isChosen.length)
  const found = new Set<number>()
  for (let c = 0; c < isChosen.length; c++) {
    if (c > 0) isBelow[c] = isBelow[parent[c]] | isChosen[parent[c]]
    if (isChosen[c] && !isBelow[c]) found.add(c)
  }
  return found
}

/** None when the tree does not split. */
const leavesOf = ({ children }: CondensedTree): Set<number> =>
  new Set(children.flatMap((below, c) => (c > 0 && below.length === 0 ? [c] : [])))

/** A cluster born at a distance below ε gives way to its nearest ancestor that was not; to the one below the root where the root may not be. */
function joinBelow(tree: CondensedTree, chosen: ReadonlySet<number>, { epsilon, allowSingle }: SelectionOptions): Set<number> {
  if (chosen.has(0)) return new Set(chosen)
  const isChosen = new Uint8Array(tree.parent.length)
  for (const start of chosen) {
    let c = start
    while (1 / tree.birth[c] < epsilon) {
      const up = tree.parent[c]
      if (up === 0 && !allowSingle) break
      c = up
      if (up === 0) break
    }
    isChosen[c] = 1
  }
  return topmost(tree, isChosen)
}
