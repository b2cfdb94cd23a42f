/**
 * Cholesky's A = L Lᵀ of a symmetric positive definite matrix, of which the lower triangle is read, and L⁻¹. A row of L and a column of L⁻¹ at
 * a time, so that a caller with many columns may rest between them: either costs up to d² multiplications.
 */

/** Row i of L, after those before it, of A + ridge · I. @returns false when that is not positive definite */
export function choleskyRow(A: Float64Array, d: number, ridge: number, i: number, L: Float64Array): boolean {
  for (let j = 0; j <= i; j++) {
    let sum = A[i * d + j] + (i === j ? ridge : 0)
    for (let m = 0; m < j; m++) sum -= L[i * d + m] * L[j * d + m]
    if (i > j) L[i * d + j] = sum / L[j * d + j]
    else if (sum > 0) L[i * d + i] = Math.sqrt(sum)
    else return false
  }
  return true
}

/** Column j of L⁻¹. */
export function lowerInverseColumn(L: Float64Array, d: number, j: number, inverse: Float64Array): void {
  inverse[j * d + j] = 1 / L[j * d + j]
  for (let i = j + 1; i < d; i++) {
    let sum = 0
    for (let m = j; m < i; m++) sum -= L[i * d + m] * inverse[m * d + j]
    inverse[i * d + j] = sum / L[i * d + i]
  }
}

/** L [d × d] of A + ridge · I, null when that is not positive definite. */
export function cholesky(A: Float64Array, d: number, ridge: number): Float64Array | null {
  const L = new Float64Array(d * d)
  for (let i = 0; i < d; i++) if (!choleskyRow(A, d, ridge, i, L)) return null
  return L
}

/** L⁻¹ [d × d], lower triangular. */
export function lowerInverse(L: Float64Array, d: number): Float64Array {
  const inverse = new Float64Array(d * d)
  for (let j = 0; j < d; j++) lowerInverseColumn(L, d, j, inverse)
  return inverse
}
