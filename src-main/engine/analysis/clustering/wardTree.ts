/**
 * Ward's tree (JASA 1963) by nearest-neighbour chains (Murtagh, Computer Journal 1983; Müllner, arXiv 1109.2378, as scipy):
 *
 *   d(A, B) = √( 2 |A| |B| / (|A| + |B|) ) ‖c_A − c_B‖
 *
 * A chain goes from a cluster to its nearest until two are each other's nearest; these join. Joining never brings two clusters closer to a
 * third than the nearer of them was, so the chain stays valid, and the joins sorted by height are the tree. Clusters are kept as centroids
 * and sizes: n² d operations and no matrix of distances. Of equally near clusters the first is taken, as scipy does.
 * Memory: 8 d + 44 bytes per leaf.
 */
import type { Pace } from '../pace.ts'

/** Relative difference up to which distances are equal: centroids are rounded. */
const equal = 1e-12

export interface WardTree {
  /** [merges × 2] node ids: leaves first, then merges in order of height. */
  readonly children: Int32Array
  /** [merges] rising. */
  readonly height: Float64Array
  /** [leaves + merges] */
  readonly size: Float64Array
}

/**
 * @param X      [n × d] the leaves
 * @param weight [n] rows that each leaf stands for
 */
export async function wardTree(
  X: ArrayLike<number>,
  n: number,
  d: number,
  weight: ArrayLike<number>,
  pace: Pace,
  report?: (fraction: number) => void,
): Promise<WardTree> {
  const centre = Float64Array.from({ length: n * d }, (_, at) => X[at])
  const mass = Float64Array.from({ length: n }, (_, i) => weight[i])
  /** Any leaf of the cluster at a place: by that the tree is put together when the heights are sorted. */
  const leaf = Int32Array.from({ length: n }, (_, i) => i)
  /** By which equals are told apart: the last of the places that a cluster's leaves had at first, as scipy numbers them. */
  const rank = Int32Array.from({ length: n }, (_, i) => i)
  const merges = n - 1
  const first = new Int32Array(merges)
  const second = new Int32Array(merges)
  const squaredHeight = new Float64Array(merges)
  // Clusters still open fill the first places, so that the inner loop runs over memory in order.
  let open = n
  const chain: number[] = []
  const move = (from: number, to: number): void => {
    if (from === to) return
    mass[to] = mass[from]
    leaf[to] = leaf[from]
    rank[to] = rank[from]
    for (let j = 0; j < d; j++) centre[to * d + j] = centre[from * d + j]
    for (let i = 0; i < chain.length; i++) if (chain[i] === from) chain[i] = to
  }
  for (let merge = 0; merge < merges; ) {
    if (chain.length === 0) chain.push(firstOf(rank, open))
    const top = chain[chain.length - 1]
    const before = chain.length > 1 ? chain[chain.length - 2] : -1
    let best = before < 0 ? Number.POSITIVE_INFINITY : squaredWard(centre, mass, d, top, before)
    let nearest = before
    const own = mass[top]
    // The last one of the chain is kept where others are as near, so that a chain cannot go round; else the first of them.
    for (let c = 0, at = 0; c < open; c++, at += d) {
      if (c === top) continue
      const factor = (2 * own * mass[c]) / (own + mass[c])
      const limit = (best / factor) * (1 + equal)
      let sum = 0
      for (let j = 0, from = top * d; j < d; j++) {
        const difference = centre[from + j] - centre[at + j]
        sum += difference * difference
      }
      if (sum > limit) continue
      const squared = factor * sum
      if (squared >= best * (1 - equal) && (nearest === before || rank[c] > rank[nearest])) continue
      best = squared
      nearest = c
    }
    if (pace.due()) {
      report?.(1 - ((merges - merge) / merges) ** 2)
      await pace.rest()
    }
    if (nearest !== before) {
      chain.push(nearest)
      continue
    }
    chain.length -= 2
    const [a, b] = [Math.min(top, nearest), Math.max(top, nearest)]
    first[merge] = leaf[a]
    second[merge] = leaf[b]
    squaredHeight[merge++] = best
    const total = mass[a] + mass[b]
    for (let j = 0; j < d; j++) centre[a * d + j] = (mass[a] * centre[a * d + j] + mass[b] * centre[b * d + j]) / total
    mass[a] = total
    rank[a] = Math.max(rank[a], rank[b])
    open--
    move(open, b)
  }
  return inOrder(n, weight, first, second, squaredHeight)
}

function firstOf(rank: Int32Array, open: number): number {
  let first = 0
  for (let c = 1; c < open; c++) if (rank[c] < rank[first]) first = c
  return first
}

function squaredWard(centre: Float64Array, mass: Float64Array, d: number, a: number, b: number): number {
  let sum = 0
  for (let j = 0; j < d; j++) sum += (centre[a * d + j] - centre[b * d + j]) ** 2
  return ((2 * mass[a] * mass[b]) / (mass[a] + mass[b])) * sum
}

/** Joins by rising height, each named by the nodes that hold its two leaves by then. */
function inOrder(n: number, weight: ArrayLike<number>, first: Int32Array, second: Int32Array, squaredHeight: Float64Array): WardTree {
  const merges = n - 1
  const order = Int32Array.from({ length: merges }, (_, i) => i).sort((a, b) => squaredHeight[a] - squaredHeight[b] || a - b)
  const parent = Int32Array.from({ length: n + merges }, (_, node) => node)
  const size = new Float64Array(n + merges)
  for (let i = 0; i < n; i++) size[i] = weight[i]
  const children = new Int32Array(2 * merges)
  const rootOf = (node: number): number => {
    let root = node
    while (parent[root] !== root) root = parent[root]
    for (let at = node; parent[at] !== root; ) [parent[at], at] = [root, parent[at]]
    return root
  }
  for (const [i, merge] of order.entries()) {
    const [one, other] = [rootOf(first[merge]), rootOf(second[merge])]
    children[2 * i] = Math.min(one, other)
    children[2 * i + 1] = Math.max(one, other)
    parent[one] = parent[other] = n + i
    size[n + i] = size[one] + size[other]
  }
  return { children, height: Float64Array.from(order, (merge) => Math.sqrt(squaredHeight[merge])), size }
}

/** Classes of the leaves when the tree is cut into k, numbered by their first leaf; the last k − 1 merges are undone. */
export const cutIntoK = (tree: Pick<WardTree, 'children' | 'height'>, k: number): Int32Array =>
  nodesCutIntoK(tree, k).slice(0, tree.height.length + 1)

/** The same of every node: −1 above the cut. */
export function nodesCutIntoK({ children, height }: Pick<WardTree, 'children' | 'height'>, k: number): Int32Array {
  const leaves = height.length + 1
  const label = new Int32Array(leaves + height.length).fill(-1)
  let next = 0
  for (let node = leaves + height.length - 1; node >= 0; node--) {
    // Merges from the top down: a node above the cut has no class, its children below begin one.
    const isAbove = node >= leaves && node - leaves >= height.length - (k - 1)
    if (isAbove) continue
    if (label[node] < 0) label[node] = next++
    if (node >= leaves) label[children[2 * (node - leaves)]] = label[children[2 * (node - leaves) + 1]] = label[node]
  }
  return label
}

/** How many classes are left when joins above a height are undone. */
export const classesAt = ({ height }: Pick<WardTree, 'height'>, cut: number): number =>
  1 + height.reduce((count, h) => count + (h > cut ? 1 : 0), 0)
