/**
 * Minimum spanning tree of the mutual reachability distances (Campello, Moulavi & Sander, PAKDD 2013, definitions 5 to 7):
 *
 *   core(x)      distance to the m-th nearest other row
 *   reach(x, y)  max{ core(x), core(y), ‖x − y‖ }
 *
 * Many edges are equally long, for a row in a thin place reaches all its neighbours by its own core distance; which of them is taken
 * decides to which cluster such a row belongs. Here edges are ordered by (reach, the smaller core distance, ‖x − y‖): the tree is one
 * and the same, whatever finds it, and a row goes with the denser side.
 *
 * Up to 16 columns: Borůvka's rounds over a k-d tree, each component looking for its shortest edge out of it (after March, Ram & Gray,
 * KDD 2010). A row remembers what it found, and is not asked again while that is still another component's or while another row of
 * its component is nearer to the outside. More columns: Prim's algorithm, every distance once, n² d / 2 operations.
 * Memory: the rows once more, 60 bytes per row, and 4 m bytes per row while they come to less than 256 MB.
 */
import { type KdTree, nearestIn, squaredToBox } from '../kdTree.ts'
import type { Pace } from '../../pace.ts'

export interface SpanningTree {
  /** [n − 1] edges in their order. */
  readonly a: Int32Array
  readonly b: Int32Array
  readonly reach: Float64Array
}

export interface CoreDistances {
  /** [n] squared, by position in the k-d tree. */
  readonly squared: Float64Array
  /** [n × m] positions of the nearest others, nearest first; null where they would not fit. */
  readonly neighbours: Int32Array | null
}

const mostColumns = 16
const mostNeighbours = 2 ** 26

/** @param m 1 … n − 1 */
export async function coreDistances(tree: KdTree, m: number, pace: Pace, report: (fraction: number) => void): Promise<CoreDistances> {
  const { n, d, points } = tree
  const squared = new Float64Array(n)
  const neighbours = n * m <= mostNeighbours ? new Int32Array(n * m) : null
  const nearest = nearestIn(tree, m + 1)
  for (let p = 0; p < n; p++) {
    nearest.search(points, p * d)
    squared[p] = nearest.squared[m]
    if (neighbours) {
      // The row itself is among those found, unless copies of it took its place.
      const { position } = nearest
      for (let from = 0, to = 0; from <= m && to < m; from++) if (position[from] !== p) neighbours[p * m + to++] = position[from]
    }
    if (pace.due()) {
      report(p / n)
      await pace.rest()
    }
  }
  return { squared, neighbours }
}

export async function spanningTree(
  tree: KdTree,
  core: CoreDistances,
  pace: Pace,
  report: (fraction: number) => void,
): Promise<SpanningTree> {
  const { n, order } = tree
  const edges = createEdges(n)
  if (tree.d > mostColumns) await prim(tree, core.squared, edges, pace, report)
  else await boruvka(tree, core, edges, pace, report)
  const sorted = Int32Array.from({ length: n - 1 }, (_, i) => i).sort((one, other) => edges.compare(one, other))
  return {
    a: sorted.map((i) => order[edges.a[i]]),
    b: sorted.map((i) => order[edges.b[i]]),
    reach: Float64Array.from(sorted, (i) => Math.sqrt(edges.reach[i])),
  }
}

interface Edges {
  readonly a: Int32Array
  readonly b: Int32Array
  readonly reach: Float64Array
  count: number
  add(a: number, b: number, reach: number, least: number, distance: number): void
  compare(one: number, other: number): number
}

/** Room for n − 1 edges; all lengths squared. */
function createEdges(n: number): Edges {
  const a = new Int32Array(n - 1)
  const b = new Int32Array(n - 1)
  const reach = new Float64Array(n - 1)
  const least = new Float64Array(n - 1)
  const distance = new Float64Array(n - 1)
  return {
    a,
    b,
    reach,
    count: 0,
    add(from, to, itsReach, itsLeast, itsDistance) {
      const i = this.count++
      a[i] = from
      b[i] = to
      reach[i] = itsReach
      least[i] = itsLeast
      distance[i] = itsDistance
    },
    compare: (i, j) => reach[i] - reach[j] || least[i] - least[j] || distance[i] - distance[j] || i - j,
  }
}

async function prim({ n, d, points }: KdTree, core: Float64Array, edges: Edges, pace: Pace, report: (fraction: number) => void) {
  const waiting = Int32Array.from({ length: n - 1 }, (_, i) => i + 1)
  const reach = new Float64Array(n).fill(Number.POSITIVE_INFINITY)
  const least = new Float64Array(n)
  const distance = new Float64Array(n)
  const source = new Int32Array(n)
  let p = 0
  for (let left = n - 1; left > 0; left--) {
    let next = 0
    for (let i = 0; i < left; i++) {
      const q = waiting[i]
      let squared = 0
      for (let j = 0, one = p * d, other = q * d; j < d; j++) {
        const difference = points[one + j] - points[other + j]
        squared += difference * difference
      }
      const itsReach = Math.max(core[p], core[q], squared)
      const itsLeast = Math.min(core[p], core[q])
      if (isBefore(itsReach, itsLeast, squared, reach[q], least[q], distance[q])) {
        reach[q] = itsReach
        least[q] = itsLeast
        distance[q] = squared
        source[q] = p
      }
      const r = waiting[next]
      if (i > 0 && isBefore(reach[q], least[q], distance[q], reach[r], least[r], distance[r])) next = i
    }
    p = waiting[next]
    edges.add(source[p], p, reach[p], least[p], distance[p])
    waiting[next] = waiting[left - 1]
    if (pace.due()) {
      report(1 - (left / n) ** 2)
      await pace.rest()
    }
  }
}

const isBefore = (reach: number, least: number, distance: number, reach2: number, least2: number, distance2: number): boolean =>
  reach < reach2 || (reach === reach2 && (least < least2 || (least === least2 && distance < distance2)))

async function boruvka(
  tree: KdTree,
  { squared: core, neighbours }: CoreDistances,
  edges: Edges,
  pace: Pace,
  report: (fraction: number) => void,
): Promise<void> {
  const { n, d, points, nodes, firstLeaf, from, to } = tree
  const m = neighbours ? neighbours.length / n : 0
  const leastCore = new Float64Array(nodes).fill(Number.POSITIVE_INFINITY)
  for (let node = nodes - 1; node >= 0; node--) {
    if (node >= firstLeaf) for (let p = from[node]; p < to[node]; p++) leastCore[node] = Math.min(leastCore[node], core[p])
    else leastCore[node] = Math.min(leastCore[2 * node + 1], leastCore[2 * node + 2])
  }
  const component = Int32Array.from({ length: n }, (_, p) => p)
  /** The component that all rows of a node belong to; −1 when there are several. */
  const nodeComponent = new Int32Array(nodes)
  /** What a row knows of the edges out of its component: none is shorter than `bound`; `known` is the end of the shortest, or −1. */
  const bound = Float64Array.from(core)
  const known = new Int32Array(n).fill(-1)
  const knownReach = new Float64Array(n)
  const knownLeast = new Float64Array(n)
  const knownDistance = new Float64Array(n)
  /** By component: its shortest edge so far. */
  const bestReach = new Float64Array(n)
  const bestLeast = new Float64Array(n)
  const bestDistance = new Float64Array(n)
  const bestFrom = new Int32Array(n)
  const bestTo = new Int32Array(n)

  const offer = (c: number, p: number, q: number, reach: number, least: number, distance: number): void => {
    if (!isBefore(reach, least, distance, bestReach[c], bestLeast[c], bestDistance[c])) return
    bestReach[c] = reach
    bestLeast[c] = least
    bestDistance[c] = distance
    bestFrom[c] = p
    bestTo[c] = q
  }
  const squaredBetween = (p: number, q: number): number => {
    let sum = 0
    for (let j = 0, one = p * d, other = q * d; j < d; j++) {
      const difference = points[one + j] - points[other + j]
      sum += difference * difference
    }
    return sum
  }
  /** Among a row's m nearest are all that it reaches by its own core distance, so the first choice is there if any of them is denser. */
  const lookAround = (p: number): void => {
    if (!neighbours) return
    for (let at = p * m; at < (p + 1) * m; at++) {
      const q = neighbours[at]
      if (core[q] > core[p]) continue
      const distance = squaredBetween(p, q)
      if (known[p] >= 0 && !isBefore(core[p], core[q], distance, knownReach[p], knownLeast[p], knownDistance[p])) continue
      known[p] = q
      knownReach[p] = core[p]
      knownLeast[p] = core[q]
      knownDistance[p] = distance
    }
  }

  let [p, c] = [0, 0]
  const visit = (node: number, toBox: number): void => {
    if (nodeComponent[node] === c) return
    const atLeast = Math.max(core[p], toBox, leastCore[node])
    if (!isBefore(atLeast, Math.min(core[p], leastCore[node]), toBox, bestReach[c], bestLeast[c], bestDistance[c])) return
    if (node < firstLeaf) {
      const left = squaredToBox(tree, 2 * node + 1, points, p * d)
      const right = squaredToBox(tree, 2 * node + 2, points, p * d)
      if (left <= right) {
        visit(2 * node + 1, left)
        visit(2 * node + 2, right)
      } else {
        visit(2 * node + 2, right)
        visit(2 * node + 1, left)
      }
      return
    }
    for (let q = from[node]; q < to[node]; q++) {
      if (component[q] === c || core[q] > bestReach[c]) continue
      const distance = squaredBetween(p, q)
      offer(c, p, q, Math.max(core[p], core[q], distance), Math.min(core[p], core[q]), distance)
    }
  }
  const remember = (p: number): void => {
    const c = component[p]
    known[p] = bestFrom[c] === p ? bestTo[c] : -1
    bound[p] = bestReach[c]
    if (known[p] < 0) return
    knownReach[p] = bestReach[c]
    knownLeast[p] = bestLeast[c]
    knownDistance[p] = bestDistance[c]
  }

  for (let row = 0; row < n; row++) lookAround(row)
  while (edges.count < n - 1) {
    bestReach.fill(Number.POSITIVE_INFINITY)
    for (let node = nodes - 1; node >= 0; node--) nodeComponent[node] = sharedComponent(node)
    for (let row = 0; row < n; row++) {
      if (known[row] >= 0 && component[known[row]] === component[row]) known[row] = -1
      if (known[row] >= 0) offer(component[row], row, known[row], knownReach[row], knownLeast[row], knownDistance[row])
    }
    for (p = 0; p < n; p++) {
      c = component[p]
      if (known[p] >= 0 || bound[p] > bestReach[c]) continue
      visit(0, 0)
      remember(p)
      if (pace.due()) {
        report(edges.count / n)
        await pace.rest()
      }
    }
    join()
  }

  function sharedComponent(node: number): number {
    if (node < firstLeaf) {
      const left = nodeComponent[2 * node + 1]
      return left === nodeComponent[2 * node + 2] ? left : -1
    }
    for (let q = from[node] + 1; q < to[node]; q++) if (component[q] !== component[from[node]]) return -1
    return component[from[node]]
  }

  /** Adds every component's edge, and numbers the new components by their first row. */
  function join(): void {
    const parent = Int32Array.from({ length: n }, (_, row) => row)
    const rootOf = (row: number): number => {
      let root = row
      while (parent[root] !== root) root = parent[root]
      for (let at = row; parent[at] !== root; ) [parent[at], at] = [root, parent[at]]
      return root
    }
    for (let row = 0; row < n; row++) {
      if (component[row] !== row) continue
      const [one, other] = [rootOf(row), rootOf(component[bestTo[row]])]
      if (one === other) continue
      parent[Math.max(one, other)] = Math.min(one, other)
      edges.add(bestFrom[row], bestTo[row], bestReach[row], bestLeast[row], bestDistance[row])
    }
    for (let row = 0; row < n; row++) component[row] = rootOf(component[row])
  }
}
