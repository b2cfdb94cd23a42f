import { expect, test } from 'vitest'
import { type Tensor, type Tensor1D, tensor1d } from '#engine/compute/tfjs.ts'
import { clipByGlobalNorm, clipByValue } from '#engine/optim/clip.ts'

const values = (gradients: readonly Tensor[]): number[][] => gradients.map((g) => Array.from(g.dataSync()))

test('clipping shortens all gradients together and leaves short ones alone', () => {
  // length of (3, 4) and (12) is 13
  const long = clipByGlobalNorm([tensor1d([3, 4]), tensor1d([12])], 6.5) as Tensor1D[]
  expect(Array.from(long[0].dataSync())).toEqual([1.5, 2])
  expect(long[1].dataSync()[0]).toBeCloseTo(6, 5)
  expect(values(clipByGlobalNorm([tensor1d([3, 4])], 10))).toEqual([[3, 4]])
})

test('gradients of length zero stay zero', () => {
  expect(values(clipByGlobalNorm([tensor1d([0, 0])], 1))).toEqual([[0, 0]])
})

test('clipping by value cuts each entry on its own', () => {
  expect(values(clipByValue([tensor1d([3, -0.5]), tensor1d([-12])], 2))).toEqual([[2, -0.5], [-2]])
})
