import { expect, test } from 'vitest'
import { acrossAntimeridian } from '#engine/export/vector/antimeridian.ts'
import { ringInDegrees } from '#engine/export/vector/features.ts'
import { randomStream } from '#engine/analysis/random.ts'

type Point = readonly [number, number]
const ring = (...points: Point[]): Float64Array => Float64Array.from([...points, points[0]].flat())
const pointsOf = (coordinates: Float64Array): Point[] =>
  Array.from({ length: coordinates.length / 2 }, (_, i) => [coordinates[2 * i], coordinates[2 * i + 1]])
const cut = (...rings: Float64Array[]) => Array.from(acrossAntimeridian(rings), (part) => Array.from(part, pointsOf))

/** Above 0 where it goes counter-clockwise. */
const areaOf = (points: readonly Point[]): number =>
  points.slice(1).reduce((sum, [x, y], i) => sum + points[i][0] * y - x * points[i][1], 0) / 2
const area = (parts: readonly (readonly (readonly Point[])[])[]): number => parts.flat().reduce((sum, points) => sum + areaOf(points), 0)

test('what does not cross the antimeridian stays as it is, with the outer ring counter-clockwise and holes clockwise', () => {
  const parts = cut(ring([0, 0], [0, 4], [4, 4], [4, 0]), ring([1, 1], [2, 1], [2, 2], [1, 2]))
  expect(parts).toHaveLength(1)
  expect(parts[0].map(areaOf)).toEqual([16, -1])
  const world = ringInDegrees([0, 0, 36, 0, 36, 18, 0, 18], (x, y) => [10 * x - 180, 90 - 10 * y])
  const whole = cut(world)
  expect(whole).toHaveLength(1)
  expect(area(whole)).toBe(360 * 180)
})

test('a polygon across it becomes two, whether longitudes jump or go on beyond 180', () => {
  for (const east of [-170, 190]) {
    const parts = cut(ring([170, 10], [east, 10], [east, 20], [170, 20]))
    expect(parts.map(([outer]) => [...new Set(outer.map(([x]) => x))].sort((a, b) => a - b))).toEqual([
      [170, 180],
      [-180, -170],
    ])
    expect(area(parts)).toBe(200)
    expect(parts.flat().every((points) => areaOf(points) > 0)).toBe(true)
  }
})

test('holes on one side stay holes of their part, one that crosses becomes part of the outlines', () => {
  const hole = (x: number): Float64Array => ring([x, 12], [x + 2, 12], [x + 2, 14], [x, 14])
  const parts = cut(ring([170, 10], [190, 10], [190, 20], [170, 20]), hole(172), hole(-175), hole(179))
  expect(parts.map((rings) => rings.length)).toEqual([2, 2])
  expect(area(parts)).toBe(200 - 12)
})

test('a comb has as many parts as teeth beyond the meridian', () => {
  const teeth = [0, 2, 4].flatMap((y): Point[] => [
    [178, y],
    [183, y],
    [183, y + 1],
    [178, y + 1],
  ])
  const parts = cut(ring([175, 0], ...teeth, [175, 5]))
  expect(parts).toHaveLength(4)
  expect(area(parts)).toBe(3 * 5 + 3 * 5)
})

test('grids from 0 to 360, and on beyond, come to lie between −180 and 180', () => {
  const parts = cut(ringInDegrees([0, 0, 36, 0, 36, 2, 0, 2], (x, y) => [10 * x, 10 - 10 * y]))
  expect(area(parts)).toBe(7200)
  expect(cut(ring([200, 0], [210, 0], [210, 5], [200, 5]))[0][0].map(([x]) => x)).toEqual([-160, -150, -150, -160, -160])
  const far = cut(ring([170, 0], [175, 0], [175, 1], [170, 1]).map((value, i) => (i % 2 === 0 ? value + 720 : value)))
  expect(far[0][0][0]).toEqual([170, 0])
})

test('a ring round a pole is closed along it, and by the hole where there is one round the pole', () => {
  const round = (latitude: number, from = 0): Float64Array =>
    ring(...[0, 60, 120, 180, 240, 300].map((x): Point => [((x + from + 180) % 360) - 180, latitude]))
  for (const sign of [1, -1]) {
    const parts = cut(round(80 * sign, 10))
    expect(area(parts)).toBeCloseTo(3600)
    expect(parts[0][0].filter(([, y]) => y === 90 * sign).map(([x]) => Math.abs(x))).toEqual([180, 180])
    const annulus = cut(round(70 * sign, 10), round(80 * sign, 35), ring([20, 74 * sign], [22, 74 * sign], [22, 75 * sign]))
    expect(area(annulus)).toBeCloseTo(3600 - 1)
    expect(annulus.flat(2).every(([x, y]) => Math.abs(x) <= 180 && Math.abs(y) <= 80)).toBe(true)
  }
})

test('random outlines keep their area, and every part lies within its side', () => {
  const random = randomStream(5, 'outlines')
  for (let round = 0; round < 300; round++) {
    const n = 3 + Math.floor(random.uniform() * 30)
    const star = Array.from({ length: n }, (_, i): Point => {
      const [angle, radius] = [(2 * Math.PI * i) / n, 1 + 8 * random.uniform()]
      // On whole numbers corners often lie on the meridian itself.
      const x = 178 + radius * Math.cos(angle)
      return [round % 2 === 0 ? x : Math.round(x), radius * Math.sin(angle)]
    })
    const parts = cut(ring(...star))
    expect(area(parts)).toBeCloseTo(Math.abs(areaOf([...star, star[0]])), 9)
    for (const [outer] of parts) {
      expect(areaOf(outer)).toBeGreaterThan(0)
      expect(outer.every(([x]) => x >= -180 && x <= 180)).toBe(true)
    }
  }
})

test('corners are put in where a straight side of the grid is bent in degrees, and only there', () => {
  const plain = ringInDegrees([0, 0, 100, 0, 100, 100, 0, 100], (x, y) => [x / 100, y / 100])
  expect(plain).toHaveLength(10)
  const polar = (x: number, y: number): Point => [(Math.atan2(x - 50, y - 50) * 180) / Math.PI, 90 - Math.hypot(x - 50, y - 50) / 10]
  const bent = pointsOf(ringInDegrees([0, 0, 100, 0, 100, 100, 0, 100], polar))
  expect(bent.length).toBeGreaterThan(20)
  expect(area(cut(Float64Array.from(bent.flat())))).toBeGreaterThan(360 * 5)
})
