/**
 * Random counts: how many of n independent trials with chance p succeed, exactly distributed, and how n rows fall into classes.
 *
 *   n · min(p, 1 − p) < 10   inversion: the sum of probabilities up to the count passes a uniform number
 *   else                     BTRS, transformed rejection with squeeze (Hörmann, The generation of binomial random variates, J. Stat.
 *                            Comput. Simul. 46, 1993), in that paper's letters
 */
import type { RandomStream } from '#engine/analysis/random.ts'

export function binomial(n: number, p: number, random: RandomStream): number {
  if (n === 0 || p <= 0) return 0
  if (p >= 1) return n
  if (p > 0.5) return n - binomial(n, 1 - p, random)
  return n * p < 10 ? byInversion(n, p, random) : byRejection(n, p, random)
}

/** P(k + 1) / P(k) = (n − k) / (k + 1) · p / (1 − p) */
function byInversion(n: number, p: number, random: RandomStream): number {
  const odds = p / (1 - p)
  // The count does not go beyond what has a chance of 10⁻¹⁵: rounding of the sum would otherwise let it run on.
  const most = Math.min(n, Math.ceil(n * p + 12 * Math.sqrt(n * p + 1) + 20))
  let u = random.uniform()
  let chance = Math.exp(n * Math.log1p(-p))
  let k = 0
  while (u > chance && k < most) {
    u -= chance
    chance *= ((n - k) / (k + 1)) * odds
    k++
  }
  return k
}

function byRejection(n: number, p: number, random: RandomStream): number {
  const spread = Math.sqrt(n * p * (1 - p))
  const b = 1.15 + 2.53 * spread
  const a = -0.0873 + 0.0248 * b + 0.01 * p
  const c = n * p + 0.5
  const vr = 0.92 - 4.2 / b
  const r = p / (1 - p)
  const alpha = (2.83 + 5.1 / b) * spread
  const m = Math.floor((n + 1) * p)
  for (;;) {
    const u = random.uniform() - 0.5
    const v = random.uniform()
    const us = 0.5 - Math.abs(u)
    const k = Math.floor(((2 * a) / us + b) * u + c)
    if (us >= 0.07 && v <= vr) return k
    if (!(k >= 0 && k <= n)) continue
    const bound =
      (m + 0.5) * Math.log((m + 1) / (r * (n - m + 1))) +
      (n + 1) * Math.log((n - m + 1) / (n - k + 1)) +
      (k + 0.5) * Math.log((r * (n - k + 1)) / (k + 1)) +
      stirlingError(m) +
      stirlingError(n - m) -
      stirlingError(k) -
      stirlingError(n - k)
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= bound) return k
  }
}

/** ln k! − (ln √(2π) + (k + ½) ln(k + 1) − (k + 1)) */
const small = [
  0.08106146679532726, 0.04134069595540929, 0.02767792568499834, 0.02079067210376509, 0.01664469118982119, 0.01387612882307075,
  0.01189670994589177, 0.01041126526197209, 0.009255462182712733, 0.008330563433362871,
]
function stirlingError(k: number): number {
  if (k < small.length) return small[k]
  const squared = (k + 1) * (k + 1)
  return (1 / 12 - (1 / 360 - 1 / 1260 / squared) / squared) / (k + 1)
}

/**
 * Draws as many rows as the classes have, each into one of them with a chance like its size, and puts the new sizes into `out`:
 * a bootstrap sample of rows of which only the class is known. Every `stride`-th place from `from` on is a class.
 */
export function redraw(sizes: Float64Array, out: Float64Array, random: RandomStream, from = 0, stride = 1): void {
  let left = 0
  for (let at = from; at < sizes.length; at += stride) left += sizes[at]
  let rows = left
  for (let at = from; at < sizes.length; at += stride) {
    const drawn = sizes[at] === 0 ? 0 : sizes[at] >= left ? rows : binomial(rows, sizes[at] / left, random)
    out[at] = drawn
    rows -= drawn
    left -= sizes[at]
  }
}
