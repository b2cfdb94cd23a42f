/**
 * The fuzzy set of neighbours: how strongly each row belongs to each other one's neighbourhood, and either way.
 *
 *   v_j|i = exp(−max(0, d_ij − ρ_i) / σ_i)      ρ_i the least distance above 0 · σ_i so that Σ_j v_j|i = log₂ K, itself counted in K only
 *   w_ij  = v_j|i + v_i|j − v_j|i v_i|j
 */
import type { NeighbourGraph } from '../../neighbours/neighbours.ts'
import type { Pace } from '../../pace.ts'

export interface FuzzySet {
  /** Edges in the order of their heads, each in both directions. */
  readonly heads: Int32Array
  readonly tails: Int32Array
  readonly weights: Float32Array
}

/** σ is at least this share of the mean distance: rows with many equal ones. */
const leastScale = 1e-3
const halvings = 64
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
): Promise<FuzzySet> {
  let mean = 0
  for (const value of distance) mean += value / distance.length
  for (let i = 0; i < n; i++) {
    toMemberships(distance.subarray(i * k, (i + 1) * k), Math.log2(k + 1), mean)
    if (i % 256 === 0 && pace.due()) await pace.rest()
  }
  return await united(index, distance, n, k, leastWeight, pace)
}

function toMemberships(distances: Float32Array, target: number, overallMean: number): void {
  const rho = distances.find((value) => value > 0) ?? 0
  let [low, high, sigma] = [0, Number.POSITIVE_INFINITY, 1]
  for (let halving = 0; halving < halvings; halving++) {
    let sum = 0
    for (const value of distances) sum += value > rho ? Math.exp(-(value - rho) / sigma) : 1
    if (Math.abs(sum - target) < close) break
    if (sum > target) {
      high = sigma
      sigma = (low + high) / 2
    } else {
      low = sigma
      sigma = high === Number.POSITIVE_INFINITY ? sigma * 2 : (low + high) / 2
    }
  }
  // Over K as umap-learn has it, the row itself at no distance.
  const own = distances.reduce((sum, value) => sum + value, 0) / (distances.length + 1)
  sigma = Math.max(sigma, leastScale * (rho > 0 ? own : overallMean))
  for (const [c, value] of distances.entries()) distances[c] = value <= rho || sigma === 0 ? 1 : Math.exp(-(value - rho) / sigma)
}

async function united(index: Int32Array, v: Float32Array, n: number, k: number, leastWeight: number, pace: Pace): Promise<FuzzySet> {
  const placeOf = (i: number, j: number): number => {
    for (let e = i * k; e < (i + 1) * k; e++) if (index[e] === j) return e
    return -1
  }
  // Those that have a row among their neighbours and are not among its own.
  const onlyReverse = new Int32Array(n + 1)
  const isReverse = new Uint8Array(n * k)
  for (let i = 0; i < n; i++) {
    for (let e = i * k; e < (i + 1) * k; e++) {
      if (v[e] < leastWeight || placeOf(index[e], i) >= 0) continue
      isReverse[e] = 1
      onlyReverse[index[e] + 1]++
    }
    if (i % 256 === 0 && pace.due()) await pace.rest()
  }
  for (let i = 0; i < n; i++) onlyReverse[i + 1] += onlyReverse[i]
  const reverse = new Int32Array(onlyReverse[n])
  const next = onlyReverse.slice(0, n)
  for (let e = 0; e < n * k; e++) if (isReverse[e] === 1) reverse[next[index[e]]++] = e

  const most = n * k + reverse.length
  const [heads, tails, weights] = [new Int32Array(most), new Int32Array(most), new Float32Array(most)]
  let edges = 0
  const put = (i: number, j: number, weight: number): void => {
    if (weight < leastWeight) return
    heads[edges] = i
    tails[edges] = j
    weights[edges++] = weight
  }
  for (let i = 0; i < n; i++) {
    for (let e = i * k; e < (i + 1) * k; e++) {
      const back = isReverse[e] === 1 ? -1 : placeOf(index[e], i)
      put(i, index[e], back < 0 ? v[e] : v[e] + v[back] - v[e] * v[back])
    }
    for (let r = onlyReverse[i]; r < onlyReverse[i + 1]; r++) put(i, Math.floor(reverse[r] / k), v[reverse[r]])
    if (i % 256 === 0 && pace.due()) await pace.rest()
  }
  return { heads: heads.subarray(0, edges), tails: tails.subarray(0, edges), weights: weights.subarray(0, edges) }
}
