import { expect, test } from 'vitest'
import { cholesky, lowerInverse, raisedCholesky, solveLower, solveUpper } from '#engine/analysis/cholesky.ts'

// A = L Lᵀ with L = [[2, 0, 0], [1, 3, 0], [-1, 0.5, 1]]; above the diagonal nothing is read.
const A = Float64Array.of(4, Number.NaN, Number.NaN, 2, 10, Number.NaN, -2, 0.5, 2.25)

test('gives the triangle that was squared, and its inverse', () => {
  const L = cholesky(A, 3, 0) as Float64Array
  expect([...L]).toEqual([2, 0, 0, 1, 3, 0, -1, 0.5, 1])
  const inverse = lowerInverse(L, 3)
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      let sum = 0
      for (let m = 0; m < 3; m++) sum += L[i * 3 + m] * inverse[m * 3 + j]
      expect(sum).toBeCloseTo(i === j ? 1 : 0, 12)
    }
})

test('solves by the triangle and by its transpose', () => {
  const L = Float64Array.of(2, 0, 0, 1, 3, 0, -1, 0.5, 1)
  // L (1, 2, 3) = (2, 7, 3) and Lᵀ (1, 2, 3) = (1, 7.5, 3)
  const v = Float64Array.of(2, 7, 3)
  solveLower(L, 3, v)
  expect([...v]).toEqual([1, 2, 3])
  const w = Float64Array.of(1, 7.5, 3)
  solveUpper(L, 3, w)
  expect([...w]).toEqual([1, 2, 3])
})

test('a matrix without full rank has none, and one with a ridge', () => {
  const flat = Float64Array.of(1, 0, 1, 1)
  expect(cholesky(flat, 2, 0)).toBeNull()
  expect([...(cholesky(flat, 2, 3) as Float64Array)]).toEqual([2, 0, 0.5, Math.sqrt(3.75)])
  // What the first column leaves of the second: a ten-thousandth.
  const narrow = Float64Array.of(1, 0, 1, 1.0001)
  expect(cholesky(narrow, 2, 0, 1e-5)).not.toBeNull()
  expect(cholesky(narrow, 2, 0, 1e-3)).toBeNull()
})

test('a ridge that is too small is raised until it holds', () => {
  const below = Float64Array.of(1, 0, 1, 1 - 1e-9)
  const L = raisedCholesky(below, 2, 1e-12)
  const added = L[0] ** 2 - 1
  expect(added).toBeGreaterThan(5e-10)
  expect(added).toBeLessThan(5e-9)
  expect([...raisedCholesky(new Float64Array(4), 2, 0)].every(Number.isFinite)).toBe(true)
  expect(() => raisedCholesky(Float64Array.of(Number.NaN), 1, 1)).toThrow(RangeError)
})
