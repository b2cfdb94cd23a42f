/**
 * Greedy k-means++ (Arthur & Vassilvitskii, SODA 2007, section 5; the variant scikit-learn uses): each next centre is the best
 * of 2 + ⌊ln k⌋ rows drawn with probability proportional to their squared distance to the centres so far.
 *
 * Of more than 32 768 + 50 k rows an evenly spread sample of that size is looked at: the starts differ no more than two
 * draws do, and their cost stays constant.
 */
import { squaredDistance } from '#engine/analysis/distance.ts'
import type { Pace } from '#engine/analysis/pace.ts'
import { type RandomStream, spreadSample } from '#engine/analysis/random.ts'

/** [k × d] starting centres. When fewer than k rows are distinct some coincide. */
export async function seedCentres(
  points: Float32Array,
  n: number,
  d: number,
  k: number,
  random: RandomStream,
  pace: Pace,
): Promise<Float64Array> {
  const rows = spreadSample(n, 32_768 + 50 * k, random)
  const m = rows.length
  const X = new Float32Array(m * d)
  for (let i = 0; i < m; i++) X.set(points.subarray(rows[i] * d, (rows[i] + 1) * d), i * d)

  const centres = new Float64Array(k * d)
  const trials = 2 + Math.floor(Math.log(k))
  let closest = new Float64Array(m).fill(Number.POSITIVE_INFINITY)
  let candidate = new Float64Array(m)
  let best = new Float64Array(m)
  let potential = 0

  // The first centre is drawn evenly; drawing it by distance would need a centre to measure from.
  const first = random.below(m)
  potential = distancesWith(X, m, d, first, closest, candidate)
  ;[closest, candidate] = [candidate, closest]
  centres.set(X.subarray(first * d, (first + 1) * d))
  for (let c = 1; c < k; c++) {
    let bestRow = -1
    let bestPotential = Number.POSITIVE_INFINITY
    for (let trial = 0; trial < trials; trial++) {
      const row = potential > 0 ? drawByWeight(closest, random.uniform() * potential) : random.below(m)
      const sum = distancesWith(X, m, d, row, closest, candidate)
      if (sum < bestPotential || bestRow < 0) {
        bestRow = row
        bestPotential = sum
        ;[best, candidate] = [candidate, best]
      }
      if (pace.due()) await pace.rest()
    }
    ;[closest, best] = [best, closest]
    potential = bestPotential
    centres.set(X.subarray(bestRow * d, (bestRow + 1) * d), c * d)
  }
  return centres
}

/** min(closest, ‖x − x_row‖²) into `out`; returns its sum. */
function distancesWith(X: Float32Array, m: number, d: number, row: number, closest: Float64Array, out: Float64Array): number {
  const centre = Float64Array.from(X.subarray(row * d, (row + 1) * d))
  let sum = 0
  for (let i = 0, at = 0; i < m; i++, at += d) {
    const kept = Math.min(squaredDistance(X, at, centre, 0, d), closest[i])
    out[i] = kept
    sum += kept
  }
  return sum
}

function drawByWeight(weights: Float64Array, target: number): number {
  let sum = 0
  let last = 0
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue
    sum += weights[i]
    last = i
    if (sum > target) return i
  }
  return last
}
