/**
 * Polygons in degrees as RFC 7946 wants them (§3.1.9): cut at the antimeridian, with the part beyond it on the other side, so that every
 * longitude lies between −180 and 180; a ring around a pole is closed along the pole.
 *
 * 1  `unwrapped`: going round a ring, each longitude is the one nearest to that of the corner before, beyond 180 where need be.
 * 2  A ring that comes back a whole turn away goes round a pole. It begins and ends at the antimeridian, and two corners on the pole close it;
 *    where a hole goes round the pole too, its way back does.
 * 3  `cutAt`: corners on either side of a meridian make chains; where these meet the meridian, sorted by latitude, two neighbours belong
 *    together, and chains joined over them are the rings of a side. Holes that cross the meridian become part of the outline.
 *
 * Memory: a ring; where a polygon has to be cut, all of it three times.
 */
import type { Coordinates } from './features.ts'

/** Outer ring counter-clockwise first, then holes clockwise; closed. */
type Rings = readonly Coordinates[]

/** Of a degree: what is no nearer than this to the antimeridian lies on it. */
const hair = 1e-9

/**
 * The parts of a polygon, each with its rings one after the other.
 *
 * @param rings outer ring first, as they are in a system of degrees: longitudes may jump by whole turns; any direction. Gone through once or twice.
 */
export function acrossAntimeridian(rings: Iterable<Coordinates>): Iterable<Iterable<Coordinates>> {
  const [first] = rings
  const outer = unwrapped(first)
  const [west, east] = extentOf(outer)
  const turn = Math.floor((west + hair + 180) / 360)
  if (goesRound(outer) || east > 180 + 360 * turn + hair) return cutParts(closedAtPole(Array.from(rings, unwrapped)))
  return [inOneTurn(rings, west, east, -360 * turn)]
}

function* inOneTurn(rings: Iterable<Coordinates>, west: number, east: number, by: number): Generator<Coordinates> {
  let sign: 1 | -1 = 1
  for (const ring of rings) {
    yield* moved([directed(besideOuter(unwrapped(ring), west, east), sign)], by)
    sign = -1
  }
}

function cutParts(whole: Rings): Rings[] {
  const parts: Rings[] = []
  let left: Rings[] = [whole]
  for (let turn = Math.floor((extentOf(whole[0])[0] + hair + 180) / 360); left.length > 0; turn++) {
    const meridian = 180 + 360 * turn
    const rest: Rings[] = []
    for (const polygon of left) {
      const [from, to] = extentOf(polygon[0])
      if (to <= meridian + hair) parts.push(moved(polygon, -360 * turn))
      else if (from >= meridian - hair) rest.push(polygon)
      else {
        const { below, above } = cutAt(polygon, meridian)
        parts.push(...below.map((part) => moved(part, -360 * turn)))
        rest.push(...above)
      }
    }
    left = rest
  }
  return parts
}

const nearest = (longitude: number, to: number): number => longitude + 360 * Math.round((to - longitude) / 360)

/** Ends where it began, or a whole turn away: then it goes round a pole. */
function unwrapped(ring: Coordinates): Coordinates {
  const out = ring.slice()
  for (let i = 2; i < out.length; i += 2) out[i] = nearest(out[i], out[i - 2])
  return out
}

const goesRound = (ring: Coordinates): boolean => Math.abs(ring[ring.length - 2] - ring[0]) > 180

/** Outer ring first, each in its direction and in the same turn. */
function closedAtPole([outer, ...holes]: Rings): Rings {
  const round = holes.find(goesRound)
  const outline = goesRound(outer) ? closed(outer, round ?? null) : outer
  const [west, east] = extentOf(outline)
  const inside = goesRound(outer) ? holes.filter((hole) => hole !== round) : holes
  return [directed(outline, 1), ...inside.map((hole) => directed(besideOuter(hole, west, east), -1))]
}

/** A way round a pole, closed along the pole or by the way round a hole that has the pole in it. */
function closed(outer: Coordinates, hole: Coordinates | null): Coordinates {
  const way = fromAntimeridian(outer)
  const [start, end] = [way[0], way[way.length - 2]]
  if (!hole) {
    const pole = way.reduce((sum, value, i) => sum + (i % 2 === 1 ? value : 0), 0) < 0 ? -90 : 90
    return Float64Array.from([...way, end, pole, start, pole, way[0], way[1]])
  }
  const round = fromAntimeridian(hole)
  const back = round[round.length - 2] > round[0] === end > start ? reversed(round) : round
  return Float64Array.from([...way, ...moved([back], end - back[0])[0], way[0], way[1]])
}

/** The same way round, from where it first meets the antimeridian until it is there again a turn later. */
function fromAntimeridian(way: Coordinates): Coordinates {
  const turn = way[way.length - 2] - way[0]
  const side = (i: number): number => Math.floor((way[i] + 180) / 360)
  let at = 2
  while (side(at) === side(at - 2)) at += 2
  const meridian = 360 * Math.max(side(at), side(at - 2)) - 180
  const latitude = way[at - 1] + ((meridian - way[at - 2]) / (way[at] - way[at - 2])) * (way[at + 1] - way[at - 1])
  const before = moved([way.subarray(2, at)], turn)[0]
  return Float64Array.from([meridian, latitude, ...way.subarray(at), ...before, meridian + turn, latitude])
}

/** A ring by whole turns to where its outer ring is. */
function besideOuter(hole: Coordinates, west: number, east: number): Coordinates {
  const [from, to] = extentOf(hole)
  const turns = Math.round(((west + east) / 2 - (from + to) / 2) / 360)
  return turns === 0 ? hole : hole.map((value, i) => (i % 2 === 0 ? value + 360 * turns : value))
}

function extentOf(ring: Coordinates): [west: number, east: number] {
  let [west, east] = [ring[0], ring[0]]
  for (let i = 2; i < ring.length; i += 2) {
    west = Math.min(west, ring[i])
    east = Math.max(east, ring[i])
  }
  return [west, east]
}

const moved = (rings: Rings, by: number): Rings =>
  by === 0 ? rings : rings.map((ring) => ring.map((value, i) => (i % 2 === 0 ? value + by : value)))

/** Twice the area, above 0 where it goes counter-clockwise on a map. Coordinates are taken from the first corner, or far from 0 their digits would be lost. */
function areaOf(ring: Coordinates): number {
  const [x0, y0] = ring
  let sum = 0
  for (let i = 2; i + 3 < ring.length; i += 2) sum += (ring[i] - x0) * (ring[i + 3] - y0) - (ring[i + 2] - x0) * (ring[i + 1] - y0)
  return sum
}

export const directed = (ring: Coordinates, sign: 1 | -1): Coordinates => (Math.sign(areaOf(ring)) === sign ? ring : reversed(ring))

function reversed(ring: Coordinates): Coordinates {
  const turned = new Float64Array(ring.length)
  for (let i = 0; i < ring.length; i += 2) turned.set(ring.subarray(ring.length - i - 2, ring.length - i), i)
  return turned
}

interface Chain {
  readonly points: number[]
  /** Latitudes where it comes from the meridian and goes back to it. */
  readonly from: number
  readonly to: number
}

function cutAt(rings: Rings, meridian: number): { below: Rings[]; above: Rings[] } {
  const sides = { below: [] as Chain[], above: [] as Chain[] }
  const whole = { below: [] as Coordinates[], above: [] as Coordinates[] }
  for (const [i, ring] of rings.entries()) {
    const chains = chainsOf(ring, meridian)
    if (chains === null) (ring[0] < meridian ? whole.below : whole.above).push(ring)
    else for (const { side, chain } of chains) sides[side].push(chain)
    if (chains === null && i === 0) throw new RangeError('the outer ring does not cross the meridian')
  }
  return {
    below: polygonsOf(joined(sides.below, meridian), whole.below),
    above: polygonsOf(joined(sides.above, meridian), whole.above),
  }
}

/** The stretches of a ring on either side, in its direction; null where it lies on one side. A corner on the meridian is above. */
function chainsOf(ring: Coordinates, meridian: number): { side: 'below' | 'above'; chain: Chain }[] | null {
  const n = ring.length / 2 - 1
  const isBelow = (i: number): boolean => ring[2 * (i % n)] < meridian
  const first = Array.from({ length: n }, (_, i) => i).find((i) => isBelow(i) !== isBelow(i + 1))
  if (first === undefined) return null
  const crossing = (i: number): number => {
    const [a, b] = [2 * (i % n), 2 * ((i + 1) % n)]
    return ring[a + 1] + ((meridian - ring[a]) / (ring[b] - ring[a])) * (ring[b + 1] - ring[a + 1])
  }
  const chains: { side: 'below' | 'above'; chain: Chain }[] = []
  for (let i = first, steps = 0; steps < n; ) {
    const from = crossing(i)
    const points = [meridian, from]
    const side = isBelow(i + 1) ? 'below' : 'above'
    do {
      i++
      steps++
      points.push(ring[2 * (i % n)], ring[2 * (i % n) + 1])
    } while (isBelow(i) === isBelow(i + 1))
    const to = crossing(i)
    points.push(meridian, to)
    chains.push({ side, chain: { points, from, to } })
  }
  return chains
}

/** Rings of one side: a chain goes on with the one that begins at the other end of the stretch of meridian where it ends. */
function joined(chains: readonly Chain[], meridian: number): Coordinates[] {
  const ends = chains
    .flatMap(({ from, to }, i) => [
      { latitude: from, chain: i, isStart: true },
      { latitude: to, chain: i, isStart: false },
    ])
    .sort((a, b) => a.latitude - b.latitude)
  const next = new Int32Array(chains.length)
  for (let i = 0; i + 1 < ends.length; i += 2) {
    const [one, other] = [ends[i], ends[i + 1]]
    // Where outlines touch on the meridian two of a kind may be neighbours; then the next pair has the others.
    if (one.isStart === other.isStart && i + 3 < ends.length) ends.splice(i + 1, 2, ends[i + 2], ends[i + 1])
    const [a, b] = [ends[i], ends[i + 1]]
    if (a.isStart) next[b.chain] = a.chain
    else next[a.chain] = b.chain
  }
  const used = new Uint8Array(chains.length)
  const rings: Coordinates[] = []
  for (let first = 0; first < chains.length; first++) {
    const points: number[] = []
    for (let i = first; used[i] === 0; i = next[i]) {
      used[i] = 1
      append(points, chains[i].points)
    }
    if (points.length === 0) continue
    const ring = withoutSpikes(points, meridian)
    if (ring.length >= 8 && areaOf(ring) !== 0) rings.push(ring)
  }
  return rings
}

/** Closed. A side along the meridian that bounds the other part is gone there and back: of corners on the meridian that follow each other only the ends stay. */
function withoutSpikes(points: readonly number[], meridian: number): Coordinates {
  const n = points.length / 2
  const isOn = (i: number): boolean => points[2 * ((i + n) % n)] === meridian
  const kept: number[] = []
  for (let i = 0; i < n; i++) if (!(isOn(i - 1) && isOn(i) && isOn(i + 1))) append(kept, points.slice(2 * i, 2 * i + 2))
  append(kept, kept.slice(0, 2))
  return Float64Array.from(kept)
}

/** Leaves out what is where the last point is. */
function append(points: number[], more: readonly number[]): void {
  for (let i = 0; i < more.length; i += 2) if (more[i] !== points.at(-2) || more[i + 1] !== points.at(-1)) points.push(more[i], more[i + 1])
}

/** Each hole to the outline that it lies in. */
function polygonsOf(outers: readonly Coordinates[], holes: readonly Coordinates[]): Rings[] {
  const polygons = outers.map((outer) => [outer])
  for (const hole of holes) {
    const around = polygons.length === 1 ? polygons[0] : polygons.find(([outer]) => holds(outer, hole[0], hole[1]))
    around?.push(hole)
  }
  return polygons
}

function holds(ring: Coordinates, x: number, y: number): boolean {
  let inside = false
  for (let i = 2, j = 0; i < ring.length; j = i, i += 2) {
    if (ring[i + 1] > y === ring[j + 1] > y) continue
    if (x < ((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i]) inside = !inside
  }
  return inside
}
