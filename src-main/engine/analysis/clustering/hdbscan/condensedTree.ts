/**
 * The condensed tree (Campello, Moulavi & Sander 2013; McInnes & Healy, ICDMW 2017): merging along the spanning tree from short to long
 * edges gives a binary tree of the rows; read from the top, a cluster stays itself while it loses fewer than `minClusterSize` rows, and
 * becomes two others where both parts are that large.
 *
 *   λ = 1 / distance    a cluster is born at the λ of the split that makes it, a row leaves it at its own λ
 *
 * Clusters are numbered from the root, 0, so that a parent comes before its children. Memory: 40 bytes per row.
 */
import type { Pace } from '../../pace.ts'
import type { SpanningTree } from './spanningTree.ts'

const mergesBetweenRests = 4096

export interface CondensedTree {
  /** Cluster in which a row was last, and the λ at which it left it: [n]. */
  readonly rowCluster: Int32Array
  readonly rowLambda: Float64Array
  /** By cluster: −1 for the root's parent. */
  readonly parent: readonly number[]
  readonly birth: readonly number[]
  readonly size: readonly number[]
  /** Two, or none. */
  readonly children: readonly (readonly number[])[]
  /** The largest λ at which anything left it. */
  readonly lastLambda: readonly number[]
}

/** @param minClusterSize at least 2 */
export async function condenseTree({ a, b, reach }: SpanningTree, minClusterSize: number, pace: Pace): Promise<CondensedTree> {
  const merges = reach.length
  const n = merges + 1
  const { left, right, size } = await singleLinkage(a, b, pace)
  const cluster = new Int32Array(n + merges).fill(-1)
  /** Of a node whose rows have left their cluster: when. */
  const leftAt = new Float64Array(n + merges).fill(Number.NaN)
  const tree = { parent: [-1], birth: [0], size: [n], children: [[]] as number[][], lastLambda: [0] }
  const create = (parent: number, birth: number, rows: number): number => {
    const id = tree.parent.push(parent) - 1
    tree.birth.push(birth)
    tree.size.push(rows)
    tree.children.push([])
    tree.lastLambda.push(0)
    tree.children[parent].push(id)
    return id
  }
  cluster[n + merges - 1] = 0
  for (let merge = merges - 1; merge >= 0; merge--) {
    if (merge % mergesBetweenRests === 0 && pace.due()) await pace.rest()
    const node = n + merge
    const own = cluster[node]
    const parts = [left[merge], right[merge]]
    if (!Number.isNaN(leftAt[node])) {
      for (const part of parts) {
        cluster[part] = own
        leftAt[part] = leftAt[node]
      }
      continue
    }
    const lambda = reach[merge] > 0 ? 1 / reach[merge] : Number.POSITIVE_INFINITY
    const large = parts.filter((part) => size[part] >= minClusterSize)
    tree.lastLambda[own] = Math.max(tree.lastLambda[own], lambda)
    for (const part of parts) {
      cluster[part] = large.length === 2 ? create(own, lambda, size[part]) : own
      if (!large.includes(part)) leftAt[part] = lambda
    }
  }
  return { rowCluster: cluster.slice(0, n), rowLambda: leftAt.slice(0, n), ...tree }
}

/** Node n + i joins left[i] and right[i]. */
async function singleLinkage(
  a: Int32Array,
  b: Int32Array,
  pace: Pace,
): Promise<{ left: Int32Array; right: Int32Array; size: Float64Array }> {
  const merges = a.length
  const n = merges + 1
  const parent = Int32Array.from({ length: n + merges }, (_, node) => node)
  const size = new Float64Array(n + merges).fill(1, 0, n)
  const left = new Int32Array(merges)
  const right = new Int32Array(merges)
  const rootOf = (node: number): number => {
    let root = node
    while (parent[root] !== root) root = parent[root]
    for (let at = node; parent[at] !== root; ) [parent[at], at] = [root, parent[at]]
    return root
  }
  for (let i = 0; i < merges; i++) {
    if (i % mergesBetweenRests === 0 && pace.due()) await pace.rest()
    left[i] = rootOf(a[i])
    right[i] = rootOf(b[i])
    parent[left[i]] = parent[right[i]] = n + i
    size[n + i] = size[left[i]] + size[right[i]]
  }
  return { left, right, size }
}
