/**
 * Where the rock units lie: a sequence of six layers, tilted, folded by smooth warps and cut by two faults.
 *
 * The layer coordinate p rises by 1 through one whole sequence; its fraction says which unit a place belongs to. The limits
 * between units are the sixths of p's distribution over the scene, so that the six areas are similar whatever the seed.
 */
import { FractalNoise, uniform } from './noise.ts'

export const unitCount = 6
/** Times the sequence repeats across the shorter side. */
const repeats = 2.6
/** Strength of the folds, in sequences. */
const folding = 0.4
/** Rows and columns on which the distribution of p is measured. */
const probes = 256

export interface Place {
  /** 0 … 5. */
  unit: number
  /** The unit across the nearer contact, and the distance to it in sequences. */
  neighbour: number
  distance: number
}

export class Geology {
  readonly #scale: number
  readonly #folds: FractalNoise
  readonly #dip: readonly [number, number]
  readonly #faults: readonly { readonly x: number; readonly slope: number; readonly throw: number }[]
  /** limits[u] … limits[u + 1] is unit u in the fraction of p. */
  readonly #limits: Float64Array

  constructor(width: number, height: number, seed: number) {
    this.#scale = Math.min(width, height)
    this.#folds = new FractalNoise(seed, 1, this.#scale / 2.6, 4)
    const slope = uniform(seed, 2, 0, 0) * 0.8 - 0.4
    const length = Math.sqrt(1 + slope * slope)
    this.#dip = [slope / length, 1 / length]
    this.#faults = [0.3, 0.68].map((x, i) => ({
      x: (x + uniform(seed, 2, 1, i) * 0.1) * width,
      slope: uniform(seed, 2, 2, i) * 0.7 - 0.35,
      throw: (i === 0 ? 1 : -1) * (0.22 + uniform(seed, 2, 3, i) * 0.17),
    }))
    this.#limits = this.#sixths(width, height)
  }

  /** p at (0 … out.length−1, y). */
  row(y: number, out: Float64Array): Float64Array {
    this.#folds.row(y, out)
    const perPixel = repeats / this.#scale
    for (let x = 0; x < out.length; x++) {
      let p = 16 + (this.#dip[0] * x + this.#dip[1] * y) * perPixel + folding * out[x]
      for (const fault of this.#faults) if (x > fault.x + fault.slope * y) p += fault.throw
      out[x] = p
    }
    return out
  }

  /** Fills `place` for layer coordinate p; nothing is allocated, as this runs for every pixel. */
  locate(p: number, place: Place): void {
    const fraction = p - Math.floor(p)
    let unit = 0
    while (unit < unitCount - 1 && fraction >= this.#limits[unit + 1]) unit++
    const below = fraction - this.#limits[unit]
    const above = this.#limits[unit + 1] - fraction
    place.unit = unit
    place.neighbour = (unit + (below < above ? unitCount - 1 : 1)) % unitCount
    place.distance = below < above ? below : above
  }

  #sixths(width: number, height: number): Float64Array {
    const line = new Float64Array(width)
    const rows = Math.min(height, probes)
    const columns = Math.min(width, probes)
    const fractions = new Float64Array(rows * columns)
    for (let j = 0; j < rows; j++) {
      this.row(Math.floor(((j + 0.5) * height) / rows), line)
      for (let i = 0; i < columns; i++) {
        const p = line[Math.floor(((i + 0.5) * width) / columns)]
        fractions[j * columns + i] = p - Math.floor(p)
      }
    }
    fractions.sort()
    return Float64Array.from({ length: unitCount + 1 }, (_, u) =>
      u === 0 ? 0 : u === unitCount ? 1 : fractions[Math.floor((fractions.length * u) / unitCount)],
    )
  }
}
