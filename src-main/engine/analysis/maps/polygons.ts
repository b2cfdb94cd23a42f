/**
 * Polygons from the sides of an object of pixels: simple rings along pixel edges, outer ones and the holes in them.
 *
 * Sides go round their object with it on the right, as a picture is seen (x right, y down). Where two pixels touch at a corner only, the
 * way stays with its own pixel, so that parts that meet there become polygons of their own; a ring that still comes back to a corner is cut
 * there. What results is valid in the sense of OGC simple features: rings touch in points only, and no polygon falls apart.
 * Memory: up to 36 bytes a side, 16 more for each that goes up where there are several polygons, and 8 for each corner of a ring.
 */
import { countBelow } from '../anomalies/confidence.ts'
import { atOnce, type Steps } from '../pace.ts'
import { orderSteps } from '../statistics/sortSteps.ts'

/** Walked between two moments at which a long outline rests. */
const sidesAtOnce = 2 ** 16

/** x and y of its corners by turns, in pixels of the grid; not closed. Outer rings go clockwise as seen, holes the other way. */
export type Ring = readonly number[]

export interface GridPolygon {
  readonly outer: Ring
  readonly holes: readonly Ring[]
}

/** @param sides start and end of each by turns, as y · (width + 1) + x */
export const polygonsOf = (sides: readonly number[], width: number): GridPolygon[] => atOnce(polygonSteps(sides, width))

/** The same, for millions of sides. */
export function* polygonSteps(sides: readonly number[], width: number): Steps<GridPolygon[]> {
  const stride = width + 1
  const rings: Ring[] = []
  const isOuter: boolean[] = []
  const ringOf = new Int32Array(sides.length / 2)
  let walked = 0
  for (const { ring, loop } of ringsOf(sides, stride)) {
    for (const side of loop) ringOf[side] = rings.length
    rings.push(ring)
    isOuter.push(areaOf(ring) > 0)
    walked += loop.length
    if (walked < sidesAtOnce) continue
    walked = 0
    yield
  }
  const polygons = new Map<number, { outer: Ring; holes: Ring[] }>()
  for (const [id, outer] of rings.entries()) if (isOuter[id]) polygons.set(id, { outer, holes: [] })
  const [first] = polygons.keys()
  const around = polygons.size > 1 ? yield* outerRings(sides, stride, ringOf, rings, isOuter) : null
  for (const [id, ring] of rings.entries()) if (!isOuter[id]) polygons.get(around?.[id] ?? first)?.holes.push(ring)
  return [...polygons.values()]
}

/**
 * The outer ring around each hole. Left of the highest corner of a hole (the first from the left among those) lie pixels of its polygon, as
 * far as a side that goes up: of the outer ring, or of a hole that begins higher up or further left, and is known by then.
 */
function* outerRings(
  sides: readonly number[],
  stride: number,
  ringOf: Int32Array,
  rings: readonly Ring[],
  isOuter: readonly boolean[],
): Steps<Int32Array> {
  const up: number[] = []
  for (let i = 0; i < ringOf.length; i++) if (sides[2 * i + 1] === sides[2 * i] - stride) up.push(i)
  const upperEnds = Float64Array.from(up, (i) => sides[2 * i + 1])
  const order = yield* orderSteps(upperEnds)
  const rising = Float64Array.from(order, (at) => upperEnds[at])
  const around = Int32Array.from(rings.keys())
  const holes = Int32Array.from(rings.keys()).filter((id) => !isOuter[id])
  const starts = Float64Array.from(holes, (id) => firstCorner(rings[id], stride))
  const byPlace = yield* orderSteps(starts)
  for (const [done, at] of byPlace.entries()) {
    const side = up[order[countBelow(rising, starts[at]) - 1]]
    around[holes[at]] = around[ringOf[side]]
    if (done % sidesAtOnce === 0) yield
  }
  return around
}

/** The highest corner, of equals the one furthest left, numbered as sides are. */
function firstCorner(ring: Ring, stride: number): number {
  let first = Number.POSITIVE_INFINITY
  for (let i = 0; i < ring.length; i += 2) first = Math.min(first, ring[i + 1] * stride + ring[i])
  return first
}

const [right, down, left, up] = [0, 1, 2, 3]

function* ringsOf(sides: readonly number[], stride: number): Generator<{ readonly ring: Ring; readonly loop: Int32Array }> {
  const n = sides.length / 2
  const { startAt, other } = startsOf(sides)
  const directionOf = (i: number): number => {
    const step = sides[2 * i + 1] - sides[2 * i]
    // Along a line a side may be long, and never as long as a line and its end.
    return step > 0 && step < stride ? right : step < 0 && step > -stride ? left : step > 0 ? down : up
  }
  const used = new Uint8Array(n)
  const after = (i: number): number => {
    const one = startAt(sides[2 * i + 1])
    const two = other[one]
    if (two < 0 || used[two] === 1) return one
    if (used[one] === 1) return two
    return directionOf(one) === (directionOf(i) + 1) % 4 ? one : two
  }
  /** Where on the path a corner is, by the side that stands for it; −1 where it is not. */
  const placeOf = new Int32Array(n).fill(-1)
  const path = new Int32Array(n)
  let length = 0
  for (let first = 0; first < n; first++) {
    if (used[first] === 1) continue
    for (let i = first; ; i = after(i)) {
      used[i] = 1
      placeOf[startAt(sides[2 * i])] = length
      path[length++] = i
      const place = placeOf[startAt(sides[2 * i + 1])]
      if (place < 0) continue
      const loop = path.slice(place, length)
      length = place
      for (const side of loop) placeOf[startAt(sides[2 * side])] = -1
      yield { ring: corners(loop, sides, stride, directionOf), loop }
      if (length === 0) break
    }
  }
}

/** Which side starts at a corner; at most two do, and `other` has the second of them by the first, −1 for none. */
function startsOf(sides: readonly number[]): { startAt: (corner: number) => number; other: Int32Array } {
  const n = sides.length / 2
  const bits = Math.max(3, Math.ceil(Math.log2(2 * n)))
  const mask = 2 ** bits - 1
  /** [2^bits] a side, 1 more; 0 where there is none. Open addressing. */
  const table = new Int32Array(2 ** bits)
  const slotOf = (corner: number): number => {
    let slot = Math.imul(corner ^ (corner / 2 ** 32), 0x9e3779b1) >>> (32 - bits)
    while (table[slot] !== 0 && sides[2 * (table[slot] - 1)] !== corner) slot = (slot + 1) & mask
    return slot
  }
  const other = new Int32Array(n).fill(-1)
  for (let i = 0; i < n; i++) {
    const slot = slotOf(sides[2 * i])
    other[i] = table[slot] - 1
    table[slot] = i + 1
  }
  return { startAt: (corner) => table[slotOf(corner)] - 1, other }
}

/** Where the way turns. */
function corners(loop: Int32Array, sides: readonly number[], stride: number, directionOf: (i: number) => number): Ring {
  const ring: number[] = []
  let before = directionOf(loop[loop.length - 1])
  for (const i of loop) {
    const direction = directionOf(i)
    if (direction !== before) ring.push(sides[2 * i] % stride, Math.floor(sides[2 * i] / stride))
    before = direction
  }
  return ring
}

/** Twice the area, above 0 where it goes clockwise as seen. */
function areaOf(ring: Ring): number {
  let sum = 0
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) sum += ring[j] * ring[i + 1] - ring[i] * ring[j + 1]
  return sum
}
