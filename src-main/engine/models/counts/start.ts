/** What a model of counts begins with: the mean profile of some rows, and dispersions that explain their variance. */
import type { RowSample } from '../define.ts'

/** A gene that no row of the sample has is taken to have this part of one count in all of them together. */
const unseen = 0.5
/** Moments of few counts are far off; what lies between is common. */
const [least, most] = [-2, 4]

/**
 * ln of the mean share of each gene, and ln θ by moments: with μ_ig = ℓ_i ρ_g,  1/θ_g = Σ_i ((x − μ)² − μ) / Σ_i μ².
 * Without rows all shares are equal and θ = 1. Sums in float64.
 */
export function startOf(
  rows: RowSample | undefined,
  D: number,
): { readonly logShares: Float32Array; readonly logDispersion: Float32Array } {
  if (!rows) return { logShares: new Float32Array(D), logDispersion: new Float32Array(D) }
  const { n, values: X } = rows
  const totals = new Float64Array(D)
  const library = new Float64Array(n)
  for (let i = 0, at = 0; i < n; i++)
    for (let g = 0; g < D; g++, at++) {
      totals[g] += X[at]
      library[i] += X[at]
    }
  const all = library.reduce((a, b) => a + b, 0) + unseen * D
  const shares = totals.map((total) => (total + unseen) / all)
  const [excess, squares] = [new Float64Array(D), new Float64Array(D)]
  for (let i = 0, at = 0; i < n; i++)
    for (let g = 0; g < D; g++, at++) {
      const mu = library[i] * shares[g]
      excess[g] += (X[at] - mu) ** 2 - mu
      squares[g] += mu * mu
    }
  return {
    logShares: Float32Array.from(shares, Math.log),
    logDispersion: Float32Array.from(squares, (square, g) =>
      square > 0 ? Math.min(most, Math.max(least, -Math.log(Math.max(excess[g] / square, 1e-6)))) : 0,
    ),
  }
}
