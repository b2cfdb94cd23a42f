/**
 * The class of a new row without learning anew, as McInnes's `approximate_predict`: among its 2 m nearest rows it looks for the one that
 * it reaches at the shortest mutual reachability distance, and joins the cluster in which that row was at that distance. Core distances
 * are those of the fit throughout, where releases of the package count neighbours one more or one fewer; so a row learned from gets its
 * own class again.
 */
import { type KdTree, nearestIn } from '../kdTree.ts'
import type { CondensedTree } from './condensedTree.ts'
import type { SelectedClusters } from './selectClusters.ts'
import type { CoreDistances } from './spanningTree.ts'

interface Learned {
  readonly rows: KdTree
  readonly core: CoreDistances
  readonly condensed: CondensedTree
  readonly selected: SelectedClusters
}

interface Predicted {
  /** Class, −1 for noise. */
  readonly found: number
  /** λ over the largest of the class; 0 for noise. */
  readonly surely: number
  /** Cluster of the condensed tree that the row joins, and where. */
  readonly cluster: number
  readonly lambda: number
}

/** @returns what is said of x[at …] */
export function createPredict({ rows, core, condensed, selected }: Learned, m: number): (x: Float32Array, at: number) => Predicted {
  const { order, n } = rows
  const { rowCluster, rowLambda, parent, birth, lastLambda } = condensed
  const nearest = nearestIn(rows, Math.min(n, 2 * m))
  return (x, at) => {
    nearest.search(x, at)
    const { squared, position } = nearest
    const own = squared[Math.min(n, m) - 1]
    let best = Number.POSITIVE_INFINITY
    let row = -1
    for (let i = 0; i < position.length; i++) {
      const reach = Math.max(own, squared[i], core.squared[position[i]])
      if (reach < best) {
        best = reach
        row = order[position[i]]
      }
    }
    const lambda = best > 0 ? 1 / Math.sqrt(best) : Number.MAX_VALUE
    let cluster = rowCluster[row]
    if (rowLambda[row] > lambda) while (cluster > 0 && birth[cluster] >= lambda) cluster = parent[cluster]
    const found = selected.classOf[cluster]
    if (found < 0) return { found: -1, surely: 0, cluster, lambda }
    const most = lastLambda[selected.clusters[found]]
    return { found, surely: most > 0 ? Math.min(most, lambda) / most : 1, cluster, lambda }
  }
}
