import { expect, test } from 'vitest'
import { maskEdges } from '../../../../../src-renderer/features/map/outline.ts'

const maskOf =
  (...lines: string[]) =>
  (x: number, y: number): boolean =>
    lines[y]?.[x] === '#'
const length = (runs: readonly number[]): number => {
  let sum = 0
  for (let i = 0; i < runs.length; i += 4)
    sum += Math.abs((runs[i + 2] ?? 0) - (runs[i] ?? 0)) + Math.abs((runs[i + 3] ?? 0) - (runs[i + 1] ?? 0))
  return sum
}

test('a single cell has four edges', () => {
  expect(length(maskEdges(maskOf('...', '.#.', '...'), 0, 0, 3, 3))).toBe(4)
})

test('neighbouring edges join to one run', () => {
  // A bar of three cells: two runs of three and two of one.
  expect(maskEdges(maskOf('.....', '.###.', '.....'), 0, 0, 5, 3)).toHaveLength(4 * 4)
})

test('a hole is outlined inside', () => {
  expect(length(maskEdges(maskOf('.....', '.###.', '.#.#.', '.###.', '.....'), 0, 0, 5, 5))).toBe(12 + 4)
})

test('an area that goes on beside the tile is not closed at its edge, and no edge is drawn twice', () => {
  const inside = maskOf('......', '.####.', '......')
  const left = maskEdges(inside, 0, 0, 3, 3)
  const right = maskEdges(inside, 3, 0, 6, 3)
  expect(length(left) + length(right)).toBe(10)
})
