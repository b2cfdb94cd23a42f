/**
 * Student's paired t test: whether two results with the same seeds differ beyond what the seeds do.
 *
 *   t = d̄ / (s_d / √n)      p = P(|T| ≥ |t|), T with n − 1 degrees of freedom
 */

/** Two-sided p of pairs (a_i, b_i); null of fewer than two. Pairs that all differ by the same amount give 0, equal ones 1. */
export function pairedTTest(a: readonly number[], b: readonly number[]): number | null {
  if (a.length !== b.length) throw new RangeError(`expected pairs, found ${a.length} and ${b.length} values`)
  const n = a.length
  if (n < 2) return null
  const differences = a.map((value, i) => value - b[i])
  const mean = differences.reduce((sum, d) => sum + d, 0) / n
  const deviation = Math.sqrt(differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (n - 1))
  // Rounding of figures that are equal up to their last bits is neither difference nor spread.
  const rounding = Math.max(...a.map(Math.abs), ...b.map(Math.abs)) * 1e-12
  if (Math.abs(mean) <= rounding) return 1
  if (deviation <= rounding) return 0
  return studentTail((mean / deviation) * Math.sqrt(n), n - 1)
}

/**
 * P(|T| ≥ |t|) with ν degrees of freedom, exact for whole ν (Abramowitz & Stegun 26.7.3 and 26.7.4), θ = arctan(|t| / √ν):
 *
 *   odd ν   1 − 2/π (θ + sin θ (cos θ + ⅔ cos³θ + … + (2·4…(ν−3)) / (3·5…(ν−2)) cos^(ν−2) θ))
 *   even ν  1 − sin θ (1 + ½ cos²θ + … + (1·3…(ν−3)) / (2·4…(ν−2)) cos^(ν−2) θ)
 */
export function studentTail(t: number, freedom: number): number {
  if (!Number.isInteger(freedom) || freedom < 1) throw new RangeError(`expected a whole number of degrees of freedom, found ${freedom}`)
  const angle = Math.atan(Math.abs(t) / Math.sqrt(freedom))
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)]
  const isOdd = freedom % 2 === 1
  let term = isOdd ? cosine : 1
  let sum = freedom === 1 ? 0 : term
  for (let power = isOdd ? 3 : 2; power <= freedom - 2; power += 2) {
    term *= ((power - 1) / power) * cosine * cosine
    sum += term
  }
  return Math.max(0, 1 - (isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum))
}
