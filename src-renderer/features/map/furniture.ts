/** The words and marks around a map: scale bar, north, coordinates. */
import proj4, { type Converter } from 'proj4'
import { type Grid, toMap } from '#common/domain/grid.ts'
import { roundLength } from '#common/domain/ground.ts'
import { formatNumber } from '../../lib/format.ts'

export interface ScaleBar {
  readonly pixels: number
  readonly label: string
}

/** The longest bar of 1, 2 or 5 × 10ⁿ units that is at most `room` screen pixels wide. */
export function scaleBar(unitsPerScreenPixel: number, room: number, unit: 'm' | 'px'): ScaleBar {
  const length = roundLength(unitsPerScreenPixel * room)
  const label =
    unit === 'px'
      ? `${formatNumber(length)} px`
      : length >= 1000
        ? `${formatNumber(length / 1000)} km`
        : length >= 1
          ? `${formatNumber(length)} m`
          : `${formatNumber(length * 100)} cm`
  return { pixels: length / unitsPerScreenPixel, label }
}

/** 1 : 36 000 for a screen of 96 pixels per inch, two digits. */
export function scaleRatio(metresPerScreenPixel: number): string {
  return `1 : ${formatNumber(Number((metresPerScreenPixel / 0.000264583).toPrecision(2)), 0)}`
}

/** 31.1472° S 142.3041° E; null where the CRS has no known way to degrees. */
export function degrees(grid: Grid, x: number, y: number): string | null {
  if (!grid.crs) return null
  const place = grid.crs.unit.toLowerCase().startsWith('degree') ? [x, y] : inDegrees(grid.crs.proj4, x, y)
  if (!place?.every(Number.isFinite)) return null
  const [longitude, latitude] = place as [number, number]
  const text = (v: number, positive: string, negative: string): string => `${Math.abs(v).toFixed(4)}° ${v < 0 ? negative : positive}`
  return `${text(latitude, 'N', 'S')} ${text(longitude, 'E', 'W')}`
}

const converters = new Map<string, Converter | null>()
function inDegrees(definition: string | null, x: number, y: number): number[] | null {
  if (!definition) return null
  if (!converters.has(definition)) converters.set(definition, converterOf(definition))
  return converters.get(definition)?.forward([x, y]) ?? null
}
function converterOf(definition: string): Converter | null {
  try {
    return proj4(definition, 'EPSG:4326')
  } catch {
    // A definition proj4 does not know only costs the degrees in the status strip.
    return null
  }
}

/** Names of the two map axes: easting and northing, or longitude and latitude. */
export const axisNames = (grid: Grid): readonly [string, string] =>
  grid.crs?.unit.toLowerCase().startsWith('degree') ? ['Lon', 'Lat'] : ['E', 'N']

/** E 624 310, N 6 552 870 with digits that fit the pixel size. */
export function mapFigures(grid: Grid, column: number, row: number): readonly [string, string] {
  const [x, y] = toMap(grid.transform, column, row)
  const size = Math.max(1e-9, Math.abs(grid.transform[0]) || Math.abs(grid.transform[1]))
  const digits = Math.max(0, Math.min(8, Math.ceil(-Math.log10(size))))
  return [formatNumber(Number(x.toFixed(digits)), digits), formatNumber(Number(y.toFixed(digits)), digits)]
}
