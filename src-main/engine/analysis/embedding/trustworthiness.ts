/**
 * Trustworthiness (Venna & Kaski, Neural Networks 2006) among a seeded sample of rows: 1 when nobody has a neighbour in the plane who is
 * far in truth.
 *
 *   T(k) = 1 − 2 / (n k (2n − 3k − 1)) Σ_i Σ_{j ∈ U_k(i)} (r(i, j) − k)
 *
 * U_k(i) the k nearest in the plane that are not among the k nearest in the codes, r(i, j) the rank of j by distance from i in the codes.
 * Of rows at the same distance the one with the lower number ranks first. Cost: sample² · (d + k). Memory: the sample.
 */
import { createPace, type LongRun } from '../pace.ts'
import { randomStream, spreadSample } from '../random.ts'

export interface TrustworthinessOptions extends LongRun {
  /** Neighbours, k. Default 15; fewer where there are few rows. */
  readonly neighbours?: number
  /** Rows looked at. Default 2000. */
  readonly sample?: number
  readonly seed: number
}

/**
 * @param X     [n × d]
 * @param plane [n × 2]
 * @returns     0 … 1; null for fewer than five rows
 */
export async function trustworthiness(
  X: Float32Array,
  plane: Float32Array,
  n: number,
  d: number,
  { neighbours = 15, sample = 2000, seed, signal }: TrustworthinessOptions,
): Promise<number | null> {
  const rows = spreadSample(n, sample, randomStream(seed, 'trustworthiness'))
  const m = rows.length
  const k = Math.min(neighbours, Math.floor((m - 1) / 2))
  if (m < 5) return null
  const codes = rowsOf(X, d, rows)
  const points = rowsOf(plane, 2, rows)
  const pace = createPace(signal)
  const inCodes = new Float64Array(m)
  const inPlane = new Float64Array(m)
  let penalty = 0
  for (let i = 0; i < m; i++) {
    distancesFrom(codes, d, i, inCodes)
    distancesFrom(points, 2, i, inPlane)
    for (const j of nearest(inPlane, i, k)) penalty += Math.max(0, rankOf(inCodes, i, j) - k)
    if (pace.due()) await pace.rest()
  }
  return 1 - (2 / (m * k * (2 * m - 3 * k - 1))) * penalty
}

const rowsOf = (X: Float32Array, d: number, rows: Float64Array): Float32Array => {
  const out = new Float32Array(rows.length * d)
  for (const [i, row] of rows.entries()) out.set(X.subarray(row * d, (row + 1) * d), i * d)
  return out
}

function distancesFrom(X: Float32Array, d: number, i: number, out: Float64Array): void {
  for (let other = 0; other < out.length; other++) {
    let squared = 0
    for (let j = 0; j < d; j++) {
      const difference = X[i * d + j] - X[other * d + j]
      squared += difference * difference
    }
    out[other] = squared
  }
}

/** The k nearest but i itself, the nearest first. */
function nearest(distance: Float64Array, i: number, k: number): number[] {
  const best: number[] = []
  for (let j = 0; j < distance.length; j++) {
    if (j === i || (best.length === k && distance[j] >= distance[best[k - 1]])) continue
    if (best.length === k) best.pop()
    let at = best.length
    while (at > 0 && distance[best[at - 1]] > distance[j]) at--
    best.splice(at, 0, j)
  }
  return best
}

/** From 1. */
function rankOf(distance: Float64Array, i: number, j: number): number {
  let rank = 1
  for (let other = 0; other < distance.length; other++)
    if (other !== i && (distance[other] < distance[j] || (distance[other] === distance[j] && other < j))) rank++
  return rank
}
