/**
 * Which pixels of a grid lie in polygons: a pixel is inside when its centre is, as in gdal_rasterize without -at. The arithmetic is
 * GDAL's (gdal/alg/llrasterize.cpp), so that the very same pixels are found: centres on an edge belong to the polygon on one side only.
 * Memory: the edges of one feature.
 */
import type { Affine } from '#common/domain/grid.ts'

/** Pixels xFrom … xTo−1 of line y. */
export type Span = (y: number, xFrom: number, xTo: number) => void

/** From map to pixel coordinates, computed as GDAL does, to the last bit. */
export function toPixel([a, b, c, d, e, f]: Affine): (x: number, y: number) => [column: number, row: number] {
  if (b === 0 && d === 0) {
    const [c0, a0, f0, e0] = [-c / a, 1 / a, -f / e, 1 / e]
    return (x, y) => [c0 + x * a0, f0 + y * e0]
  }
  const inverse = 1 / (a * e - b * d)
  const [a1, b1, c1] = [e * inverse, -b * inverse, (b * f - c * e) * inverse]
  const [d1, e1, f1] = [-d * inverse, a * inverse, (c * d - a * f) * inverse]
  return (x, y) => [c1 + x * a1 + y * b1, f1 + x * d1 + y * e1]
}

interface Edge {
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
}

/**
 * Spans of pixels inside an odd number of rings, within lines from … to−1.
 * @param rings in pixel coordinates; a ring is closed by itself
 */
export function fillRings(rings: readonly Float64Array[], width: number, from: number, to: number, span: Span): void {
  const edges: Edge[] = []
  const level = new Map<number, [number, number][]>()
  for (const ring of rings) {
    const n = ring.length >> 1
    for (let i = 0; i < n; i++) {
      const j = i === 0 ? n - 1 : i - 1
      const [xa, ya, xb, yb] = [ring[j * 2], ring[j * 2 + 1], ring[i * 2], ring[i * 2 + 1]] as [number, number, number, number]
      if (!Number.isFinite(xa) || !Number.isFinite(ya) || !Number.isFinite(xb) || !Number.isFinite(yb)) continue
      if (ya < yb) edges.push({ x1: xa, y1: ya, x2: xb, y2: yb })
      else if (ya > yb) edges.push({ x1: xb, y1: yb, x2: xa, y2: ya })
      else if (ya - Math.floor(ya) === 0.5 && xa > xb) {
        // A lower edge exactly on the centres of a line belongs to it; an upper one is covered by its neighbours.
        const y = Math.floor(ya)
        const list = level.get(y) ?? []
        list.push([Math.floor(xb + 0.5), Math.floor(xa + 0.5)])
        level.set(y, list)
      }
    }
  }
  const bounded = (y: number, x0: number, x1: number): void => {
    const [low, high] = [Math.max(0, x0), Math.min(width, x1)]
    if (low < high) span(y, low, high)
  }
  for (const [y, spans] of level) if (y >= from && y < to) for (const [x0, x1] of spans) bounded(y, x0, x1)

  edges.sort((p, q) => p.y1 - q.y1)
  let active: Edge[] = []
  let next = 0
  for (let y = Math.max(from, firstLine(edges)); y < to; y++) {
    const centre = y + 0.5
    while (next < edges.length && (edges[next] as Edge).y1 <= centre) active.push(edges[next++] as Edge)
    active = active.filter(({ y2 }) => y2 > centre)
    if (active.length === 0) {
      if (next >= edges.length) return
      // Nothing until the next edge begins.
      y = Math.max(y, Math.min(to, Math.ceil((edges[next] as Edge).y1 - 0.5)) - 1)
      continue
    }
    const crossings = active
      .map(({ x1, y1, x2, y2 }) => Math.floor(((centre - y1) * (x2 - x1)) / (y2 - y1) + x1 + 0.5))
      .sort((p, q) => p - q)
    for (let i = 0; i + 1 < crossings.length; i += 2) bounded(y, crossings[i] as number, crossings[i + 1] as number)
  }
}

const firstLine = (edges: readonly Edge[]): number =>
  edges.length === 0 ? Number.POSITIVE_INFINITY : Math.floor((edges[0] as Edge).y1 - 1)
