/** Squared distances of rows to centres, the inner loop of everything that clusters. Both functions add in the same order: same bits. */

/** ‖x − c‖² of d numbers from x[at] and centres[from]. */
export function squaredDistance(x: Float32Array, at: number, centres: Float64Array, from: number, d: number): number {
  let sum = 0
  for (let j = 0; j < d; j++) {
    const difference = x[at + j] - centres[from + j]
    sum += difference * difference
  }
  return sum
}

/**
 * To each of k centres, into `out`. Four at a time: their sums do not wait for one another, and each number of the row is read once
 * for four centres; twice as fast as one by one.
 */
export function squaredDistances(x: Float32Array, at: number, centres: Float64Array, k: number, d: number, out: Float64Array): void {
  let c = 0
  for (; c + 3 < k; c += 4) {
    const from = c * d
    let s0 = 0
    let s1 = 0
    let s2 = 0
    let s3 = 0
    for (let j = 0; j < d; j++) {
      const value = x[at + j]
      const d0 = value - centres[from + j]
      const d1 = value - centres[from + d + j]
      const d2 = value - centres[from + 2 * d + j]
      const d3 = value - centres[from + 3 * d + j]
      s0 += d0 * d0
      s1 += d1 * d1
      s2 += d2 * d2
      s3 += d3 * d3
    }
    out[c] = s0
    out[c + 1] = s1
    out[c + 2] = s2
    out[c + 3] = s3
  }
  for (; c < k; c++) out[c] = squaredDistance(x, at, centres, c * d, d)
}
