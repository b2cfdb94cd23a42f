import { describe, expect, test } from 'vitest'
import { openCloudKernels } from '#engine/analysis/detectors/cloudKernels.ts'
import { randomStream } from '#engine/analysis/random.ts'

const random = randomStream(8, 'cloud')
const draws = (count: number): Float64Array => Float64Array.from({ length: count }, () => 4 * random.uniform() - 2)

/** The loops that the kernels stand for, a number after another. */
function plainProducts(X: Float32Array, p: number, rows: ArrayLike<number>, mean: Float64Array): Float64Array {
  const S = new Float64Array(p * p)
  for (let r = 0; r < rows.length; r++)
    for (let i = 0; i < p; i++) for (let j = 0; j <= i; j++) S[i * p + j] += (X[rows[r] * p + i] - mean[i]) * (X[rows[r] * p + j] - mean[j])
  return S
}

function plainSquare(W: Float64Array, rank: number, p: number, mean: Float64Array, x: Float32Array): number {
  let total = 0
  for (let r = 0; r < rank; r++) {
    let sum = 0
    for (let j = 0; j < p; j++) sum += W[r * p + j] * (x[j] - mean[j])
    total += sum * sum
  }
  return total
}

function plainLogDeterminant(S: Float64Array, p: number): number {
  const A = S.slice()
  let [log, sign] = [0, 1]
  for (let k = 0; k < p; k++) {
    let pivot = k
    for (let i = k + 1; i < p; i++) if (Math.abs(A[i * p + k]) > Math.abs(A[pivot * p + k])) pivot = i
    if (A[pivot * p + k] === 0) return Number.NEGATIVE_INFINITY
    if (pivot !== k) {
      sign = -sign
      for (let j = 0; j < p; j++) [A[k * p + j], A[pivot * p + j]] = [A[pivot * p + j], A[k * p + j]]
    }
    if (A[k * p + k] < 0) sign = -sign
    log += Math.log(Math.abs(A[k * p + k]))
    for (let i = k + 1; i < p; i++) {
      const factor = A[i * p + k] / A[k * p + k]
      for (let j = k + 1; j < p; j++) A[i * p + j] -= factor * A[k * p + j]
    }
  }
  return sign > 0 ? log : Number.NEGATIVE_INFINITY
}

describe.each([1, 2, 3, 4, 5, 8, 11, 33])('of %i columns', (p) => {
  const n = 150
  const X = Float32Array.from(draws(n * p))
  const mean = draws(p)
  const kernels = openCloudKernels(p)

  test('sums of products are those of a plain loop, bit for bit', () => {
    for (const count of [0, 1, 7, n]) {
      const rows = Int32Array.from({ length: count }, (_, i) => (i * 37) % n)
      const S = new Float64Array(p * p)
      for (let at = 0; at < count; at += 16) kernels.addProducts(X, rows, at, Math.min(16, count - at), mean)
      kernels.takeProducts(S)
      expect(S).toEqual(plainProducts(X, p, rows, mean))
    }
  })

  test('squared lengths are those of a plain loop, by triangles and by matrices with fewer rows', () => {
    const triangle = draws(p * p).map((value, at) => (at % p <= Math.floor(at / p) ? value : 0))
    const rank = Math.ceil(p / 2)
    for (const by of [
      { W: triangle, rank: p, isTriangle: true, mean },
      { W: draws(rank * p), rank, isTriangle: false, mean },
    ]) {
      const out = new Float64Array(n)
      const rows = Int32Array.from({ length: n }, (_, i) => n - 1 - i)
      for (let at = 0; at < n; at += 13) kernels.squaredLengths(by, X, rows, at, Math.min(13, n - at), out)
      const expected = Float64Array.from(rows, (row) => plainSquare(by.W, by.rank, p, mean, X.subarray(row * p, (row + 1) * p)))
      expect(out).toEqual(expected)
      kernels.squaredLengths(by, X, null, 5, 2, out)
      expect(out[5]).toBe(expected[n - 1 - 5])
    }
  })

  test('determinants are those of a plain loop, and −∞ where there is none', () => {
    const S = plainProducts(
      X,
      p,
      Int32Array.from({ length: n }, (_, i) => i),
      mean,
    )
    for (let i = 0; i < p; i++) for (let j = 0; j < i; j++) S[j * p + i] = S[i * p + j]
    expect(kernels.logDeterminant(S)).toBe(plainLogDeterminant(S, p))
    const turned = S.map((value, at) => (at < p ? -value : value))
    expect(kernels.logDeterminant(turned)).toBe(Number.NEGATIVE_INFINITY)
    expect(kernels.logDeterminant(new Float64Array(p * p))).toBe(Number.NEGATIVE_INFINITY)
  })
})
