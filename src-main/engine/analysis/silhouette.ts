/**
 * Mean silhouette (Rousseeuw 1987) of a seeded sample of rows, against each other:
 *
 *   s_i = (b_i − a_i) / max(a_i, b_i)    a_i mean distance to the other rows of its class, b_i the least mean distance to another class
 *
 * A row alone in its class counts 0. Cost: sample² · d / 2. Memory: the sample and sample × k sums.
 */
import { createPace, type LongRun } from './pace.ts'
import { randomStream, spreadSample } from './random.ts'

export interface SilhouetteOptions extends LongRun {
  /** Rows looked at. Default 2000. */
  readonly sample?: number
  readonly seed: number
}

/**
 * @param labels [n] 0 … k−1
 * @returns      −1 … 1; null when the sample holds fewer than two classes
 */
export async function silhouette(
  points: Float32Array,
  n: number,
  d: number,
  labels: ArrayLike<number>,
  k: number,
  { sample = 2000, seed, signal, report }: SilhouetteOptions,
): Promise<number | null> {
  const pace = createPace(signal)
  const rows = spreadSample(n, sample, randomStream(seed, 'silhouette'))
  const m = rows.length
  const X = new Float32Array(m * d)
  const label = new Uint16Array(m)
  const sizes = new Float64Array(k)
  rows.forEach((row, i) => {
    X.set(points.subarray(row * d, (row + 1) * d), i * d)
    label[i] = labels[row]
    sizes[label[i]]++
  })
  if (sizes.filter((size) => size > 0).length < 2) return null

  /** [m × k] sums of distances from a row to the rows of a class. */
  const sums = new Float64Array(m * k)
  for (let i = 0; i < m; i++) {
    for (let other = i + 1; other < m; other++) {
      let squared = 0
      for (let j = 0; j < d; j++) {
        const difference = X[i * d + j] - X[other * d + j]
        squared += difference * difference
      }
      const distance = Math.sqrt(squared)
      sums[i * k + label[other]] += distance
      sums[other * k + label[i]] += distance
    }
    if (pace.due()) {
      report?.(1 - (1 - i / m) ** 2)
      await pace.rest()
    }
  }
  let total = 0
  for (let i = 0; i < m; i++) total += widthOf(sums.subarray(i * k, (i + 1) * k), label[i], sizes)
  return total / m
}

function widthOf(sums: Float64Array, own: number, sizes: Float64Array): number {
  if (sizes[own] < 2) return 0
  const a = sums[own] / (sizes[own] - 1)
  let b = Number.POSITIVE_INFINITY
  for (let c = 0; c < sizes.length; c++) if (c !== own && sizes[c] > 0) b = Math.min(b, sums[c] / sizes[c])
  const widest = Math.max(a, b)
  return widest === 0 ? 0 : (b - a) / widest
}
