/**
 * Stochastic gradient descent on the cross entropy of the fuzzy set and its layout, with negative samples.
 *
 *   along an edge     y_i −= α · clip(2ab s^{b−1} / (1 + a s^b) · (y_i − y_j))         s = ‖y_i − y_j‖², the other end alike
 *   off five others   y_i += α · clip(2γb / ((0.001 + s)(1 + a s^b)) · (y_i − y_j))    clip to ±4, α falls to 0 with the passes
 *
 * An edge of weight w is used in w / max w of the passes, in a fixed order, so results depend on the seed alone. Both factors are read from
 * a table over the leading bits of s, interpolated (relative error below 10⁻⁴): powers would take most of the time.
 */
import type { Pace } from '../../pace.ts'
import type { Curve } from './curve.ts'
import type { FuzzySet } from './fuzzySet.ts'

const negatives = 5
const most = 4

/** s = 2^e (1 + m): 8 bits of m and all e that occur. */
const [bitsKept, leastExponent, exponents] = [7, -60, 100]
const shift = 23 - bitsKept
const first = (leastExponent + 127) << bitsKept
const entries = exponents << bitsKept

/** At each place the value and the way to the next one. */
function tableOf(f: (s: number) => number): Float64Array {
  const at = (i: number): number => f(2 ** (leastExponent + Math.floor(i / 2 ** bitsKept)) * (1 + (i % 2 ** bitsKept) / 2 ** bitsKept))
  const table = new Float64Array(2 * entries)
  for (let i = 0; i < entries; i++) {
    table[2 * i] = at(i)
    table[2 * i + 1] = (at(i + 1) - at(i)) / 2 ** shift
  }
  return table
}

export interface OptimiseOptions {
  readonly passes: number
  readonly curve: Curve
  /** γ */
  readonly repulsion: number
  readonly learningRate: number
  /** 32 random bits, not 0. */
  readonly seed: number
  readonly pace: Pace
  readonly isEnough: () => boolean
  readonly after: (pass: number) => void
}

/** Moves Y [n × 2]. @returns passes done */
export async function optimise(Y: Float32Array, n: number, { heads, tails, weights }: FuzzySet, options: OptimiseOptions): Promise<number> {
  const { passes, curve, repulsion, learningRate, seed, pace, isEnough, after } = options
  const { a, b } = curve
  const attraction = tableOf((s) => (-2 * a * b * s ** (b - 1)) / (1 + a * s ** b))
  const pushing = tableOf((s) => (2 * repulsion * b) / ((0.001 + s) * (1 + a * s ** b)))
  const largest = weights.reduce((max, w) => Math.max(max, w), 0)
  const edges = heads.length
  /** Passes between two uses of an edge, and when it is used next. */
  const every = Float32Array.from(weights, (w) => largest / w)
  const next = every.slice()
  const perNegative = every.map((between) => between / negatives)
  const nextNegative = perNegative.slice()
  const bits = new Int32Array(1)
  const float = new Float32Array(bits.buffer)
  let state = seed | 1

  for (let pass = 0; pass < passes; pass++) {
    if (isEnough()) return pass
    const alpha = learningRate * (1 - pass / passes)
    for (let e = 0; e < edges; e++) {
      if (next[e] > pass) continue
      const i = 2 * heads[e]
      const j = 2 * tails[e]
      let xi = Y[i]
      let yi = Y[i + 1]
      const dx = xi - Y[j]
      const dy = yi - Y[j + 1]
      float[0] = dx * dx + dy * dy
      let at = (bits[0] >> shift) - first
      if (at >= 0) {
        const factor = at < entries ? attraction[2 * at] + attraction[2 * at + 1] * (bits[0] & (2 ** shift - 1)) : 0
        const gx = alpha * Math.max(-most, Math.min(most, factor * dx))
        const gy = alpha * Math.max(-most, Math.min(most, factor * dy))
        xi += gx
        yi += gy
        Y[j] -= gx
        Y[j + 1] -= gy
      }
      next[e] += every[e]
      const count = Math.floor((pass - nextNegative[e]) / perNegative[e])
      for (let sample = 0; sample < count; sample++) {
        // Marsaglia's xorshift
        state ^= state << 13
        state ^= state >>> 17
        state ^= state << 5
        const other = 2 * Math.floor((state >>> 0) * 2 ** -32 * n)
        const ox = xi - Y[other]
        const oy = yi - Y[other + 1]
        if (other === i) continue
        float[0] = ox * ox + oy * oy
        at = (bits[0] >> shift) - first
        if (at < 0 || at >= entries) continue
        const factor = pushing[2 * at] + pushing[2 * at + 1] * (bits[0] & (2 ** shift - 1))
        xi += alpha * Math.max(-most, Math.min(most, factor * ox))
        yi += alpha * Math.max(-most, Math.min(most, factor * oy))
      }
      nextNegative[e] += count * perNegative[e]
      Y[i] = xi
      Y[i + 1] = yi
      if (e % 8192 === 0 && pace.due()) await pace.rest()
    }
    after(pass + 1)
    if (pace.due()) await pace.rest()
  }
  return passes
}
