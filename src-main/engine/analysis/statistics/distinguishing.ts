/**
 * In what a class differs from the other rows, column by column. n_c, m_c, s_c² rows, mean and variance (n − 1) of the class, r the rest.
 *
 *   numbers      d = (m_c − m_r) / √( ((n_c − 1) s_c² + (n_r − 1) s_r²) / (n_c + n_r − 2) )              Cohen 1988
 *                t = (m_c − m_r) / √(s_c²/n_c + s_r²/n_r), Satterthwaite's degrees of freedom             Welch 1947
 *   categories   V = √(χ² / n) of the table class or rest × category, χ² without correction               Cramér 1946
 *
 * p-values are corrected for all columns and classes together (Holm 1979). They take rows as drawn independently and classes as given
 * beforehand; neighbouring pixels are not independent, and a clustering makes classes differ: read p as an upper bound on doubt, effect as size.
 */
import { chiSquareTail, holm, studentTwoSided } from './tailProbability.ts'

/** Rows, mean and Σ(x − mean)² of each class in one column. */
export interface Moments {
  readonly n: Float64Array
  readonly mean: Float64Array
  readonly squares: Float64Array
}

export interface Difference {
  /** Cohen's d, or Cramér's V of a category. */
  readonly effect: number
  readonly p: number
}

export interface Distinguishing extends Difference {
  readonly column: number
}

/** What JSON can hold stands for columns that do not vary within class or rest. */
const mostEffect = 1000

/** Null where there is nothing to compare: fewer than two rows on one side, or a column without any spread. */
export function welch(n1: number, mean1: number, squares1: number, n2: number, mean2: number, squares2: number): Difference | null {
  if (n1 < 2 || n2 < 2) return null
  const apart = mean1 - mean2
  const [v1, v2] = [squares1 / (n1 - 1) / n1, squares2 / (n2 - 1) / n2]
  // Means of equal numbers differ in their last bits.
  const rounding = Math.max(Math.abs(mean1), Math.abs(mean2)) * 1e-12
  if (Math.abs(apart) <= rounding) return { effect: 0, p: 1 }
  if (Math.sqrt(v1 + v2) <= rounding) return { effect: Math.sign(apart) * mostEffect, p: 0 }
  const freedom = (v1 + v2) ** 2 / (v1 ** 2 / (n1 - 1) + v2 ** 2 / (n2 - 1))
  const effect = apart / Math.sqrt((squares1 + squares2) / (n1 + n2 - 2))
  return { effect: Math.max(-mostEffect, Math.min(mostEffect, effect)), p: studentTwoSided(apart / Math.sqrt(v1 + v2), freedom) }
}

/** Each class against all others together, which are put together from both sides (Chan et al. 1979), so nothing is subtracted. */
export function againstRest({ n, mean, squares }: Moments): (Difference | null)[] {
  const k = n.length
  /** Rows, mean and squares of classes 0 … c−1 and c+1 … k−1. */
  const join = (a: readonly number[], c: number): number[] => {
    const [count, m, s] = a as [number, number, number]
    const both = count + n[c]
    if (n[c] === 0 || count === 0) return n[c] === 0 ? [...a] : [n[c], mean[c], squares[c]]
    const apart = mean[c] - m
    return [both, m + (apart * n[c]) / both, s + squares[c] + (apart * apart * count * n[c]) / both]
  }
  const after: number[][] = Array.from({ length: k + 1 }, () => [0, 0, 0])
  for (let c = k - 1; c >= 0; c--) after[c] = join(after[c + 1], c)
  let before = [0, 0, 0]
  return Array.from({ length: k }, (_, c) => {
    const rest = merge(before, after[c + 1])
    before = join(before, c)
    return welch(n[c], mean[c], squares[c], rest[0], rest[1], rest[2])
  })
}

function merge(a: readonly number[], b: readonly number[]): readonly [n: number, mean: number, squares: number] {
  const [n1, m1, s1] = a as [number, number, number]
  const [n2, m2, s2] = b as [number, number, number]
  if (n1 === 0) return [n2, m2, s2]
  if (n2 === 0) return [n1, m1, s1]
  const apart = m2 - m1
  return [n1 + n2, m1 + (apart * n2) / (n1 + n2), s1 + s2 + (apart * apart * n1 * n2) / (n1 + n2)]
}

/**
 * Each class against all others in a category.
 * @param counts [k × values] rows of each class with each value
 */
export function cramersV(counts: Float64Array, k: number): (Difference | null)[] {
  const values = counts.length / k
  const totals = new Float64Array(values)
  for (let at = 0; at < counts.length; at++) totals[at % values] += counts[at]
  const all = totals.reduce((a, b) => a + b, 0)
  const present = totals.reduce((some, total) => some + Number(total > 0), 0)
  return Array.from({ length: k }, (_, c) => {
    const own = counts.subarray(c * values, (c + 1) * values)
    const n = own.reduce((a, b) => a + b, 0)
    if (n === 0 || n === all) return null
    if (present < 2) return { effect: 0, p: 1 }
    let chi2 = 0
    for (let v = 0; v < values; v++) {
      if (totals[v] === 0) continue
      const [expected, other] = [(totals[v] * n) / all, (totals[v] * (all - n)) / all]
      chi2 += (own[v] - expected) ** 2 / expected + (totals[v] - own[v] - other) ** 2 / other
    }
    return { effect: Math.sqrt(Math.min(1, chi2 / all)), p: chiSquareTail(chi2, present - 1) }
  })
}

/**
 * The columns in which each class differs beyond doubt (corrected p below 0.05), the largest effects first. A category stands among
 * numbers with the d that splits two groups as well: 2V / √(1 − V²).
 * @param differences [k × columns] of the classes by column; null where nothing can be said
 */
export function strongest(
  differences: readonly (Difference | null)[],
  k: number,
  isCategory: (column: number) => boolean,
  most = 20,
): Distinguishing[][] {
  const columns = k === 0 ? 0 : differences.length / k
  const told = differences.flatMap((difference, at) => (difference === null ? [] : [at]))
  const corrected = holm(told.map((at) => (differences[at] as Difference).p))
  const lists: Distinguishing[][] = Array.from({ length: k }, () => [])
  told.forEach((at, i) => {
    if (corrected[i] >= 0.05) return
    const { effect } = differences[at] as Difference
    lists[Math.floor(at / columns)].push({ column: at % columns, effect, p: corrected[i] })
  })
  const size = ({ column, effect }: Distinguishing): number =>
    isCategory(column) ? (2 * effect) / Math.sqrt(Math.max(1e-12, 1 - effect ** 2)) : Math.abs(effect)
  return lists.map((list) => list.sort((a, b) => size(b) - size(a) || a.column - b.column).slice(0, most))
}
