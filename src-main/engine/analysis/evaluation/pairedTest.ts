/**
 * Student's paired t test: whether two results with the same seeds differ beyond what the seeds do.
 *
 *   t = d̄ / (s_d / √n)      p = P(|T| ≥ |t|), T with n − 1 degrees of freedom
 */
import { studentTwoSided } from '#engine/analysis/statistics/tailProbability.ts'

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
  return studentTwoSided((mean / deviation) * Math.sqrt(n), n - 1)
}
