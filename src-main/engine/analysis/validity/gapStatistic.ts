/**
 * Gap statistic (Tibshirani, Walther & Hastie, JRSS B 2001): how much more compact k classes are than k classes of rows without any.
 *
 *   Gap(k) = 1/B Σ_b ln W*_kb − ln W_k        s_k = sd_b(ln W*_kb) · √(1 + 1/B)
 *
 * W_k Σ ‖x − m_c‖² of k-means, W*_kb the same of the b-th reference: as many rows, uniform over the box along the principal axes of the
 * data (their second choice, which keeps their shape). Classes do not change with rotation, so references stay in those axes. With more than 256 columns
 * the box lies along the columns instead. Memory: one reference.
 */
import { Covariance } from '#engine/compute/linear/covariance.ts'
import { eigenpairsOf } from '#engine/compute/linear/eigenvectors.ts'
import { kmeans } from '../clustering/kmeans/kmeans.ts'
import type { LongRun } from '../pace.ts'
import { randomStream } from '../random.ts'

export interface Gap {
  readonly k: number
  readonly gap: number
  /** s_k. */
  readonly error: number
}

export interface GapOptions extends LongRun {
  /** B. Default 10. */
  readonly references?: number
  readonly seed: number
}

const mostColumns = 256
/** Of references few: they have no classes to miss, and their mean is taken. A class of the data that is missed moves the gap itself. */
const starts = { observed: 10, reference: 2 }

/** @param X [n × d] finite  @param kMax tried are 1 … kMax */
export async function gapStatistic(
  X: Float32Array,
  n: number,
  d: number,
  kMax: number,
  { references = 10, seed, signal, report }: GapOptions,
): Promise<Gap[]> {
  const ks = Array.from({ length: Math.min(kMax, n) }, (_, i) => i + 1)
  const runs = (references + 1) * ks.length
  let done = 0
  const dispersions = async (rows: Float32Array, nInit: number): Promise<number[]> => {
    const found: number[] = []
    for (const k of ks) {
      const { inertia } = await kmeans(rows, n, d, { k, nInit, seed, signal })
      // Fewer distinct rows than classes leave none; the logarithm of rounding then says as much.
      found.push(Math.log(Math.max(inertia, Number.MIN_VALUE)))
      report?.(++done / runs)
    }
    return found
  }

  const observed = await dispersions(X, starts.observed)
  const box = await alignedBox(X, n, d, seed)
  const expected: number[][] = []
  for (let b = 0; b < references; b++) {
    const random = randomStream(seed, `gap/${b}`)
    const rows = new Float32Array(n * d)
    for (let at = 0; at < rows.length; at++) rows[at] = box.from[at % d] + random.uniform() * box.width[at % d]
    expected.push(await dispersions(rows, starts.reference))
  }
  return ks.map((k, i) => {
    const logs = expected.map((reference) => reference[i])
    const mean = logs.reduce((a, b) => a + b, 0) / references
    const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / references
    return { k, gap: mean - observed[i], error: Math.sqrt(variance * (1 + 1 / references)) }
  })
}

/** Where the rows begin and how far they reach along each principal axis. */
async function alignedBox(X: Float32Array, n: number, d: number, seed: number): Promise<{ from: Float64Array; width: Float64Array }> {
  const [low, high] = [new Float64Array(d).fill(Number.POSITIVE_INFINITY), new Float64Array(d).fill(Number.NEGATIVE_INFINITY)]
  const see = (j: number, value: number): void => {
    low[j] = Math.min(low[j], value)
    high[j] = Math.max(high[j], value)
  }
  if (d > mostColumns) {
    for (let at = 0; at < n * d; at++) see(at % d, X[at])
  } else {
    const covariance = new Covariance(d)
    covariance.add(X, n)
    const { vectors } = await eigenpairsOf(covariance.matrix(), d, d, seed)
    for (let i = 0; i < n; i++)
      for (let axis = 0; axis < d; axis++) {
        let along = 0
        for (let j = 0; j < d; j++) along += (X[i * d + j] - covariance.mean[j]) * vectors[j * d + axis]
        see(axis, along)
      }
  }
  return { from: low, width: high.map((value, j) => value - low[j]) }
}

/** The least k whose gap is not below that of k + 1 by more than its error; null where the gap grows to the end. */
export function gapChoice(gaps: readonly Gap[]): number | null {
  const i = gaps.findIndex(({ gap }, at) => at + 1 < gaps.length && gap >= gaps[at + 1].gap - gaps[at + 1].error)
  return i < 0 ? null : gaps[i].k
}
