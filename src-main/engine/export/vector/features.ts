/** Polygons with attributes on their way to a file, and the system they are told in. */
import type { GridPolygon, Ring } from '#engine/analysis/maps/polygons.ts'
import { directed } from './antimeridian.ts'

export type FieldValue = string | number | null

export interface Field {
  readonly name: string
  readonly type: 'integer' | 'real' | 'text'
}

export interface PolygonFeature {
  readonly id: number
  readonly polygons: readonly GridPolygon[]
  /** In the order of the fields. */
  readonly values: readonly FieldValue[]
}

export interface PolygonLayer {
  readonly name: string
  readonly description: string
  readonly fields: readonly Field[]
  readonly features: AsyncIterable<PolygonFeature>
}

/** x and y by turns, closed: the first corner once more at the end. */
export type Coordinates = Float64Array

type Place = (x: number, y: number) => readonly [number, number]

/** Rings in a system's coordinates one after the other, outer ones counter-clockwise and holes clockwise (RFC 7946; the rule of the right hand). */
export function* ringsIn({ outer, holes }: GridPolygon, place: Place): Generator<Coordinates> {
  yield directed(placed(outer, place), 1)
  for (const hole of holes) yield directed(placed(hole, place), -1)
}

function placed(ring: Ring, place: Place): Coordinates {
  const n = ring.length / 2
  const out = new Float64Array(2 * n + 2)
  for (let i = 0; i < n; i++) out.set(place(ring[2 * i], ring[2 * i + 1]), 2 * i)
  out.copyWithin(2 * n, 0, 2)
  return out
}

/** Of a pixel: what a straight side may be away from where it belongs. */
const tolerance = 0.1

/**
 * A ring in degrees, closed. Sides are straight in the grid's system and not in degrees: a corner of the grid is put in wherever the middle
 * of a side would be a tenth of a pixel off, or its ends are so far apart in longitude that the way between them could not be told.
 */
export function ringInDegrees(ring: Ring, place: Place): Coordinates {
  const out: number[] = []
  const n = ring.length / 2
  type Corner = readonly [x: number, y: number, longitude: number, latitude: number]
  const at = (x: number, y: number): Corner => {
    const [longitude, latitude] = place(x, y)
    return [x, y, longitude, latitude]
  }
  const add = ([, , longitude, latitude]: Corner): void => void out.push(longitude, latitude)
  const between = (a: Corner, b: Corner): void => {
    const pixels = Math.abs(b[0] - a[0]) + Math.abs(b[1] - a[1])
    if (pixels < 2) return
    const middle = at(Math.round((a[0] + b[0]) / 2), Math.round((a[1] + b[1]) / 2))
    const share = (Math.abs(middle[0] - a[0]) + Math.abs(middle[1] - a[1])) / pixels
    const turn = turned(b[2] - a[2])
    const rise = b[3] - a[3]
    const scale = Math.cos((middle[3] * Math.PI) / 180)
    const off = Math.hypot(scale * turned(middle[2] - a[2] - share * turn), middle[3] - a[3] - share * rise)
    if (Math.abs(turn) < 90 && off * pixels <= tolerance * Math.hypot(scale * turn, rise)) return
    between(a, middle)
    add(middle)
    between(middle, b)
  }
  const first = at(ring[0], ring[1])
  let before = first
  for (let i = 0; i < n; i++) {
    const next = i + 1 < n ? at(ring[2 * i + 2], ring[2 * i + 3]) : first
    add(before)
    between(before, next)
    before = next
  }
  add(first)
  return Float64Array.from(out)
}

/** A difference of longitudes, between −180 and 180. */
const turned = (degrees: number): number => degrees - 360 * Math.round(degrees / 360)
