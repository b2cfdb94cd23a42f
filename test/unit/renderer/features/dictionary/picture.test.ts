import { expect, test } from 'vitest'
import { pictureGrid, pictureRows } from '../../../../../src-renderer/features/dictionary/picture.ts'

test('a small scene is shown pixel by pixel', () => {
  expect(pictureGrid(30, 20)).toEqual({ columns: 30, rows: 20 })
  expect(Array.from(pictureRows(3, 2))).toEqual([0, 1, 2, 3, 4, 5])
})

test('a large scene is shown by evenly spread pixels, within the bound and of the same shape', () => {
  const { columns, rows } = pictureGrid(10_000, 5000)
  expect(columns * rows).toBeLessThanOrEqual(90_000)
  expect(columns / rows).toBeCloseTo(2, 1)
  const shown = pictureRows(10_000, 5000)
  expect(shown).toHaveLength(columns * rows)
  expect(Math.max(...shown)).toBeLessThan(10_000 * 5000)
  expect(shown[1] - shown[0]).toBeCloseTo(10_000 / columns, -1)
})
