import { expect, test } from 'vitest'
import { rowsInside } from '../../../../../src-renderer/features/map/region.ts'

const box = [
  [1, 1],
  [4, 1],
  [4, 3],
  [1, 3],
] as const

test('a box holds the pixels whose centres it encloses', () => {
  // Columns 1 to 3 of rows 1 and 2 in a raster ten wide.
  expect([...rowsInside(box, 10, 10)]).toEqual([11, 12, 13, 21, 22, 23])
})

test('a hollow stays outside', () => {
  const arrow = [
    [0, 0],
    [6, 0],
    [3, 3],
    [6, 6],
    [0, 6],
  ] as const
  const rows = new Set(rowsInside(arrow, 10, 10))
  expect(rows.has(3 * 10 + 1)).toBe(true)
  expect(rows.has(3 * 10 + 5)).toBe(false)
})

test('what lies beside the raster does not count, and the limit holds', () => {
  const wide = [
    [-5, -5],
    [50, -5],
    [50, 50],
    [-5, 50],
  ] as const
  expect(rowsInside(wide, 4, 3)).toHaveLength(12)
  expect(rowsInside(wide, 4, 3, 5)).toHaveLength(5)
})
