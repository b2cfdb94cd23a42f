/**
 * Counter-based noise: a value depends on its seed, layer and place only, so rows come in any order and any split.
 * Additions, multiplications and integer hashing alone: the bits are the same on every platform.
 */

/** 32-bit hash of four integers (the finaliser of MurmurHash3 after each). */
export function hash(seed: number, layer: number, x: number, y: number): number {
  let h = seed | 0
  for (const value of [layer, x, y]) {
    h = Math.imul(h ^ value, 0x9e3779b1)
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    h ^= h >>> 16
  }
  return h >>> 0
}

/** Uniform in [0, 1). */
export const uniform = (seed: number, layer: number, x: number, y: number): number => hash(seed, layer, x, y) / 4294967296

/** Nearly normal, mean 0, sd 1, within ±3.46: the sum of four 16-bit uniforms (Irwin–Hall). */
export function normal(seed: number, layer: number, x: number, y: number): number {
  const a = hash(seed, layer, x, y)
  const b = Math.imul(a ^ 0x5bd1e995, 0x2c1b3c6d) ^ (a >>> 15)
  const sum = (a & 0xffff) + (a >>> 16) + (b & 0xffff) + (b >>> 16)
  return (sum / 65535 - 2) * 1.7320508075688772
}

const fade = (t: number): number => t * t * t * (t * (t * 6 - 15) + 10)

/** Smooth value noise in [−1, 1]: random values on a lattice of `cell` pixels, blended by a quintic. */
export class ValueNoise {
  readonly #seed: number
  readonly #layer: number
  readonly #cell: number

  constructor(seed: number, layer: number, cell: number) {
    this.#seed = seed
    this.#layer = layer
    this.#cell = cell
  }

  /** Adds amplitude × noise at (0 … out.length−1, y) to `out`. */
  addRow(y: number, amplitude: number, out: Float64Array): void {
    const cell = this.#cell
    const iy = Math.floor(y / cell)
    const ty = fade(y / cell - iy)
    const at = (ix: number): number => {
      const upper = uniform(this.#seed, this.#layer, ix, iy)
      return (upper + (uniform(this.#seed, this.#layer, ix, iy + 1) - upper) * ty) * 2 - 1
    }
    let ix = -1
    let left = 0
    let right = at(0)
    for (let x = 0; x < out.length; x++) {
      const position = x / cell
      const i = Math.floor(position)
      while (ix < i) {
        left = right
        right = at(++ix + 1)
      }
      out[x] += amplitude * (left + (right - left) * fade(position - i))
    }
  }
}

/** Octaves of value noise, each half as coarse and half as strong as the one before. */
export class FractalNoise {
  readonly #octaves: readonly ValueNoise[]

  constructor(seed: number, layer: number, cell: number, octaves: number) {
    this.#octaves = Array.from({ length: octaves }, (_, i) => new ValueNoise(seed, layer * 16 + i, cell / 2 ** i))
  }

  row(y: number, out: Float64Array): Float64Array {
    out.fill(0)
    for (const [i, octave] of this.#octaves.entries()) octave.addRow(y, 0.5 ** i, out)
    return out
  }
}
