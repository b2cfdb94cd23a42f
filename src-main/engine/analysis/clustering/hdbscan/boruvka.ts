/**
 * The spanning tree by Borůvka's rounds over a k-d tree, each component looking for its shortest edge out of it (after March, Ram & Gray,
 * KDD 2010). A row remembers what it found, and is not asked again while that is still another component's or while another row of its
 * component is nearer to the outside. Edges are compared by (reach, the smaller core distance, distance), so that no two are equal and no
 * circle closes. Memory: 60 bytes per row.
 */
import type { Pace } from '../../pace.ts'
import { type KdTree, squaredToBox } from '../kdTree.ts'
import type { CoreDistances } from './spanningTree.ts'

/** [n − 1] edges between positions in the k-d tree, in no order; lengths squared. */
export interface Edges {
  readonly a: Int32Array
  readonly b: Int32Array
  readonly reach: Float64Array
}

/** Positions looked at between questions whether a rest is due. */
const rowsBetweenRests = 4096

const isBefore = (reach: number, least: number, distance: number, reach2: number, least2: number, distance2: number): boolean =>
  reach < reach2 || (reach === reach2 && (least < least2 || (least === least2 && distance < distance2)))

export async function boruvka(
  tree: KdTree,
  { squared: core, neighbours }: CoreDistances,
  pace: Pace,
  report: (fraction: number) => void,
): Promise<Edges> {
  const { n, d, points, nodes, firstLeaf, from, to } = tree
  const m = neighbours ? neighbours.length / n : 0
  const edges = { a: new Int32Array(n - 1), b: new Int32Array(n - 1), reach: new Float64Array(n - 1) }
  let found = 0
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

  for (let row = 0; row < n; row++) {
    lookAround(row)
    if (row % rowsBetweenRests === 0 && pace.due()) await pace.rest()
  }
  while (found < n - 1) {
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
        report(found / n)
        await pace.rest()
      }
    }
    join()
    if (pace.due()) await pace.rest()
  }
  return edges

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
      edges.a[found] = bestFrom[row]
      edges.b[found] = bestTo[row]
      edges.reach[found++] = bestReach[row]
    }
    for (let row = 0; row < n; row++) component[row] = rootOf(component[row])
  }
}
