import { expect, test } from 'vitest'
import { pointColours } from '../../../../../src-renderer/features/scatter/colours.ts'
import {
  apart,
  cloudBounds,
  labelMedians,
  PointIndex,
  pointOpacity,
  shortName,
  takeAxes,
} from '../../../../../src-renderer/features/scatter/points.ts'

test('the nearest point is the one found by looking at all of them', () => {
  const points = Float32Array.from({ length: 2000 }, (_, i) => Math.sin(i * 12.9898) * 3)
  const index = new PointIndex(points, { x0: -3, y0: -3, x1: 3, y1: 3 })
  for (const [x, y] of [
    [0, 0],
    [2.9, -2.9],
    [-1.2, 0.7],
  ] as const) {
    let best = -1
    let least = 0.25
    for (let i = 0; i < 1000; i++) {
      const d = ((points[i * 2] ?? 0) - x) ** 2 + ((points[i * 2 + 1] ?? 0) - y) ** 2
      if (d <= least) [least, best] = [d, i]
    }
    expect(index.nearest(x, y, 0.5, 0.5)).toBe(best)
  }
  expect(index.nearest(50, 50, 0.5, 0.5)).toBe(-1)
})

test('a few stray points do not shrink the cloud', () => {
  const points = new Float32Array(20_000).map((_, i) => ((i * 37) % 1000) / 1000)
  points[0] = 1e6
  const { x0, x1 } = cloudBounds(points)
  expect(x1).toBeLessThan(2)
  expect(x0).toBeGreaterThan(-1)
})

test('points are fainter the denser they lie, within limits', () => {
  const cloud = (n: number): Float32Array => Float32Array.from({ length: n * 2 }, (_, i) => ((i * 7919) % 10_007) / 10_007)
  const bounds = { x0: 0, y0: 0, x1: 1, y1: 1 }
  const [few, many] = [pointOpacity(cloud(500), bounds, 400, 400, 2), pointOpacity(cloud(500_000), bounds, 400, 400, 2)]
  expect(few).toBe(0.85)
  expect(many).toBeLessThan(0.4)
  expect(many).toBeGreaterThanOrEqual(0.002)
})

test('labels stand at the point of their class nearest to its median, and no class has none', () => {
  const medians = labelMedians(Float32Array.from([0, 0, 1, 5, 100, 9, 3, 3]), Uint16Array.from([1, 1, 1, 0]))
  expect([...medians]).toEqual([[1, [1, 5]]])
  // Two islands, whose median along each axis lies on neither.
  const islands = labelMedians(Float32Array.from([0, 10, 1, 10, 2, 10, 3, 10, 10, 0, 10, 1, 10, 2, 10, 3]), new Uint16Array(8).fill(2))
  expect(islands.get(2)).toEqual([3, 10])
})

test('a code of one number is spread along the other axis', () => {
  const points = takeAxes(Float32Array.from([1, 2, 3]), 3, 1, [0, 1])
  expect([points[0], points[2], points[4]]).toEqual([1, 2, 3])
  expect(new Set([points[1], points[3], points[5]]).size).toBe(3)
})

test('points take the colour of their class, and grey without one', () => {
  const colours = pointColours({ kind: 'class', labels: Uint16Array.from([1, 0]), colours: new Map([[1, '#102030']]) }, 2)
  expect([...new Uint8Array(colours.buffer)]).toEqual([16, 32, 48, 255, 150, 146, 138, 255])
})

test('of names that would lie on each other the first is written', () => {
  const at = (x: number, y: number, text: string) => ({ x, y, text })
  expect(apart([at(50, 50, '1'), at(54, 52, '2'), at(54, 80, '3 Sand'), at(90, 50, '4')]).map(({ text }) => text)).toEqual([
    '1',
    '3 Sand',
    '4',
  ])
  expect(shortName('Weathered andesite with a very long name')).toBe('Weathered andesite with…')
})
