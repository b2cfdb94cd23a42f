/** Correlations of columns. */

/**
 * Pearson's r of column j of A with column j of B, both [n × d] row-major; 0 where one does not vary.
 */
export function correlationOfColumns(A: Float32Array, B: Float32Array, n: number, d: number, j: number, k = j): number {
  let [sumA, sumB] = [0, 0]
  for (let i = 0; i < n; i++) {
    sumA += A[i * d + j]
    sumB += B[i * d + k]
  }
  const [meanA, meanB] = [sumA / n, sumB / n]
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    const [a, b] = [A[i * d + j] - meanA, B[i * d + k] - meanB]
    ab += a * b
    aa += a * a
    bb += b * b
  }
  const spread = Math.sqrt(aa * bb)
  return spread > 0 ? ab / spread : 0
}

/** The largest |r| between two of the chosen columns; 0 for fewer than two. Time n · chosen². */
export function largestCorrelation(A: Float32Array, n: number, d: number, chosen: readonly number[]): number {
  let largest = 0
  for (const [place, j] of chosen.entries())
    for (const k of chosen.slice(place + 1)) largest = Math.max(largest, Math.abs(correlationOfColumns(A, A, n, d, j, k)))
  return largest
}
