/**
 * Squared Mahalanobis distances, D²(x) = (x − μ)ᵀ Σ⁻¹ (x − μ) = ‖W (x − μ)‖² with W = L⁻¹, Σ = L Lᵀ (Cholesky). A singular Σ has its
 * pseudo-inverse: W = rows v / √λ of the eigenvectors with λ above rounding, so directions without variance are not looked at.
 * Memory: d² numbers of eight bytes, four times that for a singular Σ.
 */
import { leadingEigenpairs } from '../../compute/linear/eigenvectors.ts'

export interface Ellipsoid {
  readonly mean: Float64Array
  /** ln |Σ|; −Infinity for a singular one. */
  readonly logDeterminant: number
  readonly rank: number
  /** D² of row i of X [n × d]. */
  squaredDistance(X: Float32Array | Float64Array, i: number): number
}

/** Σ_ii of what the columns before leave of a column, below which it counts as none. */
const singularBelow = 1e-11

/** L⁻¹ [d × d], lower triangle, and ln |Σ|; null where Σ is singular. */
function inverseCholesky(S: Float64Array, d: number): { readonly W: Float64Array; readonly logDeterminant: number } | null {
  const L = new Float64Array(d * d)
  let logDeterminant = 0
  for (let j = 0; j < d; j++) {
    for (let i = j; i < d; i++) {
      let sum = S[i * d + j]
      for (let k = 0; k < j; k++) sum -= L[i * d + k] * L[j * d + k]
      if (i > j) L[i * d + j] = sum / L[j * d + j]
      else if (sum > singularBelow * S[j * d + j]) {
        L[j * d + j] = Math.sqrt(sum)
        logDeterminant += Math.log(sum)
      } else return null
    }
  }
  const W = new Float64Array(d * d)
  for (let i = 0; i < d; i++) {
    const pivot = 1 / L[i * d + i]
    for (let k = 0; k < i; k++) {
      const factor = -L[i * d + k] * pivot
      if (factor !== 0) for (let j = 0; j <= k; j++) W[i * d + j] += factor * W[k * d + j]
    }
    W[i * d + i] = pivot
  }
  return { W, logDeterminant }
}

/**
 * One W for both kinds, whose rows from r on have numbers other than zero before column `length(r)` only. Four rows of W go together, so that their
 * sums do not wait for one another; each sum is added up in the order of the columns.
 */
function distanceBy(
  W: Float64Array,
  rank: number,
  d: number,
  mean: Float64Array,
  length: (r: number) => number,
): Ellipsoid['squaredDistance'] {
  const centred = new Float64Array(d)
  const bands = Math.floor(rank / 4)
  const lengths = Int32Array.from({ length: rank }, (_, r) => length(r))
  return (X, i) => {
    for (let j = 0, at = i * d; j < d; j++) centred[j] = X[at + j] - mean[j]
    let total = 0
    for (let band = 0; band < bands; band++) {
      const end = lengths[4 * band + 3]
      let [s0, s1, s2, s3] = [0, 0, 0, 0]
      for (let j = 0, at = 4 * band * d; j < end; j++, at++) {
        const x = centred[j]
        s0 += W[at] * x
        s1 += W[at + d] * x
        s2 += W[at + 2 * d] * x
        s3 += W[at + 3 * d] * x
      }
      total += s0 * s0
      total += s1 * s1
      total += s2 * s2
      total += s3 * s3
    }
    for (let r = 4 * bands; r < rank; r++) {
      let sum = 0
      for (let j = 0, at = r * d; j < lengths[r]; j++) sum += W[at + j] * centred[j]
      total += sum * sum
    }
    return total
  }
}

/** Null where Σ is singular. */
function regularEllipsoid(mean: Float64Array, S: Float64Array, d: number): Ellipsoid | null {
  const found = inverseCholesky(S, d)
  return (
    found && {
      mean,
      logDeterminant: found.logDeterminant,
      rank: d,
      squaredDistance: distanceBy(found.W, d, d, mean, (r) => r + 1),
    }
  )
}

export async function ellipsoidOf(mean: Float64Array, S: Float64Array, d: number, signal: AbortSignal | undefined): Promise<Ellipsoid> {
  const regular = regularEllipsoid(mean, S, d)
  if (regular) return regular
  const { values, vectors } = await leadingEigenpairs(S, d, d, 0, signal ?? new AbortController().signal)
  const least = d * Number.EPSILON * values[0]
  const rank = values.reduce((count, value) => count + (value > least ? 1 : 0), 0)
  const W = new Float64Array(rank * d)
  for (let r = 0; r < rank; r++) for (let j = 0; j < d; j++) W[r * d + j] = vectors[j * d + r] / Math.sqrt(values[r])
  return { mean, logDeterminant: Number.NEGATIVE_INFINITY, rank, squaredDistance: distanceBy(W, rank, d, mean, () => d) }
}
