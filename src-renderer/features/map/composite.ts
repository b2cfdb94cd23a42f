/** Which bands make the first picture of a scene, and how their values are stretched. */
import type { Column, ColumnSummary } from '#common/domain/dataset.ts'
import type { Stretch } from './layers.ts'

/** Red, green and blue light where wavelengths are known; otherwise bands 3, 2, 1; a single band is grey. */
export function defaultBands(columns: readonly Column[]): number[] {
  if (columns.length < 3) return [0]
  const known = columns.every((c) => c.wavelengthNm !== null)
  if (!known) return [2, 1, 0]
  const nearest = (nm: number): number => columns.reduce((best, c, i) => (Math.abs((c.wavelengthNm ?? 0) - nm) < Math.abs((columns[best].wavelengthNm ?? 0) - nm) ? i : best), 0)
  const bands = [nearest(660), nearest(560), nearest(480)]
  return new Set(bands).size === 3 ? bands : [2, 1, 0]
}

/** From the 2nd to the 98th percentile, so that a few extreme pixels do not darken the rest. */
export function stretchOf(summaries: readonly ColumnSummary[], bands: readonly number[]): Stretch[] {
  return bands.map((b) => {
    const s = summaries[b]
    const from = s?.p2 ?? s?.min ?? 0
    const to = s?.p98 ?? s?.max ?? 1
    return to > from ? [from, to] : [from, from + 1]
  })
}

export const compositeName = (bands: readonly number[]): string => (bands.length === 1 ? `Scene, band ${bands[0] + 1}` : `Scene, bands ${bands.map((b) => b + 1).join(' ')}`)
