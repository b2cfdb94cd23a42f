/**
 * Minimum spanning tree of the mutual reachability distances (Campello, Moulavi & Sander, PAKDD 2013, definitions 5 to 7):
 *
 *   core(x)      distance to the m-th nearest other row
 *   reach(x, y)  max{ core(x), core(y), ‖x − y‖ }
 *
 * Many edges are equally long, for a row in a thin place reaches all its neighbours by its own core distance; which of them comes first
 * decides to which cluster such a row belongs. As in scikit-learn it is the one that Prim's algorithm from the first row comes to first.
 * (There equal edges are put in another order afterwards by a sort that is not stable, which differs between releases and processors;
 * here the sort is stable.)
 *
 * Few rows, or more than 16 columns: Prim's algorithm (prim.ts). Others: Borůvka's (boruvka.ts), and the order from its tree (visits.ts).
 * Memory: the rows once more, 100 bytes per row, and 8 m bytes per row while m of all rows come to less than 2²⁵.
 */
import type { Pace } from '../../pace.ts'
import { type KdTree, nearestIn } from '../kdTree.ts'
import { boruvka } from './boruvka.ts'
import { prim } from './prim.ts'
import { visitsAlong } from './visits.ts'

export interface SpanningTree {
  /** [n − 1] rows that edges join, the shortest first. */
  readonly a: Int32Array
  readonly b: Int32Array
  readonly reach: Float64Array
}

/** Edges in the order in which Prim's algorithm takes them: from a row that it has been to, to the next. */
export interface Visits {
  readonly from: Int32Array
  readonly to: Int32Array
  readonly reach: Float64Array
}

export interface CoreDistances {
  /** [n] squared, by position in the k-d tree. */
  readonly squared: Float64Array
  /** [n × m] positions of the nearest others, nearest first; null where they would not fit. */
  readonly neighbours: Int32Array | null
}

const mostColumns = 16
const mostNeighbours = 2 ** 25
/** Differences of Prim's algorithm that take less than half a second. */
const smallWork = 2 ** 28

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
  const { n, d } = tree
  const isPlain = d > mostColumns || n * n * d <= smallWork
  return inOrder(await (isPlain ? prim(tree, core.squared, pace, report) : primByRounds(tree, core, pace, report)), pace)
}

export const primByRounds = async (tree: KdTree, core: CoreDistances, pace: Pace, report: (fraction: number) => void): Promise<Visits> =>
  visitsAlong(tree, core, await boruvka(tree, core, pace, report), pace)

/** By length, equal ones as they are: merges of runs of 1, 2, 4, … */
async function inOrder({ from, to, reach }: Visits, pace: Pace): Promise<SpanningTree> {
  const n = reach.length
  let order = Int32Array.from({ length: n }, (_, i) => i)
  let merged = new Int32Array(n)
  for (let run = 1; run < n; run *= 2) {
    for (let first = 0; first < n; first += 2 * run) {
      const [middle, end] = [Math.min(n, first + run), Math.min(n, first + 2 * run)]
      for (let a = first, b = middle, out = first; out < end; out++)
        merged[out] = b >= end || (a < middle && reach[order[a]] <= reach[order[b]]) ? order[a++] : order[b++]
    }
    ;[order, merged] = [merged, order]
    if (pace.due()) await pace.rest()
  }
  return { a: order.map((i) => from[i]), b: order.map((i) => to[i]), reach: Float64Array.from(order, (i) => reach[i]) }
}
