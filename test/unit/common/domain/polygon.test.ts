import { describe, expect, it } from 'vitest'
import { createPolygon } from '#common/domain/polygon.ts'
import { randomStream } from '#engine/analysis/random.ts'

/** The textbook ray test over all edges. */
function isInside(points: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let inside = false
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [points[i], points[j]]
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside
  }
  return inside
}

describe('a polygon', () => {
  it('holds the points that the ray test over all edges holds, loops and holes included', () => {
    const random = randomStream(3, 'polygon')
    const lasso = Array.from({ length: 700 }, (): [number, number] => [random.uniform() * 10 - 5, random.uniform() * 4])
    const polygon = createPolygon(lasso)
    let inside = 0
    let wrong = 0
    for (let i = 0; i < 4000; i++) {
      const [x, y] = [random.uniform() * 12 - 6, random.uniform() * 5 - 0.5]
      wrong += Number(polygon.contains(x, y) !== isInside(lasso, x, y))
      inside += Number(polygon.contains(x, y))
    }
    expect(wrong).toBe(0)
    expect(inside).toBeGreaterThan(600)
  })

  it('leaves out what is no number, and holds nothing when it has no height', () => {
    const square = createPolygon([
      [0, 0],
      [2, 0],
      [2, 2],
      [0, 2],
    ])
    expect(square.contains(1, 1)).toBe(true)
    expect(square.contains(Number.NaN, 1)).toBe(false)
    expect(square.contains(1, Number.NaN)).toBe(false)
    expect(square.crossings(1)).toEqual([0, 2])
    const flat = createPolygon([
      [0, 1],
      [2, 1],
      [5, 1],
    ])
    expect(flat.contains(1, 1)).toBe(false)
  })
})
