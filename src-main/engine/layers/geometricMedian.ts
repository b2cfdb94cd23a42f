/**
 * The point whose distances to all rows have the smallest sum (Weiszfeld 1937): the middle of the data that far-off rows do not move.
 *
 *   y ← Σ wᵢ xᵢ / Σ wᵢ,   wᵢ = 1 / max(‖xᵢ − y‖, ε)             from the mean on, ε a millionth of the mean distance
 *
 * Up to 50 rounds over the rows; it stops when y moves less than a millionth of the mean distance. float64.
 *
 * @param rows  [n × d] row-major, n ≥ 1
 */
export function geometricMedian(rows: Float32Array, n: number, d: number): Float64Array {
  let y = weightedMean(rows, n, d, () => 1)
  for (let round = 0; round < 50; round++) {
    const distances = Float64Array.from({ length: n }, (_, i) => distance(rows, i * d, y))
    const spread = distances.reduce((a, b) => a + b, 0) / n
    if (spread === 0) return y
    const next = weightedMean(rows, n, d, (i) => 1 / Math.max(distances[i], 1e-6 * spread))
    const moved = Math.sqrt(next.reduce((sum, value, j) => sum + (value - y[j]) ** 2, 0))
    y = next
    if (moved < 1e-6 * spread) break
  }
  return y
}

function weightedMean(rows: Float32Array, n: number, d: number, weight: (i: number) => number): Float64Array {
  const sum = new Float64Array(d)
  let total = 0
  for (let i = 0; i < n; i++) {
    const w = weight(i)
    total += w
    for (let j = 0; j < d; j++) sum[j] += w * rows[i * d + j]
  }
  return sum.map((s) => s / total)
}

function distance(rows: Float32Array, at: number, y: Float64Array): number {
  let sum = 0
  for (let j = 0; j < y.length; j++) sum += (rows[at + j] - y[j]) ** 2
  return Math.sqrt(sum)
}
