import { expect, test } from 'vitest'
import { drawnRows, scrollTo } from '../../../../src-renderer/ui/virtualRows.ts'

const rowHeight = 28
const height = 560

test('of a table that fits all rows are drawn', () => {
  expect(drawnRows({ total: 7, rowHeight, height, scrollTop: 0 })).toEqual({ first: 0, last: 7, before: 0, after: 0 })
})

test('of a long one those in sight, and the heights of all others', () => {
  const { first, last, before, after } = drawnRows({ total: 10_000, rowHeight, height, scrollTop: 5000 * rowHeight })
  expect([first, last]).toEqual([4990, 5030])
  expect(before + (last - first) * rowHeight + after).toBe(10_000 * rowHeight)
})

test('every row of a hundred million can be reached, in an element that is not higher than one can be', () => {
  const table = { total: 1e8, rowHeight, height }
  const at = (scrollTop: number) => drawnRows({ ...table, scrollTop })
  const full = at(0).after + at(0).last * rowHeight
  expect(full).toBeLessThan(33e6)
  expect(at(0).first).toBe(0)
  expect(at(full - height).last).toBe(1e8)
  for (const row of [0, 12_345_678, 99_999_999]) {
    const top = scrollTo({ ...table, scrollTop: 3e6, head: 40 }, row) ?? 3e6
    const { first, last, before } = at(top)
    expect(first <= row && row < last, String(row)).toBe(true)
    // It lies within what is seen.
    const y = before + (row - first) * rowHeight - top
    expect(y, String(row)).toBeGreaterThanOrEqual(-rowHeight)
    expect(y, String(row)).toBeLessThanOrEqual(height)
  }
})

test('a row in sight is not scrolled to', () => {
  const table = { total: 1000, rowHeight, height, scrollTop: 280, head: 40 }
  expect(scrollTo(table, 12)).toBeNull()
  expect(scrollTo(table, 3)).toBe(3 * rowHeight)
  expect(scrollTo(table, 100)).toBe(101 * rowHeight - (height - 40))
})
