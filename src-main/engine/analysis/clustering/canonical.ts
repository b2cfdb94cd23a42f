/** Classes as every method hands them back: numbered by size, the largest first, then by centroid; with the mean of each. */

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

/** Old ids in their new order: by size, largest first, then by centroid. */
export function canonicalOrder(sizes: ArrayLike<number>, centres: ArrayLike<number>, k: number, d: number): number[] {
  const compareCentres = (a: number, b: number): number => {
    for (let j = 0; j < d; j++) {
      const difference = centres[a * d + j] - centres[b * d + j]
      if (difference !== 0) return difference
    }
    return a - b
  }
  return Array.from({ length: k }, (_, id) => id).sort((a, b) => sizes[b] - sizes[a] || compareCentres(a, b))
}
