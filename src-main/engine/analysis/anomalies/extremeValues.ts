/**
 * The tail of scores beyond a high threshold u: peaks y = s − u follow a generalised Pareto distribution (Pickands 1975).
 *
 *   P(Y > y) = (1 + ξ y / σ)^(−1/ξ),   exp(−y / σ) for ξ = 0
 *   z_q = u + σ/ξ ((q n / N_u)^(−ξ) − 1)          the score that a share q of rows exceeds; N_u of n rows exceed u (Siffer et al., KDD 2017)
 *
 * Maximum likelihood after Grimshaw (Technometrics 35, 1993): with θ = ξ/σ, ξ(θ) = 1/n Σ ln(1 + θ yᵢ), stationary points solve
 * u(θ) v(θ) = 1,  u = 1/n Σ 1/(1 + θ yᵢ),  v = 1 + ξ(θ), and the profile likelihood is −n (ln(ξ/θ) + ξ + 1). Where there is none with
 * ξ > −1, probability-weighted moments (Hosking & Wallis, Technometrics 29, 1987) take its place.
 */
export interface ParetoTail {
  /** ξ; above 0 the tail is heavy, below 0 it ends. */
  readonly shape: number
  /** σ, in units of the score. */
  readonly scale: number
  readonly method: 'maximum likelihood' | 'moments'
}

const gridPoints = 24
/** Closer to 0 the exponential distribution is taken: the formulas lose their digits there. */
export const nearZero = 1e-5

/** @param y peaks above 0, at least two that differ */
export function fitParetoTail(y: ArrayLike<number>): ParetoTail {
  const n = y.length
  let [mean, largest, least] = [0, 0, Number.POSITIVE_INFINITY]
  for (let i = 0; i < n; i++) {
    if (!(y[i] >= 0)) throw new RangeError(`expected peaks from 0, found ${y[i]}`)
    mean += y[i] / n
    largest = Math.max(largest, y[i])
    least = Math.min(least, y[i])
  }
  if (n < 2 || !(largest > least)) throw new RangeError(`expected peaks that differ, found ${n}`)
  const at = (theta: number): { xi: number; w: number } => {
    let [logs, inverse, product] = [0, 0, 1]
    for (let i = 0; i < n; i++) {
      const t = 1 + theta * y[i]
      inverse += 1 / t
      product *= t
      // The logarithm of a product costs one of four; factors lie within 1e-9 … 1e70.
      if ((i & 3) === 3) {
        logs += Math.log(product)
        product = 1
      }
    }
    logs += Math.log(product)
    const xi = logs / n
    return { xi, w: (inverse / n) * (1 + xi) - 1 }
  }
  // Of the exponential distribution first: ξ/θ → the mean.
  let best = { shape: 0, scale: mean, likelihood: -Math.log(mean) - 1 }
  for (const grid of grids(mean, largest)) {
    let [before, w] = [grid[0], at(grid[0]).w]
    for (const theta of grid.slice(1)) {
      const next = at(theta).w
      if (w * next < 0 || next === 0) {
        const root = rootBetween(before, theta, w, next, (t) => at(t).w)
        const { xi } = at(root)
        const scale = xi / root
        const likelihood = -Math.log(scale) - xi - 1
        if (xi > -1 && scale > 0 && likelihood > best.likelihood) best = { shape: xi, scale, likelihood }
      }
      before = theta
      w = next
    }
  }
  if (best.shape !== 0 || endsWhereExponential(y, mean)) return { shape: best.shape, scale: best.scale, method: 'maximum likelihood' }
  return byMoments(y)
}

/** θ from just above −1/y_max towards 0, and from 0 to beyond any tail that has a mean. */
function grids(mean: number, largest: number): [number[], number[]] {
  const spaced = (from: number, to: number): number[] =>
    Array.from({ length: gridPoints }, (_, i) => from * (to / from) ** (i / (gridPoints - 1)))
  const closeToEnd = spaced(1e-9, 0.5).map((t) => -(1 - t) / largest)
  const towardsZero = spaced(0.5, nearZero).map((t) => -t / largest)
  return [[...closeToEnd, ...towardsZero.slice(1)], spaced(nearZero, 1e5).map((t) => t / mean)]
}

/** Regula falsi with Illinois' halving (Dowell & Jarratt 1971). */
function rootBetween(low: number, high: number, atLow: number, atHigh: number, w: (theta: number) => number): number {
  let [a, b, wa, wb] = [low, high, atLow, atHigh]
  for (let i = 0; i < 100 && Math.abs(b - a) > 1e-12 * Math.abs(a) && wb !== 0; i++) {
    const c = b - (wb * (b - a)) / (wb - wa)
    const wc = w(c)
    if (wc * wb < 0) [a, wa] = [b, wb]
    else wa /= 2
    ;[b, wb] = [c, wc]
    if (Math.abs(wc) < 1e-15) break
  }
  return b
}

/** Whether the likelihood is stationary at ξ = 0 within what the grid leaves out: mean square of twice the squared mean. */
function endsWhereExponential(y: ArrayLike<number>, mean: number): boolean {
  let squares = 0
  for (let i = 0; i < y.length; i++) squares += (y[i] * y[i]) / y.length
  return Math.abs(squares / (2 * mean * mean) - 1) < 0.01
}

/** α₀ = E[Y], α₁ = E[Y (1 − F(Y))];  ξ = 2 − α₀ / (α₀ − 2 α₁),  σ = 2 α₀ α₁ / (α₀ − 2 α₁) */
export function byMoments(y: ArrayLike<number>): ParetoTail {
  const rising = Float64Array.from(y).sort()
  const n = rising.length
  let [a0, a1] = [0, 0]
  for (let i = 0; i < n; i++) {
    a0 += rising[i] / n
    a1 += (rising[i] * (n - 1 - i)) / (n * (n - 1))
  }
  const difference = a0 - 2 * a1
  return { shape: 2 - a0 / difference, scale: (2 * a0 * a1) / difference, method: 'moments' }
}

/** The peak that a share `tail` of peaks exceeds. */
export const paretoQuantile = ({ shape, scale }: Pick<ParetoTail, 'shape' | 'scale'>, tail: number): number =>
  Math.abs(shape) < nearZero ? -scale * Math.log(tail) : (scale / shape) * (tail ** -shape - 1)
