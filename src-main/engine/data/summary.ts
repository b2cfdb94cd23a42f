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

/** Moments of one column; merged tile by tile (Chan, Golub & LeVeque 1983), so a large mean loses no digits. */
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

/** Columns and rows that are gone through at once: together they stay in the fastest cache. */
const [tileColumns, tileRows] = [64, 256]

function addMoments(moments: Moments, X: Float32Array, n: number, d: number): void {
  for (let row = 0; row < n; row += tileRows) {
    const end = Math.min(n, row + tileRows) * d
    for (let column = 0; column < d; column += tileColumns)
      for (let j = column; j < Math.min(d, column + tileColumns); j++) addColumn(moments, X, row * d + j, end, d, j)
  }
}

/** Adds X[at], X[at + d] … before `end` to column j. */
function addColumn({ count, mean, m2, min, max }: Moments, X: Float32Array, at: number, end: number, d: number, j: number): void {
  const nA = count[j] as number
  // Sums are of differences from a value near the mean: the mean so far, or the first value.
  const shift = nA > 0 ? (mean[j] as number) : firstFinite(X, at, end, d)
  let nB = 0
  let sum = 0
  let squares = 0
  let least = min[j] as number
  let greatest = max[j] as number
  for (let i = at; i < end; i += d) {
    const value = X[i] as number
    if (value - value !== 0) continue
    const difference = value - shift
    nB++
    sum += difference
    squares += difference * difference
    if (value < least) least = value
    if (value > greatest) greatest = value
  }
  if (nB === 0) return
  min[j] = least
  max[j] = greatest
  const meanB = shift + sum / nB
  const m2B = Math.max(0, squares - (sum * sum) / nB)
  const delta = meanB - (mean[j] as number)
  mean[j] = nA === 0 ? meanB : (mean[j] as number) + (delta * nB) / (nA + nB)
  m2[j] = (m2[j] as number) + m2B + (nA === 0 ? 0 : (delta * delta * nA * nB) / (nA + nB))
  count[j] = nA + nB
}

function firstFinite(X: Float32Array, at: number, end: number, d: number): number {
  for (let i = at; i < end; i += d) if (Number.isFinite(X[i])) return X[i] as number
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
  return sortFloats(values.subarray(0, kept))
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
  const counts = new Uint32Array(bins)
  const width = (to - from) / bins
  if (!(width > 0)) counts[0] = values.length
  else
    for (let i = 0; i < values.length; i++) {
      const bin = Math.min(bins - 1, Math.floor(((values[i] as number) - from) / width))
      counts[bin] = (counts[bin] as number) + 1
    }
  return Array.from(counts)
}

/** Ascending, in place, for finite values: a radix sort of their bits, which costs a fraction of comparing 100 000 of them. */
export function sortFloats(values: Float32Array): Float32Array {
  const n = values.length
  let keys = new Uint32Array(n)
  let other = new Uint32Array(n)
  const bits = new Int32Array(values.buffer, values.byteOffset, n)
  // Bits of positive floats grow with them, those of negative ones against them.
  for (let i = 0; i < n; i++) keys[i] = (bits[i] as number) ^ ((bits[i] as number) >> 31) ^ ((bits[i] as number) < 0 ? 0 : 0x80000000)
  const counts = new Uint32Array(2049)
  for (const shift of [0, 11, 22]) {
    counts.fill(0)
    for (let i = 0; i < n; i++) counts[(((keys[i] as number) >>> shift) & 2047) + 1]!++
    for (let i = 1; i < 2048; i++) counts[i]! += counts[i - 1] as number
    for (let i = 0; i < n; i++) {
      const key = keys[i] as number
      const digit = (key >>> shift) & 2047
      other[counts[digit] as number] = key
      counts[digit]!++
    }
    ;[keys, other] = [other, keys]
  }
  for (let i = 0; i < n; i++) {
    const key = keys[i] as number
    bits[i] = key >>> 31 === 1 ? key ^ 0x80000000 : ~key
  }
  return values
}
