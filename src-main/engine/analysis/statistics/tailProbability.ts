/**
 * Probabilities beyond a value, computed as tails and never as one less something, so that small ones keep their digits.
 *
 *   P(|T| ≥ |t|), ν degrees of freedom      I_x(ν/2, ½),  x = ν / (ν + t²)         regularised incomplete beta
 *   P(χ² ≥ x), ν degrees of freedom         Q(ν/2, x/2)                            regularised upper incomplete gamma
 *
 * Continued fractions by Lentz's method and the series of γ, as in Numerical Recipes 6.2 and 6.4; relative errors below 1e-10 against
 * scipy down to 1e-280, for ν from 0.3 to 3 million (test/unit/engine/analysis/tailProbability.test.ts).
 */

const least = 1e-300
const enough = 1e-16
const mostTerms = 100_000

/** Lanczos' g and coefficients (Godfrey, 2001), 15 digits for x > 0. */
const lanczosG = 607 / 128
const lanczos = [
  0.9999999999999971, 57.15623566586292, -59.59796035547549, 14.136097974741746, -0.4919138160976202, 3.399464998481189e-5,
  4.652362892704858e-5, -9.837447530487956e-5, 0.0001580887032249125, -0.00021026444172410488, 0.00021743961811521265,
  -0.0001643181065367639, 8.441822398385275e-5, -2.6190838401581408e-5, 3.6899182659531625e-6,
]

/** ln Γ(x), x > 0. */
function logGamma(x: number): number {
  const base = x + lanczosG - 0.5
  const sum = lanczos.reduce((total, c, i) => (i === 0 ? c : total + c / (x + i - 1)), 0)
  return (x - 0.5) * Math.log(base) - base + Math.log(Math.sqrt(2 * Math.PI) * sum)
}

/** ln Γ(a + ½) − ln Γ(a); of large a by its asymptotic series, where the difference of both would lose digits. */
function logGammaHalfStep(a: number): number {
  if (a < 40) return logGamma(a + 0.5) - logGamma(a)
  const r = 1 / (a * a)
  return 0.5 * Math.log(a) - (1 / a) * (1 / 8 - r * (1 / 192 - r * (1 / 640 - r * (17 / 14_336))))
}

/** b₀ + a₁/(b₁ + a₂/(b₂ + …)) without b₀, by Lentz's method. */
function continuedFraction(term: (i: number) => readonly [a: number, b: number]): number {
  let f = least
  let C = f
  let D = 0
  for (let i = 1; i < mostTerms; i++) {
    const [a, b] = term(i)
    D = 1 / (b + a * D || least)
    C = b + a / C || least
    f *= C * D
    if (Math.abs(C * D - 1) < enough) break
  }
  return f
}

/** The fraction of I_x(a, b), Abramowitz & Stegun 26.5.8: 1/(1 + d₁/(1 + d₂/(1 + …))). Quick for x below (a + 1) / (a + b + 2). */
const betaFraction = (x: number, a: number, b: number): number =>
  continuedFraction((i) => {
    if (i === 1) return [1, 1]
    const m = Math.floor((i - 1) / 2)
    const d =
      i % 2 === 0 ? (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)) : (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    return [d, 1]
  })

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

/** P(χ² ≥ x). */
export function chiSquareTail(x: number, freedom: number): number {
  if (!(freedom > 0)) throw new RangeError(`expected degrees of freedom above 0, found ${freedom}`)
  if (x <= 0) return 1
  if (x === Number.POSITIVE_INFINITY) return 0
  const [a, y] = [freedom / 2, x / 2]
  const front = Math.exp(a * Math.log(y) - y - logGamma(a))
  if (y > a + 1) return front * continuedFraction((i) => (i === 1 ? [1, y + 1 - a] : [-(i - 1) * (i - 1 - a), y + 2 * i - 1 - a]))
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
