/**
 * Squared Mahalanobis distances, D²(x) = (x − μ)ᵀ Σ⁻¹ (x − μ) = ‖W (x − μ)‖² with W = L⁻¹, Σ = L Lᵀ (Cholesky). A singular Σ has its
 * pseudo-inverse: W = rows v / √λ of the eigenvectors with λ above rounding, so directions without variance are not looked at.
 * Memory: d² numbers of eight bytes, four times that for a singular Σ.
 */
import { leadingEigenpairs } from '../../compute/linear/eigenvectors.ts'
import { cholesky, lowerInverse } from '../cholesky.ts'
import type { Whitening } from './cloudKernels.ts'

/** Σ_ii of what the columns before leave of a column, below which it counts as none. */
const singularBelow = 1e-11

/** @param S [d × d] symmetric */
export async function ellipsoidOf(mean: Float64Array, S: Float64Array, d: number, signal: AbortSignal | undefined): Promise<Whitening> {
  const L = cholesky(S, d, 0, singularBelow)
  if (L) return { W: lowerInverse(L, d), rank: d, isTriangle: true, mean }
  const { values, vectors } = await leadingEigenpairs(S, d, d, 0, signal ?? new AbortController().signal)
  const least = d * Number.EPSILON * values[0]
  const rank = values.reduce((count, value) => count + (value > least ? 1 : 0), 0)
  const W = new Float64Array(rank * d)
  for (let r = 0; r < rank; r++) for (let j = 0; j < d; j++) W[r * d + j] = vectors[j * d + r] / Math.sqrt(values[r])
  return { W, rank, isTriangle: false, mean }
}
