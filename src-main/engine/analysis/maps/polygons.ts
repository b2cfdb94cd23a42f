/**
 * Polygons from the sides of an object of pixels: simple rings along pixel edges, outer ones and the holes in them.
 *
 * Sides go round their object with it on the right, as a picture is seen (x right, y down). Where two pixels touch at a corner only, the
 * way stays with its own pixel, so that parts that meet there become polygons of their own; a ring that still comes back to a corner is cut
 * there. What results is valid in the sense of OGC simple features: rings touch in points only, and no polygon falls apart.
 * Memory: up to 28 bytes a side, and 8 for each corner of a ring.
 */

/** x and y of its corners by turns, in pixels of the grid; not closed. Outer rings go clockwise as seen, holes the other way. */
export type Ring = readonly number[]

export interface GridPolygon {
  readonly outer: Ring
  readonly holes: readonly Ring[]
}

/** @param sides start and end of each by turns, as y · (width + 1) + x */
export function polygonsOf(sides: readonly number[], width: number): GridPolygon[] {
  const outers: { readonly outer: Ring; readonly holes: Ring[]; readonly area: number }[] = []
  const holes: Ring[] = []
  for (const ring of ringsOf(sides, width + 1)) {
    const area = areaOf(ring)
    if (area > 0) outers.push({ outer: ring, holes: [], area })
    else holes.push(ring)
  }
  for (const hole of holes) {
    const around = outers.length === 1 ? outers : outers.filter(({ outer }) => holds(outer, hole)).sort((a, b) => a.area - b.area)
    around[0].holes.push(hole)
  }
  return outers.map(({ outer, holes }) => ({ outer, holes }))
}

const [right, down, left, up] = [0, 1, 2, 3]

function* ringsOf(sides: readonly number[], stride: number): Generator<Ring> {
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
  const path: number[] = []
  for (let first = 0; first < n; first++) {
    if (used[first] === 1) continue
    for (let i = first; ; i = after(i)) {
      used[i] = 1
      placeOf[startAt(sides[2 * i])] = path.push(i) - 1
      const place = placeOf[startAt(sides[2 * i + 1])]
      if (place < 0) continue
      const loop = path.splice(place)
      for (const side of loop) placeOf[startAt(sides[2 * side])] = -1
      yield corners(loop, sides, stride, directionOf)
      if (path.length === 0) break
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
function corners(loop: readonly number[], sides: readonly number[], stride: number, directionOf: (i: number) => number): Ring {
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

/** Whether a hole lies in a ring: the pixel of the object beside its first side does. */
function holds(ring: Ring, hole: Ring): boolean {
  // The object is on the right of the way.
  const [dx, dy] = [Math.sign(hole[2] - hole[0]), Math.sign(hole[3] - hole[1])]
  const [x, y] = [hole[0] + (dx - dy) / 2, hole[1] + (dy + dx) / 2]
  let inside = false
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
    if (ring[i + 1] > y === ring[j + 1] > y) continue
    if (x < ((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i]) inside = !inside
  }
  return inside
}
