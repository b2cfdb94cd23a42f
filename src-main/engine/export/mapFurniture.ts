/** Scale bar and north arrow of a map figure, from the grid alone. */
import type { Grid } from '#common/domain/grid.ts'

/** Metres per unit of the CRS; feet are those of the survey and the international definition. */
const metresPer: Readonly<Record<string, number>> = {
  metre: 1,
  meter: 1,
  m: 1,
  kilometre: 1000,
  foot: 0.3048,
  'us survey foot': 1200 / 3937,
  foot_us: 1200 / 3937,
  'us-ft': 1200 / 3937,
  ft: 0.3048,
}
const metresPerDegree = 111_320

export interface ScaleBar {
  /** Length in pixels of the map. */
  readonly pixels: number
  /** '500 m', '2 km', '100 px'. */
  readonly label: string
}

/** A round length, 1, 2 or 5 × 10ⁿ, of at most `most` map pixels along a row. In pixels where the ground size is not known. */
export function scaleBar(grid: Grid, most: number): ScaleBar {
  const metres = metresPerPixel(grid)
  if (metres === null) {
    const pixels = Math.max(1, roundLength(most))
    return { pixels, label: `${pixels} px` }
  }
  const length = roundLength(most * metres)
  return { pixels: length / metres, label: lengthLabel(length) }
}

const lengthLabel = (metres: number): string =>
  metres >= 1000
    ? `${metres / 1000} km`
    : metres >= 1
      ? `${metres} m`
      : metres >= 0.01
        ? `${Number((metres * 100).toPrecision(1))} cm`
        : `${Number((metres * 1000).toPrecision(1))} mm`

/** Along a row, at the middle of the map; null when the unit is not known. */
export function metresPerPixel({ georeferenced, crs, transform: [a, b, , d, e, f], width, height }: Grid): number | null {
  if (!georeferenced || !crs) return null
  if (/^deg/i.test(crs.unit)) {
    const latitude = f + (d * width + e * height) / 2
    return Math.hypot(a * Math.cos((latitude * Math.PI) / 180), d) * metresPerDegree
  }
  const metres = metresPer[crs.unit.toLowerCase()]
  return metres === undefined || (a === 0 && b === 0) ? null : Math.hypot(a, d) * metres
}

/** The largest 1, 2 or 5 × 10ⁿ that is not longer. */
export function roundLength(length: number): number {
  const power = 10 ** Math.floor(Math.log10(length))
  const factor = [5, 2, 1].find((f) => f * power <= length * (1 + 1e-9)) ?? 1
  return Number((factor * power).toPrecision(1))
}

/** Clockwise angle in degrees from 'up in the picture' to grid north; null when the map has no place. */
export function northAngle({ georeferenced, transform: [a, b, , d, e] }: Grid): number | null {
  const determinant = a * e - b * d
  if (!georeferenced || determinant === 0) return null
  // Columns and rows moved when y grows by one: the inverse of the transform applied to (0, 1).
  return (Math.atan2(-b / determinant, -a / determinant) * 180) / Math.PI
}
