/** What a threshold flags, and how many of these are false alarms to be expected, from the histograms of the scores alone. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { ScoresMeta } from '#common/domain/scores.ts'
import type { Interval } from '#common/domain/threshold.ts'

export interface ScoreHistogram {
  readonly from: number
  readonly to: number
  readonly all: readonly number[]
  readonly holdout: readonly number[]
}

/** Rows above the threshold; the bin it falls into counts in proportion. */
export function countAbove(counts: readonly number[], from: number, to: number, threshold: number): number {
  const position = ((threshold - from) / (to - from)) * counts.length
  if (position <= 0) return counts.reduce((a, b) => a + b, 0)
  if (position >= counts.length) return 0
  const bin = Math.floor(position)
  let above = counts[bin] * (1 - (position - bin))
  for (let i = bin + 1; i < counts.length; i++) above += counts[i]
  return above
}

interface Expectation {
  readonly flagged: number
  readonly share: number
  /** Of `validRows`, if the held-out rows are ordinary ones; never more than are flagged. */
  readonly falseAlarms: number
  readonly low: number
  readonly high: number
  /** False alarms in 1000 ordinary rows: low, expected, high. */
  readonly perThousand: readonly [number, number, number]
}

/** What is known exactly of a threshold, where the histogram knows it only by bins. */
export interface Counted {
  readonly flagged: number
  /** Held-out rows above it in 1000 of them, with their interval. */
  readonly falseAlarmsPer1000?: Interval | null
}

/**
 * Held-out rows above the threshold are false alarms by assumption; their share is carried over to all valid rows.
 * Interval: Wilson, 95 %, which stays sensible when no held-out row or every one lies above.
 */
export function expect(
  histogram: ScoreHistogram,
  validRows: number,
  holdoutRows: number,
  threshold: number,
  counted: Counted | null = null,
): Expectation {
  const { from, to } = histogram
  const flagged = counted?.flagged ?? Math.round(countAbove(histogram.all, from, to, threshold))
  const exact = counted?.falseAlarmsPer1000
  const share = exact ? exact.value / 1000 : countAbove(histogram.holdout, from, to, threshold) / Math.max(1, holdoutRows)
  const [low, high] = exact ? [(exact.low ?? 0) / 1000, (exact.high ?? 1000) / 1000] : wilson(share * holdoutRows, holdoutRows)
  // Held-out rows fit worse than those learned from, so the carried-over share may exceed what is flagged at all.
  const alarms = (share: number): number => Math.min(flagged, share * validRows)
  return {
    flagged,
    share: flagged / Math.max(1, validRows),
    falseAlarms: alarms(share),
    low: alarms(low),
    high: alarms(high),
    perThousand: [1000 * low, 1000 * share, 1000 * high],
  }
}

export function wilson(hits: number, n: number, z = 1.96): readonly [number, number] {
  if (n === 0) return [0, 1]
  const p = hits / n
  const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n)
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))
  return [Math.max(0, middle - half), Math.min(1, middle + half)]
}

/** Sums neighbouring bins to at most `bins`, for a small plot. */
export function rebin(counts: readonly number[], bins: number): number[] {
  const per = Math.max(1, Math.ceil(counts.length / bins))
  return Array.from({ length: Math.ceil(counts.length / per) }, (_, i) => counts.slice(i * per, (i + 1) * per).reduce((a, b) => a + b, 0))
}

/** The part of a histogram that an interval covers; an end that is not bounded is the histogram's, one without ends is none. */
export const intervalOf = (
  { low, high }: { readonly low: number | null; readonly high: number | null },
  { from, to }: ScoreHistogram,
): readonly [number, number] | undefined =>
  low === null && high === null ? undefined : [Math.max(from, low ?? from), Math.min(to, high ?? to)]

/** Rows above the threshold that counts: one by one above the recommended one, from the histogram above any other. */
export function flaggedBy({ annotations, meta }: Pick<Artifact, 'annotations' | 'meta'>): number {
  const { threshold, flagged, histogram, validRows, holdoutRows } = meta as unknown as ScoresMeta
  const set = annotations.threshold ?? threshold
  return set === threshold ? flagged : expect(histogram, validRows, holdoutRows, set).flagged
}
