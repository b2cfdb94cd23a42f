/**
 * Classes of new rows where a method says none: that of most of the 5 nearest rows learned from, the nearest deciding between equals.
 * Memory: the rows learned from once more. Cost: a search in a k-d tree per row, all rows where codes have many numbers.
 */
import type { Clustering } from './define.ts'
import { buildKdTree, nearestIn } from './kdTree.ts'

const voters = 5

/** @param X [n × d] rows learned from, whose classes are `labels`; the membership of a new row is the share of its neighbours in its class, and it lies in the tree where the nearest of them does */
export function neighbourVote(
  X: Float32Array,
  n: number,
  d: number,
  { labels, tree }: Pick<Clustering, 'labels' | 'tree'>,
): NonNullable<Clustering['assign']> {
  let search: ReturnType<typeof searchIn> | null = null
  const searchIn = () => {
    const tree = buildKdTree(X, n, d)
    return { order: tree.order, nearest: nearestIn(tree, Math.min(voters, n)) }
  }
  return (rows, count, out, membership, place) => {
    search ??= searchIn()
    const { order, nearest } = search
    for (let i = 0, at = 0; i < count; i++, at += d) {
      out[i] = 0
      if (Number.isNaN(rows[at])) continue
      nearest.search(rows, at)
      const votes = Array.from(nearest.position, (position) => labels[order[position]])
      const share = (label: number): number => votes.filter((vote) => vote === label).length
      const won = votes.reduce((best, label) => (share(label) > share(best) ? label : best))
      out[i] = won
      if (place && tree) place.node[i] = tree.rowNode[order[nearest.position[votes.indexOf(won)]]]
      if (membership) membership[i] = won < 0 ? 0 : share(won) / votes.length
    }
  }
}
