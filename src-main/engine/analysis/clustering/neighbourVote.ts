/**
 * Classes of new rows where a method says none: that of most of the 5 nearest rows learned from, the nearest deciding between equals.
 * Memory: the rows learned from once more. Cost: a search in a k-d tree per row, all rows where codes have many numbers.
 */
import { createPace, type LongRun } from '../pace.ts'
import type { Assign, Assigner } from './assign/assigner.ts'
import type { Clustering } from './define.ts'
import { buildKdTreeAtPace, type KdTree, nearestIn } from './kdTree.ts'

const voters = 5

export interface Voters {
  readonly rows: KdTree
  /** [n] their classes. */
  readonly labels: Int32Array
  /** [n] where they lie in the tree of classes, if there is one. */
  readonly rowNode: Int32Array | null
}

/** @param X [n × d] rows learned from, whose classes are `labels` */
export async function neighbourVote(
  X: Float32Array,
  n: number,
  d: number,
  { labels, tree }: Pick<Clustering, 'labels' | 'tree'>,
  { signal, report }: LongRun = {},
): Promise<Assigner> {
  return { kind: 'vote', rows: await buildKdTreeAtPace(X, n, d, createPace(signal), report), labels, rowNode: tree?.rowNode ?? null }
}

/** The membership of a row is the share of its neighbours in its class, and it lies in the tree where the nearest of them does. */
export function createVote({ rows, labels, rowNode }: Voters): Assign {
  const { order, n, d } = rows
  const nearest = nearestIn(rows, Math.min(voters, n))
  const votes = new Int32Array(nearest.position.length)
  const share = (label: number): number => votes.reduce((count, vote) => count + (vote === label ? 1 : 0), 0)
  return (X, count, classes, membership, place) => {
    for (let i = 0, at = 0; i < count; i++, at += d) {
      classes[i] = 0
      if (Number.isNaN(X[at])) continue
      nearest.search(X, at)
      for (let v = 0; v < votes.length; v++) votes[v] = labels[order[nearest.position[v]]]
      const won = votes.reduce((best, label) => (share(label) > share(best) ? label : best))
      classes[i] = won
      if (place && rowNode) place.node[i] = rowNode[order[nearest.position[votes.indexOf(won)]]]
      if (membership) membership[i] = won < 0 ? 0 : share(won) / votes.length
    }
  }
}
