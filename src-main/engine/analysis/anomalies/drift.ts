/**
 * Whether new rows come from where the old ones came from.
 *
 *   PSI    Σ_b (q_b − p_b) ln(q_b / p_b), bins of equal counts of the old rows (Siddiqi 2006); above 0.1 worth a look, above 0.25 a shift.
 *          Counts get ½ added, so that empty bins stay finite. Few distinct values are bins of their own.
 *   KS     D = max_x |F(x) − G(x)|, two-sided p by Kolmogorov's limit with Stephens' correction (JRSS B 32, 1970)
 *   MMD²   unbiased, Gaussian kernel with the median distance as width, p by permutation (Gretton et al., JMLR 13, 2012)
 *
 * Memory: sorted copies of a column; for MMD the kernel of both samples.
 */
import { createPace } from '../pace.ts'
import { quantileOfSorted } from '../statistics/quantiles.ts'
import { randomStream } from '../random.ts'

const bins = 10

/** @param before, after rising */
export function populationStability(before: Float64Array, after: Float64Array): number {
  const edges = edgesOf(before)
  const count = (values: Float64Array): Float64Array => {
    const counts = new Float64Array(edges.length + 1)
    let bin = 0
    for (const value of values) {
      while (bin < edges.length && value > edges[bin]) bin++
      counts[bin]++
    }
    return counts
  }
  const [p, q] = [count(before), count(after)]
  const share = (counts: Float64Array, n: number, b: number): number => (counts[b] + 0.5) / (n + 0.5 * counts.length)
  let sum = 0
  for (let b = 0; b < p.length; b++) {
    const [old, now] = [share(p, before.length, b), share(q, after.length, b)]
    sum += (now - old) * Math.log(now / old)
  }
  return sum
}

/** Upper ends of all bins but the last. */
function edgesOf(sorted: Float64Array): Float64Array {
  const distinct: number[] = []
  for (const value of sorted) {
    if (value !== distinct.at(-1)) distinct.push(value)
    if (distinct.length > bins) break
  }
  if (distinct.length <= bins) return Float64Array.from(distinct)
  const edges = Array.from({ length: bins - 1 }, (_, b) => quantileOfSorted(sorted, (b + 1) / bins))
  return Float64Array.from(new Set(edges))
}

/** @param a, b rising */
export function kolmogorovSmirnov(a: Float64Array, b: Float64Array): { statistic: number; p: number } {
  const [n, m] = [a.length, b.length]
  let [i, j, largest] = [0, 0, 0]
  while (i < n && j < m) {
    const x = Math.min(a[i], b[j])
    while (i < n && a[i] <= x) i++
    while (j < m && b[j] <= x) j++
    largest = Math.max(largest, Math.abs(i / n - j / m))
  }
  const root = Math.sqrt((n * m) / (n + m))
  return { statistic: largest, p: kolmogorovTail((root + 0.12 + 0.11 / root) * largest) }
}

/** 2 Σ (−1)^(k−1) exp(−2 k² λ²) */
function kolmogorovTail(lambda: number): number {
  if (lambda < 0.2) return 1
  let sum = 0
  for (let k = 1; k <= 100; k++) {
    const term = Math.exp(-2 * k * k * lambda * lambda)
    sum += k % 2 === 1 ? term : -term
    if (term < 1e-18) break
  }
  return Math.min(1, Math.max(0, 2 * sum))
}

/** @param X, Y [n × d] and [m × d], at least two rows each. Time and memory: the square of all rows. */
export async function meanDiscrepancy(
  X: Float32Array,
  n: number,
  Y: Float32Array,
  m: number,
  d: number,
  { permutations, seed, signal }: { permutations: number; seed: number; signal?: AbortSignal },
): Promise<{ squared: number; p: number; width: number }> {
  const pace = createPace(signal)
  const all = n + m
  const rowAt = (i: number): [Float32Array, number] => (i < n ? [X, i * d] : [Y, (i - n) * d])
  const K = new Float64Array(all * all)
  const distances: number[] = []
  for (let i = 0; i < all; i++) {
    const [A, a] = rowAt(i)
    for (let j = 0; j < i; j++) {
      const [B, b] = rowAt(j)
      let sum = 0
      for (let k = 0; k < d; k++) sum += (A[a + k] - B[b + k]) ** 2
      K[i * all + j] = sum
      distances.push(sum)
    }
    if (pace.due()) await pace.rest()
  }
  // Rows that are all alike have no distance; any width then gives the same answer.
  const squaredWidth = quantileOfSorted(Float64Array.from(distances).sort(), 0.5) || 1
  for (let i = 0; i < all; i++)
    for (let j = 0; j < i; j++) {
      const value = Math.exp(-K[i * all + j] / (2 * squaredWidth))
      K[i * all + j] = value
      K[j * all + i] = value
    }
  const statistic = (order: Uint32Array): number => {
    let [xx, yy, xy] = [0, 0, 0]
    for (let i = 0; i < all; i++) {
      const row = order[i] * all
      const isFirst = i < n
      for (let j = 0; j < i; j++) {
        const k = K[row + order[j]]
        if (!isFirst && j < n) xy += k
        else if (isFirst) xx += k
        else yy += k
      }
    }
    return (2 * xx) / (n * (n - 1)) + (2 * yy) / (m * (m - 1)) - (2 * xy) / (n * m)
  }
  const order = Uint32Array.from({ length: all }, (_, i) => i)
  const squared = statistic(order)
  const random = randomStream(seed, 'permutations')
  let asLarge = 0
  for (let r = 0; r < permutations; r++) {
    for (let i = all - 1; i > 0; i--) {
      const j = random.below(i + 1)
      ;[order[i], order[j]] = [order[j], order[i]]
    }
    if (statistic(order) >= squared) asLarge++
    if (pace.due()) await pace.rest()
  }
  return { squared, p: (1 + asLarge) / (1 + permutations), width: Math.sqrt(squaredWidth) }
}
