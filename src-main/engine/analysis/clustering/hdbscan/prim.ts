/**
 * The spanning tree by Prim's algorithm from the first row: the row that is reached at the shortest distance is next, of several the first.
 * Every distance is looked at once: n² d / 2 operations. Memory: 30 bytes per row.
 */
import type { Pace } from '../../pace.ts'
import type { KdTree } from '../kdTree.ts'
import type { Visits } from './spanningTree.ts'

/** @param core [n] squared, by position in the k-d tree */
export async function prim(
  { n, d, points, order }: KdTree,
  core: Float64Array,
  pace: Pace,
  report: (fraction: number) => void,
): Promise<Visits> {
  const first = order.indexOf(0)
  const waiting = Int32Array.from(order.keys()).filter((p) => p !== first)
  const squared = new Float64Array(n).fill(Number.POSITIVE_INFINITY)
  const key = new Float64Array(n).fill(Number.POSITIVE_INFINITY)
  const source = new Int32Array(n)
  const visits = { from: new Int32Array(n - 1), to: new Int32Array(n - 1), reach: new Float64Array(n - 1) }
  let p = first
  for (let left = n - 1; left > 0; left--) {
    let next = 0
    let nearest = Number.POSITIVE_INFINITY
    for (let i = 0; i < left; i++) {
      const q = waiting[i]
      const limit = squared[q]
      let sum = Math.max(core[p], core[q])
      if (sum < limit) {
        let distance = 0
        for (let j = 0, one = p * d, other = q * d; j < d; j++) {
          const difference = points[one + j] - points[other + j]
          distance += difference * difference
        }
        sum = Math.max(sum, distance)
        if (sum < limit) {
          squared[q] = sum
          // Roots of different squares may be equal, and then it is no nearer.
          const root = Math.sqrt(sum)
          if (root < key[q]) {
            key[q] = root
            source[q] = p
          }
        }
      }
      if (key[q] < nearest || (key[q] === nearest && order[q] < order[waiting[next]])) {
        nearest = key[q]
        next = i
      }
    }
    p = waiting[next]
    const at = n - 1 - left
    visits.from[at] = order[source[p]]
    visits.to[at] = order[p]
    visits.reach[at] = key[p]
    waiting[next] = waiting[left - 1]
    if (pace.due()) {
      report(1 - (left / n) ** 2)
      await pace.rest()
    }
  }
  return visits
}
