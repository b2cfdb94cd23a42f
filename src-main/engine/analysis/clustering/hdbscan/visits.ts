/**
 * The order in which Prim's algorithm from the first row would reach the rows, from a spanning tree that was found otherwise.
 *
 * An edge that Prim's algorithm may take is the shortest out of some set of rows. Either no other is as long, then it is in every shortest
 * spanning tree; or it is as long as a core distance, then it joins a row and one of its m nearest. So the edges of the tree and those to the
 * m nearest are all that need be looked at. (Where distances themselves are equal, as of rows on a grid, the order may be another one.)
 * Memory: 60 bytes per row, and 4 m bytes per row.
 */
import type { Pace } from '../../pace.ts'
import type { KdTree } from '../kdTree.ts'
import type { Edges } from './boruvka.ts'
import type { CoreDistances, Visits } from './spanningTree.ts'

const rowsBetweenRests = 1024

export async function visitsAlong({ n, order }: KdTree, core: CoreDistances, edges: Edges, pace: Pace): Promise<Visits> {
  const root = core.squared.map(Math.sqrt)
  const { neighbours } = core
  const m = neighbours ? neighbours.length / n : 0
  const along = adjacent(edges, n)
  const near = neighbours && (await reversed(neighbours, n, m, pace))
  const queue = createQueue(n, order)
  const visits = { from: new Int32Array(n - 1), to: new Int32Array(n - 1), reach: new Float64Array(n - 1) }
  for (let p = order.indexOf(0), at = 0; ; at++) {
    queue.done(p)
    for (let i = along.start[p]; i < along.start[p + 1]; i++) queue.offer(p, along.other[i], Math.sqrt(edges.reach[along.edge[i]]))
    if (neighbours && near) {
      for (let i = p * m; i < (p + 1) * m; i++) queue.offer(p, neighbours[i], Math.max(root[p], root[neighbours[i]]))
      for (let i = near.start[p]; i < near.start[p + 1]; i++) queue.offer(p, near.other[i], Math.max(root[p], root[near.other[i]]))
    }
    if (at === n - 1) return visits
    p = queue.take()
    visits.from[at] = order[queue.source[p]]
    visits.to[at] = order[p]
    visits.reach[at] = queue.key[p]
    if (at % rowsBetweenRests === 0 && pace.due()) await pace.rest()
  }
}

/** For each position those that it has an edge to. */
function adjacent({ a, b }: Edges, n: number): { start: Int32Array; other: Int32Array; edge: Int32Array } {
  const start = new Int32Array(n + 1)
  for (const ends of [a, b]) for (const p of ends) start[p + 1]++
  for (let p = 0; p < n; p++) start[p + 1] += start[p]
  const next = start.slice()
  const other = new Int32Array(2 * a.length)
  const edge = new Int32Array(2 * a.length)
  for (let i = 0; i < a.length; i++) {
    for (const [from, to] of [
      [a[i], b[i]],
      [b[i], a[i]],
    ]) {
      other[next[from]] = to
      edge[next[from]++] = i
    }
  }
  return { start, other, edge }
}

/** For each position those that count it among their m nearest. */
async function reversed(neighbours: Int32Array, n: number, m: number, pace: Pace): Promise<{ start: Int32Array; other: Int32Array }> {
  const start = new Int32Array(n + 1)
  const other = new Int32Array(n * m)
  for (let p = 0; p < n; p++) {
    for (let i = p * m; i < (p + 1) * m; i++) start[neighbours[i] + 1]++
    if (p % rowsBetweenRests === 0 && pace.due()) await pace.rest()
  }
  for (let p = 0; p < n; p++) start[p + 1] += start[p]
  const next = start.slice()
  for (let p = 0; p < n; p++) {
    for (let i = p * m; i < (p + 1) * m; i++) other[next[neighbours[i]]++] = p
    if (p % rowsBetweenRests === 0 && pace.due()) await pace.rest()
  }
  return { start, other }
}

/** A heap of positions by what they are reached at, of several the first row (Williams, CACM 1964). */
function createQueue(n: number, order: Int32Array) {
  const key = new Float64Array(n).fill(Number.POSITIVE_INFINITY)
  const source = new Int32Array(n)
  const heap = new Int32Array(n)
  /** Place in the heap; −1: never reached, −2: done. */
  const place = new Int32Array(n).fill(-1)
  let count = 0
  const isBefore = (p: number, q: number): boolean => key[p] < key[q] || (key[p] === key[q] && order[p] < order[q])
  const put = (p: number, at: number): void => {
    heap[at] = p
    place[p] = at
  }
  const rise = (p: number, from: number): void => {
    let at = from
    for (let up = (at - 1) >> 1; at > 0 && isBefore(p, heap[up]); up = (at - 1) >> 1) {
      put(heap[up], at)
      at = up
    }
    put(p, at)
  }
  const sink = (p: number): void => {
    let at = 0
    for (let below = 1; below < count; below = 2 * at + 1) {
      if (below + 1 < count && isBefore(heap[below + 1], heap[below])) below++
      if (!isBefore(heap[below], p)) break
      put(heap[below], at)
      at = below
    }
    put(p, at)
  }
  return {
    key,
    source,
    done(p: number): void {
      place[p] = -2
    },
    offer(from: number, p: number, reach: number): void {
      if (place[p] === -2 || reach >= key[p]) return
      key[p] = reach
      source[p] = from
      rise(p, place[p] < 0 ? count++ : place[p])
    },
    take(): number {
      const p = heap[0]
      const last = heap[--count]
      if (count > 0) sink(last)
      place[p] = -2
      return p
    },
  }
}
