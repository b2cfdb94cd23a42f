/**
 * The classes that a tree falls into when it is cut: a tree of Ward into k classes or at a height, a condensed tree as HDBSCAN selects its
 * clusters or at a distance ε,
 *
 *   C(ε) = clusters born at λ < 1/ε, with the rows that leave them, or what they split into, at λ ≥ 1/ε
 *
 * which are the clusters of DBSCAN* with that ε (Campello, Moulavi & Sander 2013, section 3), those of fewer rows than the smallest cluster
 * left out as noise. Memory: 12 bytes a node, and of condensed trees 20 bytes a row learned from.
 */
import { StratumError } from '#common/errors.ts'
import type { TreeCut } from '#common/domain/treeCut.ts'
import type { ClusterTree } from './define.ts'
import type { CondensedTree } from './hdbscan/condensedTree.ts'
import { type SelectionOptions, selectClusters } from './hdbscan/selectClusters.ts'
import { classesAt, nodesCutIntoK } from './wardTree.ts'

/** A tree as it is kept; `lambda` is there for condensed ones. */
export interface CuttableTree extends Pick<ClusterTree, 'kind' | 'leaves' | 'children' | 'height' | 'size'> {
  readonly lambda: {
    /** [leaves + merges] λ at which each node was born. */
    readonly birth: Float64Array
    /** Of the rows learned from: node, and λ at which each left it. */
    readonly rowNode: Int32Array
    readonly row: Float64Array
  } | null
}

export interface TreeClasses {
  readonly k: number
  /** [leaves + merges] class 0 … k − 1 of the rows at a node, −1 where they have none. */
  readonly nodeClass: Int32Array
  /** Rows that left their node at a smaller λ are noise; 0 for none. */
  readonly rowsFrom: number
}

/** @throws PARAMETER_INVALID where the tree cannot be cut so */
export function cutTree(tree: CuttableTree, { by, clusters, height }: TreeCut, hdbscan: Omit<SelectionOptions, 'method'>): TreeClasses {
  if (by === 'height') {
    if (height === null) throw refused('height', 'There is no height to cut at.', 'Give one.')
    if (tree.lambda) return atDistance(tree, tree.lambda, height)
  }
  if (tree.lambda) {
    if (by === 'clusters')
      throw refused('by', 'A density tree is not cut into a number of clusters.', 'Cut at a distance, or choose its clusters.')
    return selected(tree, tree.lambda, { ...hdbscan, method: by === 'leaf' ? 'leaf' : 'eom' })
  }
  if (tree.kind === 'condensed' || by === 'eom' || by === 'leaf')
    throw refused('by', 'Clusters are selected in a density tree that keeps its rows.', 'Cluster by HDBSCAN again.')
  if (by === 'clusters' && clusters === null) throw refused('clusters', 'There is no number of clusters to cut into.', 'Give one.')
  const k = by === 'height' ? classesAt(tree, height ?? 0) : Math.min(classesAt(tree, 0), clusters ?? 1)
  return { k, nodeClass: nodesCutIntoK(tree, k), rowsFrom: 0 }
}

const refused = (parameter: string, message: string, hint: string): StratumError =>
  new StratumError('PARAMETER_INVALID', message, hint, { parameter })

type Lambda = NonNullable<CuttableTree['lambda']>

function atDistance(tree: CuttableTree, { birth, rowNode, row }: Lambda, distance: number): TreeClasses {
  const { leaves, children } = tree
  const cut = 1 / distance
  const last = lastLambda(birth.length, rowNode, row)
  const nodeClass = new Int32Array(birth.length).fill(-1)
  let k = 0
  // Parents have higher numbers than what hangs below them.
  for (let node = birth.length - 1; node >= 0; node--) {
    const first = node < leaves ? -1 : children[2 * (node - leaves)]
    if (nodeClass[node] < 0 && birth[node] < cut && (first < 0 ? last[node] : birth[first]) >= cut) nodeClass[node] = k++
    if (first >= 0) nodeClass[first] = nodeClass[children[2 * (node - leaves) + 1]] = nodeClass[node]
  }
  return { k, nodeClass, rowsFrom: cut }
}

/** By node the largest λ at which one of its rows left it; 0 where it has none of its own. */
export function lastLambda(nodes: number, rowNode: Int32Array, row: Float64Array): Float64Array {
  const last = new Float64Array(nodes)
  for (let i = 0; i < row.length; i++) if (row[i] > last[rowNode[i]]) last[rowNode[i]] = row[i]
  return last
}

/** Clusters are numbered from the root there, nodes from the leaves here. */
function selected({ leaves, children, size }: CuttableTree, { birth, rowNode, row }: Lambda, options: SelectionOptions): TreeClasses {
  const nodes = birth.length
  const clusterOf = (node: number): number => nodes - 1 - node
  const parent = new Array<number>(nodes).fill(-1)
  const below: number[][] = Array.from({ length: nodes }, () => [])
  const last = lastLambda(nodes, rowNode, row)
  for (let node = leaves; node < nodes; node++)
    for (const side of [0, 1]) {
      const child = children[2 * (node - leaves) + side]
      parent[clusterOf(child)] = clusterOf(node)
      below[clusterOf(node)].push(clusterOf(child))
      last[node] = Math.max(last[node], birth[child])
    }
  const byCluster = (values: Float64Array): number[] => Array.from(values.subarray(0, nodes)).reverse()
  const tree: CondensedTree = {
    rowCluster: rowNode.map(clusterOf),
    rowLambda: row,
    parent,
    birth: byCluster(birth),
    size: byCluster(size),
    children: below,
    lastLambda: byCluster(last),
  }
  const { clusters, classOf, rowsFrom } = selectClusters(tree, options)
  return { k: clusters.length, nodeClass: Int32Array.from({ length: nodes }, (_, node) => classOf[clusterOf(node)]), rowsFrom }
}

/** Shares of the rows learned from, by class, the largest first, and of noise. */
export function sharesOf(
  tree: CuttableTree,
  { k, nodeClass, rowsFrom }: TreeClasses,
): { shares: Float64Array<ArrayBuffer>; noise: number } {
  const sizes = new Float64Array(k)
  if (tree.lambda) {
    const { rowNode, row } = tree.lambda
    for (let i = 0; i < row.length; i++) if (nodeClass[rowNode[i]] >= 0 && row[i] >= rowsFrom) sizes[nodeClass[rowNode[i]]]++
  } else for (let leaf = 0; leaf < tree.leaves; leaf++) sizes[nodeClass[leaf]] += tree.size[leaf]
  const all = tree.lambda ? tree.lambda.row.length : tree.size.subarray(0, tree.leaves).reduce((sum, rows) => sum + rows, 0)
  const shares = sizes.sort((a, b) => b - a).map((rows) => rows / Math.max(1, all))
  return { shares, noise: Math.max(0, 1 - shares.reduce((sum, share) => sum + share, 0)) }
}
