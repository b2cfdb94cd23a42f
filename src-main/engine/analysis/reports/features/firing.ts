/**
 * When and how strongly each feature fires, from rows that stream by. A feature fires where its activation is not zero.
 * Memory: 12 bytes for each of M · top rows kept, 40 bytes a feature.
 */

export class Firing {
  readonly features: number
  readonly top: number
  rows = 0
  readonly count: Float64Array
  readonly sum: Float64Array
  readonly min: Float32Array
  readonly max: Float32Array
  /** [M × top] strongest first, the earlier row first where they are equal; −1 where fewer fired. */
  readonly topRow: Float64Array
  readonly topValue: Float32Array
  /** Features that fire on a row: sums over rows of their number and of its square. */
  fired = 0
  firedSquares = 0
  /** Sum of all absolute activations. */
  total = 0

  constructor(features: number, top: number) {
    this.features = features
    this.top = top
    this.count = new Float64Array(features)
    this.sum = new Float64Array(features)
    this.min = new Float32Array(features)
    this.max = new Float32Array(features)
    this.topRow = new Float64Array(features * top).fill(-1)
    this.topValue = new Float32Array(features * top)
  }

  /** Row `row` of the dataset, its codes at codes[at … at + M). Rows come in ascending order. */
  see(row: number, codes: Float32Array, at: number): void {
    let fired = 0
    for (let f = 0; f < this.features; f++) {
      const value = codes[at + f]
      if (value === 0) continue
      fired++
      this.total += Math.abs(value)
      if (this.count[f]++ === 0) {
        this.min[f] = value
        this.max[f] = value
      } else if (value < this.min[f]) this.min[f] = value
      else if (value > this.max[f]) this.max[f] = value
      this.sum[f] += value
      this.#offer(f, row, value)
    }
    this.rows++
    this.fired += fired
    this.firedSquares += fired * fired
  }

  /** Into its place among the strongest, if it is one of them. */
  #offer(f: number, row: number, value: number): void {
    const { top, topRow, topValue } = this
    const first = f * top
    let place = first + top
    while (place > first && (topRow[place - 1] < 0 || topValue[place - 1] < value)) place--
    if (place === first + top) return
    topRow.copyWithin(place + 1, place, first + top - 1)
    topValue.copyWithin(place + 1, place, first + top - 1)
    topRow[place] = row
    topValue[place] = value
  }

  density(f: number): number {
    return this.rows > 0 ? this.count[f] / this.rows : 0
  }

  mean(f: number): number {
    return this.count[f] > 0 ? this.sum[f] / this.count[f] : 0
  }
}

/** Of how strongly each feature fires: equal bins from the smaller of 0 and its least activation to its largest. Memory: 4 · bins bytes a feature. */
export class ActivationHistogram {
  readonly counts: Uint32Array
  readonly #firing: Firing
  readonly #bins: number

  constructor(firing: Firing, bins: number) {
    this.#firing = firing
    this.#bins = bins
    this.counts = new Uint32Array(firing.features * bins)
  }

  see(f: number, value: number): void {
    const from = Math.min(0, this.#firing.min[f])
    const width = this.#firing.max[f] - from
    const bin = width > 0 ? Math.min(this.#bins - 1, Math.floor(((value - from) / width) * this.#bins)) : 0
    this.counts[f * this.#bins + bin]++
  }
}

/** log10 of the share of rows on which features fire, of those that ever do, in `bins` equal bins that end at 0. */
export function densityHistogram(firing: Firing, bins: number): { from: number; to: number; counts: number[] } {
  const counts = new Array<number>(bins).fill(0)
  const from = -Math.max(1, Math.ceil(Math.log10(Math.max(1, firing.rows))))
  for (let f = 0; f < firing.features; f++) {
    if (firing.count[f] === 0) continue
    const place = (Math.log10(firing.density(f)) - from) / -from
    counts[Math.max(0, Math.min(bins - 1, Math.floor(place * bins)))]++
  }
  return { from, to: 0, counts }
}
