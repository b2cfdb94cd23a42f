/** Which three bands to show first, and how their values become grey levels. */
import type { Column, ColumnSummary } from '#common/domain/dataset.ts'

export type Rgb = readonly [red: number, green: number, blue: number]
export type StretchRule = 'percentile' | 'range' | 'sigma'

/** Presets of band choices; wavelengths in nm. Rocks show best in short-wave infrared, near infrared and red. */
const choices = [
  { id: 'rock', title: 'Rock contrast', nm: [2200, 865, 660] },
  { id: 'natural', title: 'Natural colour', nm: [660, 560, 490] },
  { id: 'infrared', title: 'Vegetation', nm: [850, 660, 560] },
] as const
export interface BandPreset {
  readonly id: string
  readonly title: string
  readonly rgb: Rgb
}

/** The presets whose wavelengths a scene has (within 120 nm); the first is the one to begin with. Without wavelengths bands by their place. */
export function bandPresets(columns: readonly Column[]): BandPreset[] {
  const known = columns
    .map((column, index) => ({ index, nm: column.wavelengthNm }))
    .filter((band): band is { index: number; nm: number } => band.nm !== null)
  const nearest = (nm: number): number | null => {
    const best = known.reduce<{ index: number; nm: number } | null>(
      (a, b) => (a === null || Math.abs(b.nm - nm) < Math.abs(a.nm - nm) ? b : a),
      null,
    )
    return best && Math.abs(best.nm - nm) <= 120 ? best.index : null
  }
  const fitting = choices.flatMap(({ id, title, nm }) => {
    const found = nm.map(nearest)
    return found.every((index) => index !== null) ? [{ id, title, rgb: found as unknown as Rgb }] : []
  })
  if (fitting.length > 0) return fitting
  const first = { id: 'first', title: 'First bands', rgb: firstBands(columns.length) }
  return columns.length > mostColourBands ? [{ id: 'spread', title: 'Spread bands', rgb: spreadBands(columns.length) }, first] : [first]
}

/** A sensor with more bands is a spectrometer, whose first bands are blue and noisy. */
const mostColourBands = 20
/** The middles of the three thirds, the longest waves as red. */
const spreadBands = (n: number): Rgb => [Math.floor((5 * n) / 6), Math.floor(n / 2), Math.floor(n / 6)]

/** Without wavelengths: bands 3, 2, 1 as most sensors store blue first; one band three times as grey. */
const firstBands = (n: number): Rgb => (n >= 3 ? [2, 1, 0] : [0, 0, 0])

/** The values shown as black and as white. */
export function stretchOf(summary: ColumnSummary | undefined, rule: StretchRule): readonly [number, number] {
  if (!summary || summary.min === null || summary.max === null) return [0, 1]
  if (rule === 'percentile' && summary.p2 !== null && summary.p98 !== null && summary.p98 > summary.p2) return [summary.p2, summary.p98]
  if (rule === 'sigma' && summary.mean !== null && summary.sd) return [summary.mean - 2 * summary.sd, summary.mean + 2 * summary.sd]
  return [summary.min, summary.max]
}

/** Colours of the three channels in plots: the same as the R G B marks of the band table. */
export const channelColours = ['#B3592D', '#399970', '#2C71B7'] as const
/** Colours of picked pixels, in the order they are picked. */
export const pickColours = ['#E49921', '#56A7FD', '#399970', '#D490C9', '#B3592D', '#9776DB'] as const
