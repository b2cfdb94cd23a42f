import { describe, expect, test } from 'vitest'
import { bandPath, linePath, nearestIndex, spreadLabels } from '../../../../../src-renderer/ui/plot/decimate.ts'
import { makeScale } from '../../../../../src-renderer/ui/plot/scale.ts'

const sx = makeScale([0, 100], [0, 100])
const sy = makeScale([0, 1], [100, 0])
const vertices = (path: string): number => (path.match(/[ML]/g) ?? []).length

describe('a path', () => {
  test('of few points goes through each of them', () => {
    expect(linePath([0, 50, 100], [0, 1, 0.5], sx, sy)).toBe('M0.0 100.0L50.0 0.0L100.0 50.0')
  })
  test('of many points has at most four per pixel column and keeps the extremes', () => {
    const n = 100_000
    const x = Float64Array.from({ length: n }, (_, i) => (i / n) * 100)
    const y = Float64Array.from({ length: n }, (_, i) => 0.5 + 0.1 * Math.sin(i))
    y[43_210] = 1
    const path = linePath(x, y, sx, sy)
    expect(vertices(path)).toBeLessThanOrEqual(4 * 101)
    expect(path).toContain(' 0.0L')
  })
  test('breaks at a missing value and, on a log axis, at zero', () => {
    expect(linePath([0, 1, 2, 3], [0.1, Number.NaN, 0.2, 0.3], sx, sy).match(/M/g)).toHaveLength(2)
    const log = makeScale([0.1, 1], [100, 0], true)
    expect(linePath([0, 50, 100], [0.1, 0, 1], sx, log).match(/M/g)).toHaveLength(2)
  })
  test('of nothing is empty', () => {
    expect(linePath([], [], sx, sy)).toBe('')
    expect(bandPath([1], [0], [1], sx, sy)).toBe('')
  })
})

test('the nearest index is found at the ends, between and in an empty list', () => {
  const x = [0, 1, 4, 9]
  expect([-5, 0.4, 0.6, 3, 8, 99].map((v) => nearestIndex(x, v))).toEqual([0, 0, 1, 2, 3, 3])
  expect(nearestIndex([], 1)).toBe(-1)
})

describe('labels at line ends', () => {
  test('keep their order and their distance', () => {
    const moved = spreadLabels([50, 52, 51], 13, 0, 200)
    expect(moved).toEqual([50, 76, 63])
  })
  test('stay above the axis', () => {
    const moved = spreadLabels([95, 99], 13, 0, 100)
    expect(Math.max(...moved)).toBeLessThanOrEqual(100)
    expect(Math.abs((moved[0] ?? 0) - (moved[1] ?? 0))).toBeGreaterThanOrEqual(13)
  })
})
