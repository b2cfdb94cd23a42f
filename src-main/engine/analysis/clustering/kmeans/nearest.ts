/** The nearest of k centres, in double precision: what every labelling by centres is, wherever it is done. */
import { squaredDistance, squaredDistances } from '#engine/analysis/distance.ts'

/**
 * The nearest centre (0 … k−1, the smallest id among equals) of each row; a row with NaN gets 0.
 * Returns the sum of squared distances over rows without NaN. For streams: no state, nothing kept.
 */
export const assign = (points: Float32Array, n: number, d: number, centres: Float32Array, k: number, out: Uint16Array): number =>
  createNearest(centres, k, d)(points, n, out)

type Nearest = (points: Float32Array, n: number, out: Uint16Array) => number

/**
 * A row closer to a centre than half the way to that centre's nearest neighbour is nowhere nearer. Neighbouring rows tend
 * to share their class, so the last row's centre is tried first and most rows cost one distance.
 */
export function createNearest(found: Float32Array, k: number, d: number): Nearest {
  const centres = Float64Array.from(found)
  const distances = new Float64Array(k)
  const safeSquared = new Float64Array(k).fill(Number.POSITIVE_INFINITY)
  for (let a = 0; a < k; a++) {
    for (let b = 0; b < k; b++) {
      // The shrunk factor keeps rounding on the safe side.
      if (a !== b) safeSquared[a] = Math.min(safeSquared[a], squaredDistance(found, a * d, centres, b * d, d) * (0.25 - 1e-12))
    }
  }
  return (points, n, out) => {
    let inertia = 0
    let last = 0
    for (let i = 0, at = 0; i < n; i++, at += d) {
      const guess = squaredDistance(points, at, centres, last * d, d)
      if (guess < safeSquared[last]) {
        out[i] = last
        inertia += guess
        continue
      }
      let best = Number.POSITIVE_INFINITY
      let label = 0
      squaredDistances(points, at, centres, k, d, distances)
      for (let c = 0; c < k; c++) {
        if (distances[c] < best) {
          best = distances[c]
          label = c
        }
      }
      out[i] = label
      last = label
      if (best < Number.POSITIVE_INFINITY) inertia += best
    }
    return inertia
  }
}
