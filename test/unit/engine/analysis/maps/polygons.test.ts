import { describe, expect, test } from 'vitest'
import { type GridObject, ObjectFinder, scoringAbove } from '#engine/analysis/anomalies/objects.ts'
import { type GridPolygon, polygonsOf, type Ring } from '#engine/analysis/maps/polygons.ts'
import { randomStream } from '#engine/analysis/random.ts'

const objectsIn = (picture: readonly string[], how: 'flagged' | 'classes' = 'flagged'): GridObject[] => {
  const found: GridObject[] = []
  const finder = new ObjectFinder({
    width: picture[0].length,
    ...(how === 'flagged' ? scoringAbove(0) : { keyOf: (value: number) => value, corners: false }),
    minimumPixels: 1,
    outlines: true,
    found: (object) => void found.push(object),
  })
  for (const line of picture) finder.addLine(Array.from(line, (letter) => (letter === '.' ? 0 : letter === '#' ? 1 : Number(letter))))
  finder.finish()
  return found
}
const polygonsIn = (picture: readonly string[]): GridPolygon[][] =>
  objectsIn(picture).map(({ sides }) => polygonsOf(sides, picture[0].length))
const pairs = (ring: Ring): string => Array.from({ length: ring.length / 2 }, (_, i) => `${ring[2 * i]},${ring[2 * i + 1]}`).join(' ')

test('one pixel is a square, clockwise as seen', () => {
  const [[{ outer, holes }]] = polygonsIn(['...', '.#.', '...'])
  expect(pairs(outer)).toBe('1,1 2,1 2,2 1,2')
  expect(holes).toEqual([])
})

test('sides in line are one side', () => {
  const [[{ outer }]] = polygonsIn(['###', '###'])
  expect(pairs(outer)).toBe('0,0 3,0 3,2 0,2')
})

test('a hole goes the other way', () => {
  const [[{ outer, holes }]] = polygonsIn(['###', '#.#', '###'])
  expect(outer).toHaveLength(8)
  expect(holes.map(pairs)).toEqual(['2,1 1,1 1,2 2,2'])
})

test('pixels that touch at a corner are one object of two polygons', () => {
  const [polygons] = polygonsIn(['#.', '.#'])
  expect(polygons.map(({ outer }) => pairs(outer))).toEqual(['0,0 1,0 1,1 0,1', '1,1 2,1 2,2 1,2'])
})

test('a ring that comes back to a corner becomes an outer ring and a hole that touch there', () => {
  // The middle is open to the outside by a corner only.
  const [[polygon, ...others]] = polygonsIn(['##.', '#.#', '###'])
  expect(others).toEqual([])
  expect(polygon.holes.map(pairs)).toEqual(['2,1 1,1 1,2 2,2'])
  expect(areaOf(polygon)).toBe(7)
})

test('two parts that touch at both ends of a gap are two polygons without a hole', () => {
  const [polygons] = polygonsIn(['.##.', '#..#', '#..#', '.##.'])
  expect(polygons).toHaveLength(4)
  expect(polygons.every(({ holes }) => holes.length === 0)).toBe(true)
})

test('an island in a hole is an object of its own, and a part of one that it touches at a corner', () => {
  expect(polygonsIn(['#####', '#...#', '#.#.#', '#...#', '#####'])).toHaveLength(2)
  const [polygons, ...others] = polygonsIn(['#####', '##..#', '#.#.#', '#...#', '#####'])
  expect(others).toEqual([])
  expect(polygons.map(areaOf).sort((a, b) => a - b)).toEqual([1, 17])
})

test('classes share sides only', () => {
  const found = objectsIn(['112', '211', '221'], 'classes')
  expect(found.map(({ key, pixels }) => [key, pixels]).sort()).toEqual([
    [1, 5],
    [2, 1],
    [2, 3],
  ])
})

describe('whatever the picture', () => {
  const random = randomStream(3, 'pictures')
  const pictures = Array.from({ length: 40 }, (_, i) => {
    const [width, height] = [1 + random.below(12), 1 + random.below(12)]
    const share = [0.2, 0.5, 0.6, 0.8][i % 4]
    return Array.from({ length: height }, () => Array.from({ length: width }, () => (random.uniform() < share ? '#' : '.')).join(''))
  })

  test('polygons cover the pixels of their object and no others', () => {
    for (const picture of pictures) {
      const covered = picture.map((line) => Array.from(line, () => 0))
      for (const polygons of polygonsIn(picture))
        for (const { outer, holes } of polygons)
          for (const [y, line] of covered.entries())
            for (const x of line.keys())
              line[x] += Number(holds(outer, x + 0.5, y + 0.5)) - holes.filter((hole) => holds(hole, x + 0.5, y + 0.5)).length
      expect(covered.map((line) => line.map((n) => (n === 1 ? '#' : n === 0 ? '.' : '?')).join(''))).toEqual(picture)
    }
  })

  test('no ring passes a corner twice, and holes touch others in points', () => {
    for (const picture of pictures)
      for (const polygons of polygonsIn(picture))
        for (const { outer, holes } of polygons)
          for (const ring of [outer, ...holes]) {
            const corners = pairs(ring).split(' ')
            expect(new Set(corners).size).toBe(corners.length)
            expect(Math.sign(twiceArea(ring))).toBe(ring === outer ? 1 : -1)
          }
  })
})

function twiceArea(ring: Ring): number {
  let sum = 0
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) sum += ring[j] * ring[i + 1] - ring[i] * ring[j + 1]
  return sum
}
const areaOf = ({ outer, holes }: GridPolygon): number => [outer, ...holes].reduce((sum, ring) => sum + twiceArea(ring), 0) / 2

function holds(ring: Ring, x: number, y: number): boolean {
  let inside = false
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2)
    if (ring[i + 1] > y !== ring[j + 1] > y && x < ring[i]) inside = !inside
  return inside
}

test('each hole goes to the polygon around it, also among polygons that touch at corners and holes beside one another', () => {
  const random = randomStream(9, 'holes')
  const width = 60
  const picture = Array.from({ length: 50 }, () => Array.from({ length: width }, () => (random.uniform() < 0.35 ? '.' : '#')).join(''))
  let holes = 0
  for (const { sides } of objectsIn(picture)) {
    const polygons = polygonsOf(sides, width)
    for (const { outer, holes: own } of polygons)
      for (const hole of own) {
        holes++
        // The smallest outer ring with the pixel beside the first side of the hole in it.
        const [dx, dy] = [Math.sign(hole[2] - hole[0]), Math.sign(hole[3] - hole[1])]
        const [x, y] = [hole[0] + (dx - dy) / 2, hole[1] + (dy + dx) / 2]
        const around = polygons
          .filter((polygon) => crossesRightOf(polygon.outer, x, y))
          .sort((a, b) => ringArea(a.outer) - ringArea(b.outer))
        expect(around[0].outer).toBe(outer)
      }
  }
  expect(holes).toBeGreaterThan(100)
})

const ringArea = (ring: Ring): number => areaOf({ outer: ring, holes: [] })
function crossesRightOf(ring: Ring, x: number, y: number): boolean {
  let inside = false
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2)
    if (ring[i + 1] > y !== ring[j + 1] > y && x < ring[i]) inside = !inside
  return inside
}
