/**
 * A quadtree over points of the plane, and the forces of all of them on one, far ones together (Barnes & Hut, Nature 1986; van der Maaten,
 * JMLR 2014):
 *
 *   F_i = Σ_j q² (y_i − y_j),  Z_i = Σ_j q      q = 1 / (1 + ‖y_i − y_j‖²)
 *
 * A cell of width w counts as one point at its centre of mass where w < θ · distance. A point's forces depend on the tree alone.
 * Memory: 24 bytes per cell, about two cells per point.
 */

/** Cells are split this often at most; points nearer than that share one. */
const deepest = 40

export interface Quadtree {
  /** Puts n points of Y [n × 2] in place of those before. */
  build(Y: Float64Array, n: number): void
  /** Adds to force [2 at i] and returns Z_i, the point itself left out. */
  forces(x: number, y: number, theta: number, force: Float64Array, at: number): number
}

export function createQuadtree(mostPoints: number): Quadtree {
  let room = 4 * mostPoints + 64
  let [massX, massY] = [new Float64Array(room), new Float64Array(room)]
  let counts = new Float64Array(room)
  /** First of four cells; 0 for a leaf. */
  let children = new Int32Array(room)
  let used = 0
  let width = 1
  const stack = new Int32Array(4 * deepest + 8)
  const widths = new Float64Array(4 * deepest + 8)

  function enlarge(): void {
    room *= 2
    const larger = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const out = new Float64Array(room)
      out.set(old)
      return out
    }
    ;[massX, massY, counts] = [larger(massX), larger(massY), larger(counts)]
    const kept = children
    children = new Int32Array(room)
    children.set(kept)
  }

  function build(Y: Float64Array, n: number): void {
    let [minX, maxX, minY, maxY] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let i = 0; i < n; i++) {
      minX = Math.min(minX, Y[2 * i])
      maxX = Math.max(maxX, Y[2 * i])
      minY = Math.min(minY, Y[2 * i + 1])
      maxY = Math.max(maxY, Y[2 * i + 1])
    }
    width = Math.max(maxX - minX, maxY - minY) * (1 + 1e-9) + 1e-300
    const [midX, midY] = [(minX + maxX) / 2, (minY + maxY) / 2]
    used = 1
    counts[0] = 0
    children[0] = 0
    massX[0] = 0
    massY[0] = 0
    for (let i = 0; i < n; i++) insert(Y[2 * i], Y[2 * i + 1], midX, midY)
    for (let cell = 0; cell < used; cell++) {
      if (counts[cell] === 0) continue
      massX[cell] /= counts[cell]
      massY[cell] /= counts[cell]
    }
  }

  /** Until it is built masses are sums. */
  function insert(x: number, y: number, rootX: number, rootY: number): void {
    let cell = 0
    let [cx, cy, half] = [rootX, rootY, width / 2]
    for (let depth = 0; ; depth++) {
      const count = counts[cell]
      if (children[cell] === 0) {
        const isSame = count > 0 && massX[cell] === x * count && massY[cell] === y * count
        if (count > 0 && !isSame && depth < deepest) {
          if (used + 4 > room) enlarge()
          const first = used
          used += 4
          for (let c = first; c < used; c++) {
            counts[c] = 0
            children[c] = 0
            massX[c] = 0
            massY[c] = 0
          }
          const [ox, oy] = [massX[cell] / count, massY[cell] / count]
          const into = first + (ox > cx ? 1 : 0) + (oy > cy ? 2 : 0)
          counts[into] = count
          massX[into] = massX[cell]
          massY[into] = massY[cell]
          children[cell] = first
        }
      }
      counts[cell]++
      massX[cell] += x
      massY[cell] += y
      if (children[cell] === 0) return
      half /= 2
      const right = x > cx
      const upper = y > cy
      cell = children[cell] + (right ? 1 : 0) + (upper ? 2 : 0)
      cx += right ? half : -half
      cy += upper ? half : -half
    }
  }

  function forces(x: number, y: number, theta: number, force: Float64Array, at: number): number {
    let [fx, fy, Z] = [0, 0, 0]
    let top = 1
    stack[0] = 0
    widths[0] = (width / theta) ** 2
    while (top > 0) {
      top--
      const cell = stack[top]
      const dx = x - massX[cell]
      const dy = y - massY[cell]
      const squared = dx * dx + dy * dy
      const first = children[cell]
      if (first === 0 || widths[top] < squared) {
        // The point itself, and those at the same place, push nowhere; Z leaves out one of them afterwards.
        const q = 1 / (1 + squared)
        const share = counts[cell] * q
        Z += share
        fx += share * q * dx
        fy += share * q * dy
        continue
      }
      const quarter = widths[top] / 4
      for (let c = first; c < first + 4; c++) {
        if (counts[c] === 0) continue
        stack[top] = c
        widths[top++] = quarter
      }
    }
    force[at] += fx
    force[at + 1] += fy
    return Z - 1
  }

  return { build, forces }
}
