/**
 * Cholesky's A = L Lᵀ of a symmetric positive definite matrix, of which the lower triangle is read, L⁻¹, and the solutions of L x = b and
 * Lᵀ x = b. A row of L or of L⁻¹ at a time, so that a caller with many columns may rest between them: each costs up to d² / 2
 * multiplications. Sums go from the first column to the last: the same bits everywhere.
 */

/**
 * Row i of L, after those before it, of A + ridge · I.
 * @param least share of a diagonal number of A that the rows before must leave of it
 * @returns false when they leave no more than that: the matrix is not positive definite, or as good as not
 */
export function choleskyRow(A: Float64Array, d: number, ridge: number, i: number, L: Float64Array, least = 0): boolean {
  for (let j = 0; j <= i; j++) {
    let sum = A[i * d + j] + (i === j ? ridge : 0)
    for (let m = 0; m < j; m++) sum -= L[i * d + m] * L[j * d + m]
    if (i > j) L[i * d + j] = sum / L[j * d + j]
    else if (sum > least * A[i * d + i]) L[i * d + i] = Math.sqrt(sum)
    else return false
  }
  return true
}

/**
 * L [d × d] of A + ridge · I, null when that is not positive definite.
 * @param L    where it goes; what is above the diagonal is left as it is
 */
export function cholesky(A: Float64Array, d: number, ridge: number, least = 0, L = new Float64Array(d * d)): Float64Array | null {
  for (let i = 0; i < d; i++) if (!choleskyRow(A, d, ridge, i, L, least)) return null
  return L
}

/**
 * L of A + ridge · I where rounding may leave a little less than nothing of A: the ridge is made ten times as large until it holds.
 * @throws RangeError for a matrix with numbers that are none
 */
export function raisedCholesky(A: Float64Array, d: number, ridge: number, L = new Float64Array(d * d)): Float64Array {
  let trace = 0
  for (let i = 0; i < d; i++) trace += A[i * d + i]
  if (Number.isNaN(trace)) throw new RangeError('expected a matrix of numbers, found NaN')
  const first = Math.max((1e-12 * trace) / d, 1e-300)
  for (let added = ridge; added < Number.MAX_VALUE; added = Math.max(10 * added, first)) if (cholesky(A, d, added, 0, L)) return L
  throw new RangeError('expected a matrix of finite numbers')
}

/** Row i of L⁻¹, after those before it. */
export function lowerInverseRow(L: Float64Array, d: number, i: number, inverse: Float64Array): void {
  const pivot = 1 / L[i * d + i]
  for (let k = 0; k < i; k++) {
    const factor = -L[i * d + k] * pivot
    if (factor !== 0) for (let j = 0; j <= k; j++) inverse[i * d + j] += factor * inverse[k * d + j]
  }
  inverse[i * d + i] = pivot
}

/** L⁻¹ [d × d], lower triangular. */
export function lowerInverse(L: Float64Array, d: number): Float64Array {
  const inverse = new Float64Array(d * d)
  for (let i = 0; i < d; i++) lowerInverseRow(L, d, i, inverse)
  return inverse
}

/** v becomes L⁻¹ v. */
export function solveLower(L: Float64Array, d: number, v: Float64Array): void {
  for (let j = 0; j < d; j++) {
    let value = v[j]
    for (let i = 0; i < j; i++) value -= L[j * d + i] * v[i]
    v[j] = value / L[j * d + j]
  }
}

/** v becomes L⁻ᵀ v. */
export function solveUpper(L: Float64Array, d: number, v: Float64Array): void {
  for (let j = d - 1; j >= 0; j--) {
    let value = v[j]
    for (let i = j + 1; i < d; i++) value -= L[i * d + j] * v[i]
    v[j] = value / L[j * d + j]
  }
}
