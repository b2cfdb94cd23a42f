/** How large and which way round a grid lies on the ground: for scale bars, areas and north arrows, on screen and in figures. */
import { type Grid, toMap } from './grid.ts'

/** Along a meridian of the WGS 84 sphere. */
const metresPerDegree = 111_319.49

/** Metres per unit of the CRS; feet are those of the survey and of the international definition. */
const metresPer: Readonly<Record<string, number>> = {
  metre: 1,
  meter: 1,
  m: 1,
  kilometre: 1000,
  foot: 0.3048,
  ft: 0.3048,
  'us survey foot': 1200 / 3937,
  foot_us: 1200 / 3937,
  'us-ft': 1200 / 3937,
}

/** Ground size of a pixel in metres, along a row and along a column; null where the unit is not known. Degrees are taken at the middle of the grid. */
export function pixelMetres(grid: Grid): readonly [number, number] | null {
  if (!grid.georeferenced || !grid.crs) return null
  const [a, b, , d, e] = grid.transform
  if ((a === 0 && b === 0) || (d === 0 && e === 0)) return null
  const unit = grid.crs.unit.toLowerCase()
  if (unit.startsWith('deg')) {
    const [, latitude] = toMap(grid.transform, grid.width / 2, grid.height / 2)
    const east = metresPerDegree * Math.cos((latitude * Math.PI) / 180)
    return [Math.hypot(a * east, d * metresPerDegree), Math.hypot(b * east, e * metresPerDegree)]
  }
  const metres = metresPer[unit]
  return metres === undefined ? null : [Math.hypot(a, d) * metres, Math.hypot(b, e) * metres]
}

/** The largest 1, 2 or 5 × 10ⁿ that is not longer. */
export function roundLength(length: number): number {
  const power = 10 ** Math.floor(Math.log10(length))
  const factor = [5, 2, 1].find((f) => f * power <= length * (1 + 1e-9)) ?? 1
  return Number((factor * power).toPrecision(1))
}

/** Clockwise angle in degrees from 'up in the picture' to grid north; null when the grid has no place. */
export function northAngle({ georeferenced, transform: [a, b, , d, e] }: Grid): number | null {
  const determinant = a * e - b * d
  if (!georeferenced || determinant === 0) return null
  // Columns and rows moved when y grows by one: the inverse of the transform applied to (0, 1).
  return (Math.atan2(-b / determinant, -a / determinant) * 180) / Math.PI
}
