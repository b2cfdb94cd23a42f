import { expect, test } from 'vitest'
import { codeWords, firstAxes, strongest } from '../../../../../src-renderer/features/scatter/codes.ts'

test('a short code begins with its first two numbers, a long one with the two of the widest range', () => {
  expect(
    firstAxes([
      { min: 0, max: 1 },
      { min: 0, max: 1 },
      { min: 0, max: 9 },
    ]),
  ).toEqual([0, 1])
  const ranges = Array.from({ length: 8192 }, (_, i) => ({ min: 0, max: i === 4000 ? 5 : i === 77 ? 7 : 1 }))
  expect(firstAxes(ranges)).toEqual([77, 4000])
})

test('the strongest numbers come first, sign aside, and zeros are left out', () => {
  expect(strongest(Float32Array.of(0, -3, 1, 0, 2), 2)).toEqual([1, 4])
  expect(strongest(Float32Array.of(0, -3, 1, 0, 2), 9)).toEqual([1, 4, 2])
  expect(strongest(new Float32Array(4), 2)).toEqual([])
})

test('of a long code the numbers that stand out are said with their place', () => {
  const codes = new Float32Array(2 * 64)
  codes[64 + 11] = 2.5
  codes[64 + 40] = 4
  expect(codeWords(codes, 64, 1)).toBe('41: 4, 12: 2.5')
  expect(codeWords(Float32Array.of(1, 2, 3, 4, 5), 5, 0)).toBe('1, 2, 3, 4 …')
})
