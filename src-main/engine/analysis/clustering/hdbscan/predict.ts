/**
 * The class of a new row without learning anew, as McInnes's `approximate_predict`: among its 2 m nearest rows it looks for the one that
 * it reaches at the shortest mutual reachability distance, and joins the cluster in which that row was at that distance. Core distances
 * are those of the fit throughout, where releases of the package count neighbours one more or one fewer. A row that equals one learned from
 * lies where that one lies, however dense it is around: of whole numbers and categories most rows do.
 */
import type { Assign } from '../assign/assigner.ts'
import { type KdTree, nearestIn } from '../kdTree.ts'
import type { CondensedTree } from './condensedTree.ts'
import type { SelectedClusters } from './selectClusters.ts'
import type { CoreDistances } from './spanningTree.ts'

/** What is kept of a fit. */
export interface LearnedDensity {
  readonly rows: KdTree
  /** Neighbours for density. */
  readonly m: number
  /** [n] by positions in the tree of rows. */
  readonly coreSquared: Float64Array
  /** [n] cluster of the condensed tree that each row was in last, and until when. */
  readonly rowCluster: Int32Array
  readonly rowLambda: Float64Array
  /** [clusters] of the condensed tree: its parent, λ at its birth, its class (−1 for noise), and its node in the tree that is shown. */
  readonly parent: Int32Array
  readonly birth: Float64Array
  readonly classOf: Int32Array
  readonly nodeOf: Int32Array
  /** [k] the largest λ of each class. */
  readonly lastLambda: Float64Array
  /** Rows at a smaller λ are noise; above 0 only where all rows are one cluster. */
  readonly rowsFrom: number
}

/** @param newId class of each selected cluster */
export function learnedDensity(
  rows: KdTree,
  m: number,
  core: CoreDistances,
  { rowCluster, rowLambda, parent, birth, lastLambda }: CondensedTree,
  { classOf, clusters, rowsFrom }: SelectedClusters,
  newId: ArrayLike<number>,
  nodeOf: Int32Array,
): LearnedDensity {
  const last = new Float64Array(clusters.length)
  for (const [found, cluster] of clusters.entries()) last[newId[found]] = lastLambda[cluster]
  return {
    rows,
    m,
    coreSquared: core.squared,
    rowCluster,
    rowLambda,
    parent: Int32Array.from(parent),
    birth: Float64Array.from(birth),
    classOf: classOf.map((found) => (found < 0 ? -1 : newId[found])),
    nodeOf,
    lastLambda: last,
    rowsFrom,
  }
}

export function createPredict({
  rows,
  m,
  coreSquared,
  rowCluster,
  rowLambda,
  parent,
  birth,
  classOf,
  nodeOf,
  lastLambda,
  rowsFrom,
}: LearnedDensity): Assign {
  const { order, n, d } = rows
  const nearest = nearestIn(rows, Math.min(n, 2 * m))
  const { squared, position } = nearest

  /** The cluster that x[at …] joins, and λ at which it does. */
  const join = (x: Float32Array, at: number): { cluster: number; lambda: number } => {
    nearest.search(x, at)
    if (squared[0] === 0) {
      const equal = order[position[0]]
      return { cluster: rowCluster[equal], lambda: rowLambda[equal] }
    }
    const own = squared[Math.min(n, m) - 1]
    let best = Number.POSITIVE_INFINITY
    let row = -1
    for (let i = 0; i < position.length; i++) {
      const reach = Math.max(own, squared[i], coreSquared[position[i]])
      if (reach < best) {
        best = reach
        row = order[position[i]]
      }
    }
    const lambda = 1 / Math.sqrt(best)
    let cluster = rowCluster[row]
    if (rowLambda[row] > lambda) while (cluster > 0 && birth[cluster] >= lambda) cluster = parent[cluster]
    return { cluster, lambda }
  }

  return (X, count, classes, membership, place) => {
    for (let i = 0, at = 0; i < count; i++, at += d) {
      classes[i] = 0
      if (membership) membership[i] = 0
      if (Number.isNaN(X[at])) continue
      const { cluster, lambda } = join(X, at)
      const found = lambda < rowsFrom ? -1 : classOf[cluster]
      classes[i] = found
      if (membership && found >= 0) membership[i] = surely(lambda, lastLambda[found])
      if (place) place.node[i] = nodeOf[cluster]
      if (place?.lambda) place.lambda[i] = lambda
    }
  }
}

/** λ over the largest of the class; both are infinite among equal rows. */
const surely = (lambda: number, most: number): number => (lambda >= most ? 1 : lambda / most)
