/**
 * Forces of all points on each, far ones together (van der Maaten, JMLR 2014):
 *
 *   F_i = Σ_j q² (y_i − y_j),  Z_i = Σ_j q      q = 1 / (1 + ‖y_i − y_j‖²)
 *
 * Sixteen points that follow one another on the curve of the tree take the same cells: those of width w ≤ θ · distance from the
 * rectangle around them, so that a cell counts as one point for each of them at least as rightly as for itself alone. The sums over the
 * list of cells run in WebAssembly, eight points at once. A point's forces depend on the places of all points and on nothing else.
 * Memory: the tree, and 24 bytes a point.
 */
import { f32, f32x4, i32, instantiate, type Kernel, type Kernels, load } from '../../../compute/wasm/assembler.ts'
import type { Pace } from '../../pace.ts'
import { Quadtree } from './quadtree.ts'

const together = 16
const lanes = 8
const number = (value: number) => i32.const(value)

/** x, y [8] of points; cells from … to of three floats each; out F x [8], F y [8], Z [8]. */
const repel: Kernel = {
  parameters: ['i32', 'i32', 'i32', 'i32'],
  build(f, [points, from, to, out]) {
    const one = f.local(f32x4.splat(f32.const(1)))
    const zero = f32x4.splat(f32.const(0))
    const parts = [0, 16].map((offset) => ({
      offset,
      x: f.local(load.v128(points, offset)),
      y: f.local(load.v128(points, offset + 4 * lanes)),
      fx: f.local(zero),
      fy: f.local(zero),
      Z: f.local(zero),
    }))
    f.each(from, to, 12, (cell) => {
      const [cx, cy, count] = [f.local(load.splat(cell)), f.local(load.splat(cell, 4)), f.local(load.splat(cell, 8))]
      for (const { x, y, fx, fy, Z } of parts) {
        const dx = f.local(f32x4.sub(x, cx))
        const dy = f.local(f32x4.sub(y, cy))
        const q = f.local(f32x4.div(one, f32x4.add(one, f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy)))))
        const share = f.local(f32x4.mul(count, q))
        const push = f.local(f32x4.mul(share, q))
        f.set(Z, f32x4.add(Z, share))
        f.set(fx, f32x4.add(fx, f32x4.mul(push, dx)))
        f.set(fy, f32x4.add(fy, f32x4.mul(push, dy)))
      }
    })
    for (const { offset, fx, fy, Z } of parts) {
      f.store(i32.add(out, number(offset)), fx)
      f.store(i32.add(out, number(offset + 4 * lanes)), fy)
      f.store(i32.add(out, number(offset + 8 * lanes)), Z)
    }
  },
}

export class Repulsion {
  readonly #n: number
  readonly #theta: number
  readonly #tree: Quadtree
  readonly #kernels: Kernels<'repel'>
  /** In the memory of the kernel: x and y of eight points, their forces, then cells. */
  readonly #points: Float32Array
  readonly #forces: Float32Array
  readonly #list: Float32Array
  readonly #listAt: number

  constructor(n: number, theta: number) {
    this.#n = n
    this.#theta = theta
    this.#tree = new Quadtree(n)
    const [pointsAt, forcesAt] = [64, 192]
    this.#listAt = 512
    const memory = new WebAssembly.Memory({ initial: Math.ceil((this.#listAt + 24 * n + 64) / 65_536) })
    this.#kernels = instantiate({ repel }, memory)
    this.#points = new Float32Array(memory.buffer, pointsAt, 2 * lanes)
    this.#forces = new Float32Array(memory.buffer, forcesAt, 3 * lanes)
    this.#list = new Float32Array(memory.buffer, this.#listAt, 6 * n)
  }

  /** Fills force [n × 2] with F. @returns Z = Σ_i Z_i */
  async of(Y: Float64Array, force: Float64Array, pace: Pace): Promise<number> {
    this.#tree.build(Y)
    let Z = 0
    for (let from = 0; from < this.#n; from += together) {
      const to = Math.min(this.#n, from + together)
      const cells = this.#cellsFor(Y, from, to)
      for (let at = from; at < to; at += lanes) Z += this.#push(Y, at, Math.min(to, at + lanes), cells, force)
      if (from % 512 === 0 && pace.due()) await pace.rest()
    }
    return Z
  }

  /** Lists the cells that push these points. @returns how many */
  #cellsFor(Y: Float64Array, from: number, to: number): number {
    const { order, values, after, cells } = this.#tree
    const list = this.#list
    let [minX, maxX, minY, maxY] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let at = from; at < to; at++) {
      const x = Y[2 * order[at]]
      const y = Y[2 * order[at] + 1]
      if (x < minX) minX = x
      if (x > maxX) maxX = x
      if (y < minY) minY = y
      if (y > maxY) maxY = y
    }
    const near = this.#theta ** 2
    let count = 0
    for (let cell = 0; cell < cells; ) {
      const v = 4 * cell
      const x = values[v]
      const y = values[v + 1]
      const dx = x < minX ? minX - x : x > maxX ? x - maxX : 0
      const dy = y < minY ? minY - y : y > maxY ? y - maxY : 0
      if (values[v + 3] > near * (dx * dx + dy * dy)) {
        cell++
        continue
      }
      list[3 * count] = x
      list[3 * count + 1] = y
      list[3 * count++ + 2] = values[v + 2]
      cell = after[cell]
    }
    return count
  }

  /** @returns what these at most eight points add to Z; each counted itself, at no distance, and is taken off. */
  #push(Y: Float64Array, from: number, to: number, cells: number, force: Float64Array): number {
    const { order } = this.#tree
    for (let at = from; at < to; at++) {
      this.#points[at - from] = Y[2 * order[at]]
      this.#points[at - from + lanes] = Y[2 * order[at] + 1]
    }
    this.#kernels.repel(64, this.#listAt, this.#listAt + 12 * cells, 192)
    let Z = 0
    for (let at = from; at < to; at++) {
      const i = order[at]
      force[2 * i] = this.#forces[at - from]
      force[2 * i + 1] = this.#forces[at - from + lanes]
      Z += this.#forces[at - from + 2 * lanes] - 1
    }
    return Z
  }
}
