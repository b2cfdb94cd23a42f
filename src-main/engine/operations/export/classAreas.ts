/**
 * Square metres of each class of a map.
 *
 *   a projected grid    pixels × the area of one, as the projection draws it
 *   degrees             pixels of each line × the area of one on the ellipsoid of WGS 84, between its two parallels (Snyder, Map Projections,
 *                       USGS PP 1395, 1987, eq. 3-12):   A(φ) = Δλ a² (1 − e²)/2 · ( sin φ / (1 − e² sin² φ) + ln((1 + e sin φ)/(1 − e sin φ)) / 2e )
 *
 * Memory: some lines of labels.
 */
import { type Grid, pixelSquareMetres } from '#common/domain/grid.ts'
import { eachLine, type ReadLines } from '../../analysis/maps/mappingUnit.ts'
import type { LongRun } from '../../analysis/pace.ts'

export interface ClassAreas {
  /** Of classes 1, 2, … */
  readonly squareMetres: readonly number[]
  /** On what they were measured. */
  readonly on: string
}

const equatorM = 6_378_137
const flattening = 1 / 298.257223563
const e2 = flattening * (2 - flattening)
const radians = Math.PI / 180

/** Square metres between the equator and a parallel, for each radian of longitude. */
function zone(latitude: number): number {
  const sine = Math.sin(latitude * radians)
  const e = Math.sqrt(e2)
  return ((equatorM ** 2 * (1 - e2)) / 2) * (sine / (1 - e2 * sine ** 2) + Math.log((1 + e * sine) / (1 - e * sine)) / (2 * e))
}

/** Null where the grid has no place on the earth, or lies aslant in degrees. @param classes [class − 1] pixels of each */
export async function classAreas(grid: Grid, classes: readonly number[], read: ReadLines, run: LongRun): Promise<ClassAreas | null> {
  const { georeferenced, crs, width, height, transform } = grid
  const pixel = pixelSquareMetres(grid)
  if (!georeferenced || !crs) return null
  if (pixel !== null) return { squareMetres: classes.map((pixels) => pixels * pixel), on: `map projection (${crs.code ?? crs.name})` }
  const [a, b, , d, e, f] = transform
  if (crs.unit !== 'degree' || b !== 0 || d !== 0) return null
  const squareMetres = new Float64Array(classes.length + 1)
  const counts = new Float64Array(classes.length + 1)
  await eachLine(read, width, height, run, (line, y) => {
    counts.fill(0)
    for (const label of line) counts[label]++
    const ofPixel = Math.abs(a) * radians * Math.abs(zone(f + e * y) - zone(f + e * (y + 1)))
    for (let label = 1; label < counts.length; label++) squareMetres[label] += counts[label] * ofPixel
  })
  return { squareMetres: [...squareMetres.subarray(1)], on: 'ellipsoid (WGS 84)' }
}
