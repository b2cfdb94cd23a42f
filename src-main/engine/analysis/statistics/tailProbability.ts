/**
 * Probabilities beyond a value, computed as tails and never as one less something, so that small ones keep their digits.
 *
 *   P(|T| ≥ |t|), ν degrees of freedom      I_x(ν/2, ½),  x = ν / (ν + t²)         regularised incomplete beta
 *   P(χ² ≥ x), ν degrees of freedom         Q(ν/2, x/2)                            regularised upper incomplete gamma
 *
 * The fraction of the beta function is that of regularisedBeta.ts; fraction and series of γ are as in Numerical Recipes 6.2; relative
 * errors below 1e-10 against scipy down to 1e-280, for ν from 0.3 to 3 million (test/unit/engine/analysis/statistics/tailProbability.test.ts).
 */
import { betaFraction, lnGamma } from './regularisedBeta.ts'

const least = 1e-300
const enough = 1e-16
const mostTerms = 100_000

/** ln Γ(a + ½) − ln Γ(a); of large a by its asymptotic series, where the difference of both would lose digits. */
function logGammaHalfStep(a: number): number {
  if (a < 40) return lnGamma(a + 0.5) - lnGamma(a)
  const r = 1 / (a * a)
  return 0.5 * Math.log(a) - (1 / a) * (1 / 8 - r * (1 / 192 - r * (1 / 640 - r * (17 / 14_336))))
}

/** 1 / (y + 1 − a − 1 (1 − a) / (y + 3 − a − 2 (2 − a) / (y + 5 − a − …))), of Q(a, y) for y above a + 1, by Lentz's method. */
function gammaFraction(y: number, a: number): number {
  let f = least
  let C = f
  let D = 0
  for (let i = 1; i < mostTerms; i++) {
    const above = i === 1 ? 1 : -(i - 1) * (i - 1 - a)
    const below = y + 2 * i - 1 - a
    D = 1 / (below + above * D || least)
    C = below + above / C || least
    f *= C * D
    if (Math.abs(C * D - 1) < enough) break
  }
  return f
}

/** P(|T| ≥ |t|) of Student's t; `freedom` need not be whole. */
export function studentTwoSided(t: number, freedom: number): number {
  if (!(freedom > 0)) throw new RangeError(`expected degrees of freedom above 0, found ${freedom}`)
  const squared = t * t
  if (squared === 0) return 1
  if (squared === Number.POSITIVE_INFINITY) return 0
  const a = freedom / 2
  const [x, rest] = [freedom / (freedom + squared), squared / (freedom + squared)]
  // ln ( x^a (1 − x)^½ / B(a, ½) )
  const front = Math.exp(-a * Math.log1p(squared / freedom) + 0.5 * Math.log(rest) + logGammaHalfStep(a) - 0.5 * Math.log(Math.PI))
  return x < (a + 1) / (a + 2.5) ? (front * betaFraction(x, a, 0.5)) / a : 1 - 2 * front * betaFraction(rest, 0.5, a)
}

/** t with P(T ≥ t) = tail, at most ½, by halving. */
export function studentQuantile(tail: number, freedom: number): number {
  if (!(tail > 0 && tail <= 0.5)) throw new RangeError(`expected a tail in 0 … 0.5, found ${tail}`)
  let [low, high] = [0, 1]
  while (studentTwoSided(high, freedom) > 2 * tail) high *= 2
  while (high - low > 1e-14 * high) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) break
    if (studentTwoSided(middle, freedom) > 2 * tail) low = middle
    else high = middle
  }
  return high
}

/** P(Z ≥ z) of a standard normal variable, z at least 0. */
export const normalTail = (z: number): number => chiSquareTail(z * z, 1) / 2

/** P(χ² ≥ x). */
export function chiSquareTail(x: number, freedom: number): number {
  if (!(freedom > 0)) throw new RangeError(`expected degrees of freedom above 0, found ${freedom}`)
  if (x <= 0) return 1
  if (x === Number.POSITIVE_INFINITY) return 0
  const [a, y] = [freedom / 2, x / 2]
  const front = Math.exp(a * Math.log(y) - y - lnGamma(a))
  if (y > a + 1) return front * gammaFraction(y, a)
  let term = 1 / a
  let sum = term
  for (let n = 1; n < mostTerms && term > sum * enough; n++) {
    term *= y / (a + n)
    sum += term
  }
  return 1 - front * sum
}

/** Holm 1979: p-values such that calling those below α leaves a chance of at most α that any of them is wrong. In the order given. */
export function holm(p: ArrayLike<number>): Float64Array {
  const m = p.length
  const order = Uint32Array.from({ length: m }, (_, i) => i).sort((a, b) => p[a] - p[b] || a - b)
  const adjusted = new Float64Array(m)
  let most = 0
  order.forEach((at, i) => {
    most = Math.max(most, Math.min(1, (m - i) * p[at]))
    adjusted[at] = most
  })
  return adjusted
}
