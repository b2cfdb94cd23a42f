import { expect, test } from 'vitest'
import { geometricMedian } from '#engine/layers/geometricMedian.ts'

const near = (found: ArrayLike<number>, expected: readonly number[]): void =>
  Array.from(found).forEach((value, j) => {
    expect(value).toBeCloseTo(expected[j], 3)
  })

test('of a triangle it is the Fermat point, from which all sides look alike', () => {
  // Equilateral: the centre. For (0,0), (4,0), (2,1), whose angle at the third is above 120°, that corner itself.
  const height = Math.sqrt(3)
  near(geometricMedian(Float32Array.from([0, 0, 2, 0, 1, height]), 3, 2), [1, height / 3])
  near(geometricMedian(Float32Array.from([0, 0, 4, 0, 2, 1]), 3, 2), [2, 1])
})

test('of numbers on a line it is their median', () => {
  near(geometricMedian(Float32Array.from([1, 2, 3, 4, 500]), 5, 1), [3])
})

test('of one row, or equal rows, it is that row', () => {
  near(geometricMedian(Float32Array.from([7, -2]), 1, 2), [7, -2])
  near(geometricMedian(Float32Array.from([7, -2, 7, -2]), 2, 2), [7, -2])
})
