/** Scores of one dataset beside each other: what each flags, how it was made, and how far it agrees with the one that is looked at. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import type { Interval, ScoresMeta } from '#common/domain/scores.ts'
import { formatFixed, formatSignificant } from '../../lib/format.ts'
import { expect, flaggedBy } from './threshold.ts'

export interface ScoreLine {
  readonly artifact: Artifact
  readonly meta: ScoresMeta
  readonly title: string
  readonly space: string
  readonly threshold: number
  readonly flagged: number
  readonly share: number
  /** False alarms in 1000 ordinary rows, with the interval. */
  readonly perThousand: readonly [number, number, number]
  readonly contamination: Interval | null
  readonly seconds: number | null
  /** From the newest comparison with labels that holds these scores. */
  readonly auc: number | null
  readonly averagePrecision: number | null
  readonly evaluation: number | null
}

/** @param comparisons oldest first */
export function scoreLines(scores: readonly Artifact[], comparisons: readonly Artifact[]): ScoreLine[] {
  return scores.map((artifact) => {
    const meta = artifact.meta as unknown as ScoresMeta
    const threshold = artifact.annotations.threshold ?? meta.threshold
    const expected = expect(meta.histogram, meta.validRows, meta.holdoutRows, threshold)
    const flagged = flaggedBy(artifact)
    const evaluation = comparisons.findLast((c) => c.operation === 'evaluate' && Object.values(c.inputs).includes(artifact.id)) ?? null
    const row = (evaluation?.meta as unknown as ComparisonMeta | undefined)?.rows.find((r) => r.artifact === artifact.id)
    return {
      artifact,
      meta,
      title: meta.scoring?.title ?? meta.method,
      space: meta.scoring?.spaceTitle ?? '',
      threshold,
      flagged,
      share: flagged / Math.max(1, meta.validRows),
      perThousand: expected.perThousand,
      contamination: meta.contamination ?? null,
      seconds: artifact.seconds,
      auc: row?.figures.auc ?? null,
      averagePrecision: row?.figures.averagePrecision ?? null,
      evaluation: evaluation?.id ?? null,
    }
  })
}

/** '0.4 (0.3 to 0.6)' in percent */
function percentInterval({ value, low, high }: Pick<Interval, 'value' | 'low' | 'high'>): string {
  const percent = (share: number): string => formatSignificant(100 * share, 2)
  return low === null || high === null ? percent(value) : `${percent(value)} (${percent(low)} to ${percent(high)})`
}

/** From this share on rows have shifted rather than some of them being anomalous, as the engine says, too. */
const mostAnomalous = 0.3
/** More high scores than among held-out rows are needed to say anything. */
const isTold = ({ value, high }: Interval): boolean => value > 0 || Boolean(high)

export const contaminationCell = (contamination: Interval | null): string =>
  contamination && isTold(contamination) ? percentInterval(contamination) : '–'

/** @param rowsName 'pixels' */
export function contaminationWords(contamination: Interval, rowsName: string): string {
  if (!isTold(contamination)) return `No more high scores than among held-out ${rowsName}: what share is anomalous cannot be told.`
  if ((contamination.low ?? 0) > mostAnomalous)
    return `At least ${formatSignificant(100 * (contamination.low ?? 0), 2)} % of all ${rowsName} score like no held-out one: a shift rather than anomalies. Look for drift.`
  return `About ${percentInterval(contamination)} % of all ${rowsName} are anomalous.`
}

export const aucWords = (auc: number | null): string => (auc === null ? '–' : formatFixed(auc, 3))

/** Share of rows that both lists hold, of the shorter one. */
export function overlap(a: readonly number[], b: readonly number[]): number {
  const shorter = Math.min(a.length, b.length)
  if (shorter === 0) return 0
  const other = new Set(b.slice(0, shorter))
  return a.slice(0, shorter).filter((row) => other.has(row)).length / shorter
}
