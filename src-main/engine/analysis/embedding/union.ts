/**
 * Neighbours in both directions: rows i and j are joined when either is a neighbour of the other, by what the two say of each other.
 * Memory: 8 bytes per neighbour and row, and 8 an edge, of which there are at most twice as many as neighbours.
 */
import type { Pace } from '../pace.ts'

export interface Edges {
  /** [n + 1] where the edges of each row begin. */
  readonly starts: Int32Array
  /** [edges] the row at the other end; each edge is stored at both. */
  readonly targets: Int32Array
  readonly weights: Float32Array
}

/**
 * @param index  [n × k] neighbours of each row, all different and none itself
 * @param v      [n × k] how near each is
 * @param unite  of what row i says of j and j of i, 0 where j is no neighbour of the other
 * @param least  edges of less are left out
 */
export async function union(
  index: Int32Array,
  v: Float32Array,
  n: number,
  k: number,
  unite: (there: number, back: number) => number,
  least: number,
  pace: Pace,
  report?: (fraction: number) => void,
): Promise<Edges> {
  const { firsts, places } = await reversed(index, n, k, pace)
  const starts = new Int32Array(n + 1)
  const targets = new Int32Array(2 * n * k)
  const weights = new Float32Array(2 * n * k)
  let edges = 0
  const put = (j: number, weight: number): void => {
    if (weight < least) return
    targets[edges] = j
    weights[edges++] = weight
  }
  /** Which neighbour of the row at work each row is, from 1, and what it says of that row. */
  const which = new Int32Array(n)
  const back = new Float64Array(k)
  for (let i = 0; i < n; i++) {
    back.fill(0)
    for (let c = 0; c < k; c++) which[index[i * k + c]] = c + 1
    for (let r = firsts[i]; r < firsts[i + 1]; r++) {
      const j = Math.floor(places[r] / k)
      if (which[j] > 0) back[which[j] - 1] = v[places[r]]
      else put(j, unite(0, v[places[r]]))
    }
    for (let c = 0; c < k; c++) {
      const j = index[i * k + c]
      put(j, unite(v[i * k + c], back[c]))
      which[j] = 0
    }
    starts[i + 1] = edges
    if (i % 256 === 0 && pace.due()) {
      report?.(i / n)
      await pace.rest()
    }
  }
  return { starts, targets: targets.subarray(0, edges), weights: weights.subarray(0, edges) }
}

/** Where in `index` each row is named, in rising order. */
async function reversed(index: Int32Array, n: number, k: number, pace: Pace): Promise<{ firsts: Int32Array; places: Int32Array }> {
  const firsts = new Int32Array(n + 1)
  for (let e = 0; e < n * k; e++) firsts[index[e] + 1]++
  for (let i = 0; i < n; i++) firsts[i + 1] += firsts[i]
  const next = firsts.slice(0, n)
  const places = new Int32Array(n * k)
  for (let e = 0; e < n * k; e++) {
    places[next[index[e]]++] = e
    if (e % 65_536 === 0 && pace.due()) await pace.rest()
  }
  return { firsts, places }
}
