/** What a report says, in words of the window. */
import type { DimensionEstimate, ReportMeta, ReportUnit, RowChoice } from '#common/domain/report.ts'
import { formatFixed, formatNumber, formatPercent } from '../../lib/format.ts'

export const choiceWords: Readonly<Record<RowChoice, string>> = { best: 'Best', typical: 'Typical', worst: 'Worst' }

/** A letter beside the number, since colour never stands alone. */
export const kindWords: Readonly<Record<ReportUnit['kind'], { readonly word: string; readonly meaning: string }>> = {
  active: { word: 'active', meaning: 'tells something of every row' },
  mixed: { word: 'mixed', meaning: 'tells something of some rows only' },
  passive: { word: 'passive', meaning: 'equals the prior: noise for whatever follows' },
}

/** '3.9 (3.7 to 4.2)' */
export const dimensionWords = ({ dimension, low, high }: DimensionEstimate): string =>
  `${formatFixed(dimension, 1)} (${formatFixed(low, 1)} to ${formatFixed(high, 1)})`

export interface Measure {
  readonly id: 'kl' | 'importance' | 'sd'
  readonly label: string
  readonly axis: string
  of(unit: ReportUnit): number
}

/** By what units can be compared: KL only where there is a posterior. */
export function measuresOf({ units, variational }: Pick<ReportMeta, 'units' | 'variational'>): readonly Measure[] {
  return [
    ...(variational ? [{ id: 'kl', label: 'KL', axis: 'KL, nats', of: (u: ReportUnit) => u.kl?.mean ?? 0 } as const] : []),
    ...(units.some((u) => u.importance !== null)
      ? [
          {
            id: 'importance',
            label: 'Importance',
            axis: 'Explained by it, %',
            of: (u: ReportUnit) => 100 * (u.importance ?? Number.NaN),
          } as const,
        ]
      : []),
    { id: 'sd', label: 'Spread', axis: 'Standard deviation of the code', of: (u) => u.sd },
  ]
}

/** Sentence below the figures: on what they stand. */
export const basisWords = ({ rows }: Pick<ReportMeta, 'rows'>, nouns: readonly [string, string]): string =>
  `${rows.used < rows.of ? `${formatNumber(rows.used)} of ${formatNumber(rows.of)}` : formatNumber(rows.used)} ${nouns[1]} ${rows.heldOut ? 'held out from training' : 'the model learned from: none were held out'}`

export const explainedWords = (share: number): string => formatPercent(share, 1)
