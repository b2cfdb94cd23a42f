import { expect, test } from 'vitest'
import { cholesky, lowerInverse } from '#engine/analysis/cholesky.ts'

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

test('a matrix without full rank has none, and one with a ridge', () => {
  const flat = Float64Array.of(1, 0, 1, 1)
  expect(cholesky(flat, 2, 0)).toBeNull()
  expect([...(cholesky(flat, 2, 3) as Float64Array)]).toEqual([2, 0, 0.5, Math.sqrt(3.75)])
})
