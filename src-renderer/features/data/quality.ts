/** Thresholds on the quality of cells: what they keep, and what the prepare step calls them. */
import type { CellQuality } from '#common/domain/examination.ts'
import type { ExaminationNumbers } from './examined.svelte.ts'

export interface Thresholds {
  readonly minCounts: number
  readonly maxCounts: number | null
  readonly minGenes: number
  /** Share of counts; null where no gene is known as mitochondrial. */
  readonly maxMitochondrial: number | null
}
type Cells = NonNullable<ExaminationNumbers['cells']>

/** Three deviations; where empty droplets are in the data, beyond the cliff instead, which they would pull down. */
export function suggestedThresholds({ suggested, curve }: CellQuality): Thresholds {
  const cliff = curve.inflection ? Math.ceil(curve.inflection.counts) : 0
  return {
    minCounts: Math.max(suggested.minCounts, cliff),
    maxCounts: null,
    minGenes: suggested.minGenes,
    maxMitochondrial: suggested.maxMitochondrial === null ? null : Math.ceil(suggested.maxMitochondrial * 1000) / 1000,
  }
}

/** [n] whether each sampled cell passes. A cell without counts has no mitochondrial share, and passes no other limit either. */
export function passing({ counts, genes, mitochondrial }: Cells, limits: Thresholds): Uint8Array {
  return Uint8Array.from(counts, (total, i) =>
    Number(
      total >= limits.minCounts &&
        (limits.maxCounts === null || total <= limits.maxCounts) &&
        (genes[i] as number) >= limits.minGenes &&
        (limits.maxMitochondrial === null || !((mitochondrial[i] as number) > limits.maxMitochondrial)),
    ),
  )
}

/** The fields of the prepare step that take the thresholds, by the names it has; null when it has none of them. */
export function prepareFields(limits: Thresholds, known: ReadonlySet<string>): Record<string, number> | null {
  const wanted: readonly (readonly [string, number | null])[] = [
    ['minCounts', limits.minCounts],
    ['maxCounts', limits.maxCounts],
    ['minGenes', limits.minGenes],
    ['maxMitochondrialShare', limits.maxMitochondrial],
  ]
  const fields = wanted.filter((entry): entry is readonly [string, number] => entry[1] !== null && known.has(entry[0]))
  return fields.length > 0 ? Object.fromEntries(fields) : null
}
