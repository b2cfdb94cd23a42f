/** Statistics of every column in one pass over a source. */
import type { ColumnSummary } from '#common/domain/dataset.ts'
import type { Progress } from '#common/domain/artifact.ts'
import { rowNoun } from '#common/domain/dataset.ts'
import { throwIfCancelled } from '#common/errors.ts'
import type { OpenSource } from './dataset.ts'
import { RowSample } from './rowSample.ts'

const mostSampleRows = 100_000
const mostSampleBytes = 128 << 20
const bins = 64

export interface PassOptions {
  readonly seed: number
  readonly signal: AbortSignal
  readonly report: (progress: Progress) => void
}

/** Moments of one column; merged chunk by chunk (Chan, Golub & LeVeque 1983), so a large mean loses no digits. */
interface Moments {
  readonly count: Float64Array
  readonly mean: Float64Array
  /** Σ (x − mean)² */
  readonly m2: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
}

/**
 * Counts, least, greatest, mean and standard deviation are exact over all finite values of valid rows; quantiles and histogram
 * come from a sample (100 000 rows, fewer when the columns are so many that it would take over 128 MB).
 */
export async function summariseSource(
  source: OpenSource,
  { seed, signal, report }: PassOptions,
): Promise<{ summaries: ColumnSummary[]; validRows: number }> {
  const { rows, columns, kind } = source.report
  const d = columns.length
  const moments: Moments = {
    count: new Float64Array(d),
    mean: new Float64Array(d),
    m2: new Float64Array(d),
    min: new Float64Array(d).fill(Number.POSITIVE_INFINITY),
    max: new Float64Array(d).fill(Number.NEGATIVE_INFINITY),
  }
  const sampleRows = Math.max(500, Math.min(mostSampleRows, Math.floor(mostSampleBytes / (5 * Math.max(1, d)))))
  const sample = new RowSample(Math.min(rows, sampleRows), d, seed, rows)
  let validRows = 0
  for await (const { start, n, X, valid } of source.chunks({ signal })) {
    throwIfCancelled(signal)
    addMoments(moments, X, n, d)
    for (let i = 0; i < n; i++) {
      if (valid[i] === 0) continue
      validRows++
      sample.offer(start + i, X, i * d)
    }
    report({ stage: 'Reading values', fraction: rows === 0 ? 1 : Math.min(1, (start + n) / rows), done: start + n, unit: rowNoun[kind][1] })
  }
  const drawn = sample.take()
  const summaries = columns.map((_, j) => summaryOf(moments, j, validRows, quantilesOf(drawn.X, drawn.n, d, j)))
  return { summaries, validRows }
}

function addMoments({ count, mean, m2, min, max }: Moments, X: Float32Array, n: number, d: number): void {
  const shift = new Float64Array(d)
  const seen = new Float64Array(d)
  const sum = new Float64Array(d)
  const squares = new Float64Array(d)
  // Sums are of differences from a value near the mean: the mean so far, or the first value of the chunk.
  for (let j = 0; j < d; j++) shift[j] = (count[j] as number) > 0 ? (mean[j] as number) : firstFinite(X, n, d, j)
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < d; j++, at++) {
      const value = X[at] as number
      if (value - value !== 0) continue
      const difference = value - (shift[j] as number)
      seen[j] = (seen[j] as number) + 1
      sum[j] = (sum[j] as number) + difference
      squares[j] = (squares[j] as number) + difference * difference
      if (value < (min[j] as number)) min[j] = value
      if (value > (max[j] as number)) max[j] = value
    }
  }
  for (let j = 0; j < d; j++) {
    const nB = seen[j] as number
    if (nB === 0) continue
    const nA = count[j] as number
    const meanB = (shift[j] as number) + (sum[j] as number) / nB
    const m2B = Math.max(0, (squares[j] as number) - ((sum[j] as number) * (sum[j] as number)) / nB)
    const delta = meanB - (mean[j] as number)
    mean[j] = nA === 0 ? meanB : (mean[j] as number) + (delta * nB) / (nA + nB)
    m2[j] = (m2[j] as number) + m2B + (nA === 0 ? 0 : (delta * delta * nA * nB) / (nA + nB))
    count[j] = nA + nB
  }
}

function firstFinite(X: Float32Array, n: number, d: number, column: number): number {
  for (let i = 0; i < n; i++) if (Number.isFinite(X[i * d + column])) return X[i * d + column] as number
  return 0
}

/** Finite values of one column of the sample, sorted. */
function quantilesOf(X: Float32Array, n: number, d: number, column: number): Float32Array {
  const values = new Float32Array(n)
  let kept = 0
  for (let i = 0; i < n; i++) {
    const value = X[i * d + column] as number
    if (value - value === 0) values[kept++] = value
  }
  return values.subarray(0, kept).sort()
}

function summaryOf({ count, mean, m2, min, max }: Moments, j: number, validRows: number, sorted: Float32Array): ColumnSummary {
  const valid = count[j] as number
  const missing = Math.max(0, validRows - valid)
  if (valid === 0) return { valid, missing, min: null, max: null, mean: null, sd: null, p2: null, median: null, p98: null, histogram: null }
  const [from, to] = [min[j] as number, max[j] as number]
  return {
    valid,
    missing,
    min: from,
    max: to,
    mean: mean[j] as number,
    sd: Math.sqrt((m2[j] as number) / valid),
    p2: quantile(sorted, 0.02),
    median: quantile(sorted, 0.5),
    p98: quantile(sorted, 0.98),
    histogram: { from, to, counts: countBins(sorted, from, to) },
  }
}

/** Linear between neighbours (type 7 of Hyndman & Fan 1996, the default of NumPy and R). */
export function quantile(sorted: Float32Array, p: number): number | null {
  if (sorted.length === 0) return null
  const position = p * (sorted.length - 1)
  const below = Math.floor(position)
  const low = sorted[below] as number
  const high = sorted[Math.min(sorted.length - 1, below + 1)] as number
  return low + (position - below) * (high - low)
}

function countBins(values: Float32Array, from: number, to: number): number[] {
  const counts = new Array<number>(bins).fill(0)
  const width = (to - from) / bins
  for (const value of values) {
    const bin = width > 0 ? Math.min(bins - 1, Math.floor((value - from) / width)) : 0
    counts[bin] = (counts[bin] as number) + 1
  }
  return counts
}
