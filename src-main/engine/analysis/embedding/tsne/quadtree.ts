/**
 * A quadtree over points of the plane (Barnes & Hut, Nature 1986): points are sorted along Morton's curve, whose numbers spell the way down
 * the tree, two bits a level. Cells lie in the order in which they are met on that way, so that going on is the next cell and passing by
 * a jump; a cell whose points are all in one of its quarters is left out. Memory: 60 bytes a point.
 */

/** Each axis has 2^16 places; points at the same one share a leaf. */
const levels = 16
const places = 2 ** levels

/** 16 bits to every other one of 32. */
function spread(bits: number): number {
  let v = bits
  v = (v | (v << 8)) & 0x00ff00ff
  v = (v | (v << 4)) & 0x0f0f0f0f
  v = (v | (v << 2)) & 0x33333333
  return (v | (v << 1)) & 0x55555555
}

export class Quadtree {
  /** [n] points in the order of the curve. */
  order: Int32Array
  /** [cells × 4] centre of mass, points, squared width; the last is −1 where there is nothing below. */
  readonly values: Float32Array
  /** [cells] the next cell that is not below this one. */
  readonly after: Int32Array
  cells = 0
  readonly #n: number
  #codes: Uint32Array
  #otherCodes: Uint32Array
  #otherOrder: Int32Array
  readonly #sums: Float64Array

  /** @param values of the cells, [8 n], and `after` [2 n]: where threads shall read them, in shared memory */
  constructor(n: number, values: Float32Array = new Float32Array(8 * n), after: Int32Array = new Int32Array(2 * n)) {
    this.#n = n
    this.values = values
    this.after = after
    this.order = new Int32Array(n)
    this.#otherOrder = new Int32Array(n)
    this.#codes = new Uint32Array(n)
    this.#otherCodes = new Uint32Array(n)
    this.#sums = new Float64Array(4 * n)
  }

  /** Over Y [n × 2]. */
  build(Y: Float64Array): void {
    const n = this.#n
    const [fromX, toX] = rangeOf(Y, n, 0)
    const [fromY, toY] = rangeOf(Y, n, 1)
    const width = Math.max(toX - fromX, toY - fromY) * (1 + 1e-9) || 1
    const scale = places / width
    for (let i = 0; i < n; i++) {
      this.order[i] = i
      this.#codes[i] = spread((Y[2 * i] - fromX) * scale) | (spread((Y[2 * i + 1] - fromY) * scale) << 1)
    }
    this.#sort()
    this.cells = 0
    this.#emit(Y, 0, n, 0, width)
  }

  /** By code, in four passes over eight bits; equal ones keep their order. */
  #sort(): void {
    const n = this.#n
    const next = new Int32Array(257)
    for (let shift = 0; shift < 32; shift += 8) {
      const [codes, order] = [this.#codes, this.order]
      next.fill(0)
      for (let i = 0; i < n; i++) next[((codes[i] >>> shift) & 255) + 1]++
      for (let b = 0; b < 256; b++) next[b + 1] += next[b]
      for (let i = 0; i < n; i++) {
        const to = next[(codes[i] >>> shift) & 255]++
        this.#otherCodes[to] = codes[i]
        this.#otherOrder[to] = order[i]
      }
      ;[this.#codes, this.#otherCodes] = [this.#otherCodes, codes]
      ;[this.order, this.#otherOrder] = [this.#otherOrder, order]
    }
  }

  /** Writes the cell of the points from … to − 1 of the curve and what is below it. */
  #emit(Y: Float64Array, from: number, to: number, atLevel: number, atWidth: number): void {
    const codes = this.#codes
    const place = this.cells++
    let [x, y] = [0, 0]
    const isLeaf = codes[from] === codes[to - 1]
    let [level, width] = [atLevel, atWidth]
    if (isLeaf) {
      for (let at = from; at < to; at++) {
        x += Y[2 * this.order[at]]
        y += Y[2 * this.order[at] + 1]
      }
    } else {
      let shift = 2 * (levels - 1 - level)
      while (codes[from] >>> shift === codes[to - 1] >>> shift) {
        level++
        width /= 2
        shift -= 2
      }
      for (let begin = from; begin < to; ) {
        const quarter = codes[begin] >>> shift
        let end = begin + 1
        while (end < to && codes[end] >>> shift === quarter) end++
        const child = this.cells
        this.#emit(Y, begin, end, level + 1, width / 2)
        x += this.#sums[2 * child]
        y += this.#sums[2 * child + 1]
        begin = end
      }
    }
    this.#sums[2 * place] = x
    this.#sums[2 * place + 1] = y
    const count = to - from
    this.values[4 * place] = x / count
    this.values[4 * place + 1] = y / count
    this.values[4 * place + 2] = count
    this.values[4 * place + 3] = isLeaf ? -1 : width * width
    this.after[place] = this.cells
  }
}

function rangeOf(Y: Float64Array, n: number, axis: number): [number, number] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let at = axis; at < 2 * n; at += 2) {
    min = Math.min(min, Y[at])
    max = Math.max(max, Y[at])
  }
  return [min, max]
}
