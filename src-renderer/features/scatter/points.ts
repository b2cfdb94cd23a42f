/** Arithmetic of the point cloud: extent, how opaque a point is, medians for labels, and what is nearest. */

export interface Bounds {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
}
export type Polygon = readonly (readonly [x: number, y: number])[]

/**
 * Two columns of codes [n × size] side by side, as [n × 2]. Flat lists of this kind are uploaded as they are.
 */
export function takeAxes(codes: Float32Array, n: number, size: number, axes: readonly [number, number]): Float32Array {
  const out = new Float32Array(n * 2)
  for (let i = 0; i < n; i++) {
    out[i * 2] = codes[i * size + axes[0]]
    // A code of one number is drawn along a line, spread a little so that its density can be seen.
    out[i * 2 + 1] = size === 1 ? spread(i) : codes[i * size + axes[1]]
  }
  return out
}
const spread = (i: number): number => ((Math.imul(i + 1, 2654435761) >>> 8) / 2 ** 24) * 2 - 1

/** Smallest box around the middle 99.8 % of each axis, with a margin: a few stray points must not shrink the cloud to a dot. */
export function cloudBounds(points: Float32Array, margin = 0.06): Bounds {
  const range = (offset: number): [number, number] => {
    const every = Math.max(1, Math.floor(points.length / 2 / 50_000))
    const values: number[] = []
    for (let i = offset; i < points.length; i += 2 * every) if (Number.isFinite(points[i])) values.push(points[i])
    if (values.length === 0) return [-1, 1]
    values.sort((a, b) => a - b)
    const low = values[Math.floor((values.length - 1) * 0.001)]
    const high = values[Math.ceil((values.length - 1) * 0.999)]
    const pad = (high - low) * margin || 1
    return [low - pad, high + pad]
  }
  const [x0, x1] = range(0)
  const [y0, y1] = range(1)
  return { x0, y0, x1, y1 }
}

/** Beyond so many points an even part of them tells density and medians well enough. */
const mostCounted = 200_000

/**
 * Opacity of one point so that the dense parts come out nearly full and single points stay visible.
 * With d points over one another, 1 − (1 − a)^d is covered; a is chosen for 92 % at the 90th percentile of d.
 * @param only 1 for each point that is counted; all of them without
 */
export function pointOpacity(
  points: Float32Array,
  bounds: Bounds,
  width: number,
  height: number,
  pointSize: number,
  only?: Uint8Array,
): number {
  const columns = Math.max(1, Math.ceil(width / 8))
  const rows = Math.max(1, Math.ceil(height / 8))
  const counts = new Uint32Array(columns * rows)
  const n = points.length / 2
  // It is asked in every frame of a zoom, so of many points a part is counted.
  const every = Math.max(1, Math.floor(n / mostCounted))
  for (let i = 0; i < n; i += every) {
    if (only && only[i] === 0) continue
    const cx = Math.floor(((points[i * 2] - bounds.x0) / (bounds.x1 - bounds.x0)) * columns)
    const cy = Math.floor(((points[i * 2 + 1] - bounds.y0) / (bounds.y1 - bounds.y0)) * rows)
    if (cx >= 0 && cy >= 0 && cx < columns && cy < rows) counts[cy * columns + cx]++
  }
  const filled = counts.filter((c) => c > 0).sort()
  if (filled.length === 0) return 0.85
  const perPoint = (filled[Math.floor((filled.length - 1) * 0.9)] * every * pointSize * pointSize) / 64
  return Math.min(0.85, Math.max(0.002, 1 - (1 - 0.92) ** (1 / Math.max(1, perPoint))))
}

/**
 * Where a label is written: at the point of its own that lies nearest to their median, so that the name of a class in several islands stands
 * on one of them. Of many points from an even part.
 */
export function labelMedians(points: Float32Array, labels: Uint16Array): Map<number, readonly [x: number, y: number]> {
  const members = new Map<number, number[]>()
  const every = Math.max(1, Math.floor(labels.length / mostCounted))
  for (let i = 0; i < labels.length; i += every) {
    if (labels[i] === 0) continue
    const found = members.get(labels[i])
    if (found) found.push(i)
    else members.set(labels[i], [i])
  }
  const along = (of: readonly number[], axis: 0 | 1): Float32Array => Float32Array.from(of, (i) => points[2 * i + axis]).sort()
  const spread = (sorted: Float32Array): number => sorted[Math.floor(0.9 * sorted.length)] - sorted[Math.floor(0.1 * sorted.length)] || 1
  return new Map(
    [...members].map(([label, of]) => {
      const [xs, ys] = [along(of, 0), along(of, 1)]
      const [x, y] = [xs[xs.length >> 1], ys[ys.length >> 1]]
      const [sx, sy] = [spread(xs), spread(ys)]
      const distance = (i: number): number => ((points[2 * i] - x) / sx) ** 2 + ((points[2 * i + 1] - y) / sy) ** 2
      const nearest = of.reduce((best, i) => (distance(i) < distance(best) ? i : best))
      return [label, [points[2 * nearest], points[2 * nearest + 1]] as const]
    }),
  )
}

/** Longer names are cut where they are written among the points; the legend has all of them. */
const mostLetters = 24
export const shortName = (name: string): string => (name.length > mostLetters ? `${name.slice(0, mostLetters - 1).trimEnd()}…` : name)

/**
 * Which names are written, so that none lies on another: classes that come first, the larger ones, go first.
 * @param labels centre in pixels and text
 */
export function apart<Label extends { readonly x: number; readonly y: number; readonly text: string }>(labels: readonly Label[]): Label[] {
  const halfWidth = ({ text }: Label): number => 3.4 * text.length + 2
  const kept: Label[] = []
  for (const label of labels)
    if (kept.every((other) => Math.abs(other.y - label.y) >= 13 || Math.abs(other.x - label.x) >= halfWidth(other) + halfWidth(label)))
      kept.push(label)
  return kept
}

/**
 * Points sorted into a grid of cells, for finding the nearest one to the pointer without looking at all of them.
 * Memory: 4 bytes per point and 1 MB of cells.
 */
export class PointIndex {
  readonly #points: Float32Array
  readonly #bounds: Bounds
  readonly #starts: Uint32Array
  readonly #order: Uint32Array
  readonly #side = 512

  constructor(points: Float32Array, bounds: Bounds) {
    this.#points = points
    this.#bounds = bounds
    const n = points.length / 2
    const starts = new Uint32Array(this.#side * this.#side + 1)
    for (let i = 0; i < n; i++) starts[this.#cellOf(i) + 1]++
    for (let c = 0; c < this.#side * this.#side; c++) starts[c + 1] += starts[c]
    const next = starts.slice()
    this.#order = new Uint32Array(n)
    for (let i = 0; i < n; i++) this.#order[next[this.#cellOf(i)]++] = i
    this.#starts = starts
  }

  #column(x: number): number {
    const c = Math.floor(((x - this.#bounds.x0) / (this.#bounds.x1 - this.#bounds.x0)) * this.#side)
    return Math.min(this.#side - 1, Math.max(0, c || 0))
  }
  #row(y: number): number {
    const r = Math.floor(((y - this.#bounds.y0) / (this.#bounds.y1 - this.#bounds.y0)) * this.#side)
    return Math.min(this.#side - 1, Math.max(0, r || 0))
  }
  #cellOf(i: number): number {
    return this.#row(this.#points[i * 2 + 1]) * this.#side + this.#column(this.#points[i * 2])
  }

  /** The point nearest to (x, y) within rx and ry, measured in these; −1 when there is none. */
  nearest(x: number, y: number, rx: number, ry: number): number {
    let best = -1
    let least = 1
    for (let row = this.#row(y - ry); row <= this.#row(y + ry); row++) {
      const from = this.#starts[row * this.#side + this.#column(x - rx)]
      const to = this.#starts[row * this.#side + this.#column(x + rx) + 1]
      for (let k = from; k < to; k++) {
        const i = this.#order[k]
        const d = ((this.#points[i * 2] - x) / rx) ** 2 + ((this.#points[i * 2 + 1] - y) / ry) ** 2
        if (d <= least) {
          least = d
          best = i
        }
      }
    }
    return best
  }
}
