/**
 * The fuzzy set of neighbours: how strongly each row belongs to each other one's neighbourhood, and either way.
 *
 *   v_j|i = exp(−max(0, d_ij − ρ_i) / σ_i)      ρ_i the least distance above 0 · σ_i so that Σ_j v_j|i = log₂ K, itself counted in K only
 *   w_ij  = v_j|i + v_i|j − v_j|i v_i|j
 */
import type { NeighbourGraph } from '../../neighbours/neighbours.ts'
import type { Pace } from '../../pace.ts'
import { type Edges, union } from '../union.ts'

/** σ is at least this share of the mean distance: rows with many equal ones. */
const leastScale = 1e-3
const mostSteps = 64
const close = 1e-5

/**
 * Changes `distance` [n × k] into v. K = k + 1. Each row belongs wholly to the neighbourhood of one other at least, so the largest weight is 1.
 *
 * @param leastWeight edges of less are left out
 */
export async function fuzzySet(
  { index, distance }: NeighbourGraph,
  n: number,
  k: number,
  leastWeight: number,
  pace: Pace,
  report?: (fraction: number) => void,
): Promise<Edges> {
  let mean = 0
  for (let e = 0; e < distance.length; e++) mean += distance[e] / distance.length
  for (let i = 0; i < n; i++) {
    toMemberships(distance.subarray(i * k, (i + 1) * k), Math.log2(k + 1), mean)
    if (i % 256 === 0 && pace.due()) {
      report?.((0.6 * i) / n)
      await pace.rest()
    }
  }
  const unite = (there: number, back: number): number => there + back - there * back
  return await union(index, distance, n, k, unite, leastWeight, pace, (f) => report?.(0.6 + 0.4 * f))
}

function toMemberships(distances: Float32Array, target: number, overallMean: number): void {
  let own = 0
  let rho = 0
  for (let c = 0; c < distances.length; c++) {
    own += distances[c]
    if (rho === 0) rho = distances[c]
  }
  // Over K as umap-learn has it, the row itself at no distance.
  const least = leastScale * (rho > 0 ? own / (distances.length + 1) : overallMean)
  const sigma = Math.max(least, scaleOf(distances, 0, rho, target))
  for (let c = 0; c < distances.length; c++) distances[c] = distances[c] <= rho ? 1 : Math.exp(-(distances[c] - rho) / sigma)
}

/**
 * The same for a row that is placed later, among rows none of which is itself: v = exp(−d / σ), and the nearest is the one that the sum
 * leaves out.
 */
export function membershipsOfOther(distances: Float32Array): void {
  const k = distances.length
  let mean = 0
  for (let c = 0; c < k; c++) mean += distances[c] / k
  const sigma = Math.max(leastScale * mean, scaleOf(distances, 1, 0, Math.log2(k)))
  for (let c = 0; c < k; c++) distances[c] = Math.exp(-distances[c] / sigma)
}

/** σ so that the memberships from the one at `first` on add up to the target: Newton's steps, halving where one would leave what is known to hold it. */
function scaleOf(distances: Float32Array, first: number, rho: number, target: number): number {
  let [low, high, sigma] = [0, Number.POSITIVE_INFINITY, Math.max(1e-30, distances[distances.length - 1] - rho)]
  for (let step = 0; step < mostSteps; step++) {
    let sum = 0
    let slope = 0
    for (let c = first; c < distances.length; c++) {
      const beyond = Math.max(0, distances[c] - rho) / sigma
      const v = Math.exp(-beyond)
      sum += v
      slope += (v * beyond) / sigma
    }
    if (Math.abs(sum - target) < close) break
    if (sum > target) high = sigma
    else low = sigma
    const next = sigma - (sum - target) / slope
    if (next > low && next < high) sigma = next
    else sigma = high === Number.POSITIVE_INFINITY ? 2 * sigma : (low + high) / 2
  }
  return sigma
}
