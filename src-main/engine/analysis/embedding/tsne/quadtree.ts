/**
 * A quadtree over points of the plane, and the forces of all of them on one, far ones together (Barnes & Hut, Nature 1986; van der Maaten,
 * JMLR 2014):
 *
 *   F_i = Σ_j q² (y_i − y_j),  Z_i = Σ_j q      q = 1 / (1 + ‖y_i − y_j‖²)
 *
 * A cell of width w counts as one point at its centre of mass where w ≤ θ · distance. A point's forces depend on the tree alone.
 * Cells lie in the order in which they are met on the way down, so that going on is the next cell and passing by a jump.
 * Memory: 70 bytes per cell, about two cells per point.
 */

/** Cells are split this often at most; points nearer than that share one. */
const deepest = 40

/** Cells as they are walked through. */
export interface Cells {
  /** [cells × 4] centre of mass, points, (width / θ)²; the last is −1 where there is nothing below. */
  readonly values: Float64Array
  /** [cells] the next cell that is not below this one. */
  readonly after: Int32Array
  readonly count: number
}

/** Adds F_i to force [2 at at] and returns Z_i, the point itself left out. */
export function forcesOn(x: number, y: number, { values, after, count }: Cells, force: Float64Array, at: number): number {
  let [fx, fy, Z] = [0, 0, 0]
  for (let cell = 0; cell < count; ) {
    const v = 4 * cell
    const dx = x - values[v]
    const dy = y - values[v + 1]
    const squared = dx * dx + dy * dy
    if (values[v + 3] > squared) {
      cell++
      continue
    }
    // The point itself, and those at the same place, push nowhere; Z leaves out one of them afterwards.
    const q = 1 / (1 + squared)
    const share = values[v + 2] * q
    Z += share
    fx += share * q * dx
    fy += share * q * dy
    cell = after[cell]
  }
  force[at] += fx
  force[at + 1] += fy
  return Z - 1
}

export class Quadtree {
  readonly #theta: number
  #room = 0
  /** While it grows: sums of the points' places, points, first of four cells or 0 for a leaf. */
  #sumX = new Float64Array(0)
  #sumY = new Float64Array(0)
  #counts = new Float64Array(0)
  #children = new Int32Array(0)
  #used = 0
  #values: Float64Array = new Float64Array(0)
  #after: Int32Array = new Int32Array(0)

  constructor(mostPoints: number, theta: number) {
    this.#theta = theta
    this.#enlarge(4 * mostPoints + 64)
  }

  /** Over n points of Y [n × 2]. What it returns is good until the next build. */
  build(Y: Float64Array, n: number): Cells {
    const [fromX, toX] = rangeOf(Y, n, 0)
    const [fromY, toY] = rangeOf(Y, n, 1)
    const width = Math.max(toX - fromX, toY - fromY) * (1 + 1e-9) + 1e-300
    this.#used = 0
    this.#addCells(1)
    for (let i = 0; i < n; i++) this.#insert(Y[2 * i], Y[2 * i + 1], (fromX + toX) / 2, (fromY + toY) / 2, width / 2)
    if (this.#after.length < this.#room) {
      this.#values = new Float64Array(new SharedArrayBuffer(32 * this.#room))
      this.#after = new Int32Array(new SharedArrayBuffer(4 * this.#room))
    }
    return { values: this.#values, after: this.#after, count: this.#inOrder(0, 0, (width / this.#theta) ** 2) }
  }

  #enlarge(room: number): void {
    const larger = <T extends Float64Array | Int32Array>(old: T, empty: T): T => {
      empty.set(old)
      return empty
    }
    this.#room = room
    this.#sumX = larger(this.#sumX, new Float64Array(room))
    this.#sumY = larger(this.#sumY, new Float64Array(room))
    this.#counts = larger(this.#counts, new Float64Array(room))
    this.#children = larger(this.#children, new Int32Array(room))
  }

  #addCells(count: number): number {
    const first = this.#used
    this.#used += count
    if (this.#used > this.#room) this.#enlarge(2 * this.#room)
    this.#sumX.fill(0, first, this.#used)
    this.#sumY.fill(0, first, this.#used)
    this.#counts.fill(0, first, this.#used)
    this.#children.fill(0, first, this.#used)
    return first
  }

  #insert(x: number, y: number, rootX: number, rootY: number, rootHalf: number): void {
    let cell = 0
    let [cx, cy, half] = [rootX, rootY, rootHalf]
    for (let depth = 0; ; depth++) {
      const count = this.#counts[cell]
      if (count > 0 && this.#children[cell] === 0 && depth < deepest) {
        const [ox, oy] = [this.#sumX[cell] / count, this.#sumY[cell] / count]
        if (ox !== x || oy !== y) {
          const first = this.#addCells(4)
          const into = first + (ox > cx ? 1 : 0) + (oy > cy ? 2 : 0)
          this.#counts[into] = count
          this.#sumX[into] = this.#sumX[cell]
          this.#sumY[into] = this.#sumY[cell]
          this.#children[cell] = first
        }
      }
      this.#counts[cell]++
      this.#sumX[cell] += x
      this.#sumY[cell] += y
      if (this.#children[cell] === 0) return
      half /= 2
      const right = x > cx
      const upper = y > cy
      cell = this.#children[cell] + (right ? 1 : 0) + (upper ? 2 : 0)
      cx += right ? half : -half
      cy += upper ? half : -half
    }
  }

  /** Writes a cell and what is below it. @returns the place after them */
  #inOrder(cell: number, place: number, wide: number): number {
    const count = this.#counts[cell]
    const first = this.#children[cell]
    this.#values[4 * place] = this.#sumX[cell] / count
    this.#values[4 * place + 1] = this.#sumY[cell] / count
    this.#values[4 * place + 2] = count
    this.#values[4 * place + 3] = first === 0 ? -1 : wide
    let next = place + 1
    if (first > 0) for (let c = first; c < first + 4; c++) if (this.#counts[c] > 0) next = this.#inOrder(c, next, wide / 4)
    this.#after[place] = next
    return next
  }
}

function rangeOf(Y: Float64Array, n: number, axis: number): [number, number] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < n; i++) {
    min = Math.min(min, Y[2 * i + axis])
    max = Math.max(max, Y[2 * i + axis])
  }
  return [min, max]
}
