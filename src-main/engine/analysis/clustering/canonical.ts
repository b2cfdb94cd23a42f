/** Classes as every method hands them back: numbered by size, the largest first, then by centroid; with the mean of each. */
import { canonicalOrder } from './kmeans/kmeans.ts'

interface CanonicalClasses {
  /** [n] −1 for noise. */
  readonly labels: Int32Array
  /** [k × d] */
  readonly centres: Float32Array
  /** [k] the id of what was class i. */
  readonly newId: Int32Array
}

/** @param given [n] 0 … k−1, −1 for noise */
export function canonicalClasses(X: Float32Array, n: number, d: number, given: ArrayLike<number>, k: number): CanonicalClasses {
  const sums = new Float64Array(k * d)
  const sizes = new Float64Array(k)
  for (let i = 0; i < n; i++) {
    const c = given[i]
    if (c < 0) continue
    sizes[c]++
    for (let j = 0; j < d; j++) sums[c * d + j] += X[i * d + j]
  }
  const means = Float32Array.from(sums, (sum, at) => (sizes[Math.floor(at / d)] > 0 ? sum / sizes[Math.floor(at / d)] : 0))
  const order = canonicalOrder(sizes, means, k, d)
  const newId = new Int32Array(k)
  const centres = new Float32Array(k * d)
  order.forEach((old, id) => {
    newId[old] = id
    centres.set(means.subarray(old * d, (old + 1) * d), id * d)
  })
  return { labels: Int32Array.from({ length: n }, (_, i) => (given[i] < 0 ? -1 : newId[given[i]])), centres, newId }
}
