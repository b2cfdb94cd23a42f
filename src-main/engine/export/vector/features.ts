/** Polygons with attributes on their way to a file, and the system they are told in. */
import type { GridPolygon, Ring } from '#engine/analysis/maps/polygons.ts'

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

/** Rings in a system's coordinates, outer ones counter-clockwise and holes clockwise (RFC 7946; the rule of the right hand). */
export function ringsIn(polygon: GridPolygon, place: (x: number, y: number) => readonly [number, number]): Coordinates[] {
  return [directed(polygon.outer, place, 1), ...polygon.holes.map((hole) => directed(hole, place, -1))]
}

function directed(ring: Ring, place: (x: number, y: number) => readonly [number, number], sign: 1 | -1): Coordinates {
  const n = ring.length / 2
  const out = new Float64Array(2 * n + 2)
  for (let i = 0; i < n; i++) out.set(place(ring[2 * i], ring[2 * i + 1]), 2 * i)
  out.copyWithin(2 * n, 0, 2)
  if (Math.sign(areaOf(out)) === sign) return out
  const turned = new Float64Array(out.length)
  for (let i = 0; i <= n; i++) turned.set(out.subarray(2 * (n - i), 2 * (n - i) + 2), 2 * i)
  return turned
}

/** Twice the area, above 0 where it goes counter-clockwise on a map. Coordinates are taken from the first corner, or far from 0 their digits would be lost. */
function areaOf(ring: Coordinates): number {
  const [x0, y0] = ring
  let sum = 0
  for (let i = 2; i + 3 < ring.length; i += 2) sum += (ring[i] - x0) * (ring[i + 3] - y0) - (ring[i + 2] - x0) * (ring[i + 1] - y0)
  return sum
}
