/**
 * Where the raster lies: affine transform and coordinate reference system from the GeoTIFF keys (OGC 19-008r4).
 * The three key tags are kept word for word, so that an export carries the very same system.
 */
import type { Finding } from '#common/domain/dataset.ts'
import type { Affine, Crs, Grid } from '#common/domain/grid.ts'
import { crsFromWkt } from '../../crs.ts'
import { epsgEntry } from './epsg.ts'
import { projectionOf } from './projection.ts'
import { type RawDirectory, type TiffFile, readNumbers, readText } from './structure.ts'

const userDefined = 32_767

/** What files beside say, used where the file itself says nothing: the place of a world file, the system of an auxiliary file. */
export interface GridBeside {
  readonly transform: Affine | null
  readonly wkt: string | null
}

export async function readGrid(
  tiff: TiffFile,
  directory: RawDirectory,
  width: number,
  height: number,
  beside: GridBeside,
  findings: Finding[],
): Promise<Grid> {
  const keyDirectory = await readNumbers(tiff, directory, 34735, 16_384)
  const doubles = await readNumbers(tiff, directory, 34736, 16_384)
  const ascii = await readText(tiff, directory, 34737)
  const keys = readKeys(keyDirectory, doubles, ascii)
  const pixelIsPoint = keys.get(1025) === 2
  const transform = (await readTransform(tiff, directory, pixelIsPoint, findings)) ?? beside.transform
  const crs = (await crsOf(keys)) ?? (beside.wkt === null ? null : await crsFromWkt(beside.wkt))
  if (!transform)
    findings.push({
      severity: 'warning',
      code: 'NO_GEOREFERENCE',
      message: 'The file does not say where it lies; positions are columns and rows.',
      hint: 'Maps made from it line up with this file, but not with other layers.',
    })
  else if (!crs)
    findings.push({
      severity: 'warning',
      code: 'NO_CRS',
      message: 'The file has no coordinate reference system.',
      hint: 'Exports carry the same positions, also without one. Assign one with gdal_edit.py -a_srs EPSG:… if you know it.',
    })
  const geoKeys: Record<string, number[] | string> = {}
  if (keyDirectory) geoKeys.GeoKeyDirectory = Array.from(keyDirectory)
  if (doubles) geoKeys.GeoDoubleParams = Array.from(doubles)
  if (ascii !== null) geoKeys.GeoAsciiParams = ascii
  return { width, height, transform: transform ?? [1, 0, 0, 0, 1, 0], georeferenced: transform !== null, crs, geoKeys }
}

type Keys = ReadonlyMap<number, number | string>

/** Entries of four: key, tag where the value lies (0: here), count, value or index. */
function readKeys(directory: Float64Array | null, doubles: Float64Array | null, ascii: string | null): Keys {
  const keys = new Map<number, number | string>()
  if (!directory || directory.length < 4) return keys
  for (let i = 4; i + 3 < directory.length; i += 4) {
    const [key, location, count, value] = directory.subarray(i, i + 4) as unknown as [number, number, number, number]
    if (location === 0) keys.set(key, value)
    else if (location === 34736 && doubles && value < doubles.length) keys.set(key, doubles[value] as number)
    else if (location === 34737 && ascii) keys.set(key, ascii.slice(value, value + count).replace(/[|\0]+$/, ''))
  }
  return keys
}

/** GDAL's order: pixel scale with a tie point first, then a matrix. Positions are of pixel corners; a "point" file gives centres. */
async function readTransform(tiff: TiffFile, directory: RawDirectory, pixelIsPoint: boolean, findings: Finding[]): Promise<Affine | null> {
  const matrix = await readNumbers(tiff, directory, 34264, 16)
  const scale = await readNumbers(tiff, directory, 33550, 64)
  const ties = await readNumbers(tiff, directory, 33922, 600_000)
  let affine: Affine | null = null
  if (scale && scale.length >= 2 && ties && ties.length >= 6 && scale[0] !== 0 && scale[1] !== 0) {
    const [sx, sy] = [scale[0] as number, scale[1] as number]
    const [column, row, , x, y] = ties as unknown as [number, number, number, number, number]
    affine = [sx, 0, x - column * sx, 0, -sy, y + row * sy]
  } else if (matrix && matrix.length === 16) {
    affine = [matrix[0], matrix[1], matrix[3], matrix[4], matrix[5], matrix[7]] as Affine
  } else if (ties && ties.length > 6) {
    findings.push({
      severity: 'warning',
      code: 'GCPS',
      message: `The file is located by ${Math.floor(ties.length / 6)} ground control points, not by a grid.`,
      hint: 'Maps would lose the position: warp it to a grid first with gdalwarp in.tif grid.tif.',
    })
  }
  if (!affine || affine.some((value) => !Number.isFinite(value)) || affine[0] * affine[4] === affine[1] * affine[3]) return null
  if (!pixelIsPoint) return affine
  const [a, b, c, d, e, f] = affine
  return [a, b, c - (a + b) / 2, d, e, f - (d + e) / 2]
}

const linearUnits: Readonly<Record<number, string>> = { 9001: 'metre', 9002: 'foot', 9003: 'US survey foot', 9036: 'kilometre' }
const angularUnits: Readonly<Record<number, string>> = { 9101: 'radian', 9102: 'degree', 9105: 'grad' }

async function crsOf(keys: Keys): Promise<Crs | null> {
  const model = keys.get(1024)
  const projected = keys.get(3072)
  const geographic = keys.get(2048)
  if (projected === undefined && geographic === undefined && keys.get(1026) === undefined) return null
  const isGeographic = model === 2 || (model === undefined && projected === undefined)
  const code = isGeographic ? geographic : projected
  const entry = typeof code === 'number' && code > 0 && code !== userDefined ? await epsgEntry(code) : null
  const unitCode = keys.get(isGeographic ? 2054 : 3076)
  const keyUnit = typeof unitCode === 'number' ? (isGeographic ? angularUnits : linearUnits)[unitCode] : undefined
  return {
    code: typeof code === 'number' && code > 0 && code !== userDefined ? `EPSG:${code}` : null,
    name:
      entry?.name ?? citation(keys, isGeographic) ?? (typeof code === 'number' && code !== userDefined ? `EPSG:${code}` : 'Unnamed system'),
    unit: keyUnit ?? entry?.unit?.replace(/ \(.*\)$/, '') ?? (isGeographic ? 'degree' : 'metre'),
    proj4: entry?.proj4 ?? (isGeographic ? null : await projectionOf(keys)) ?? (await esriDefinition(keys)),
  }
}

/** ESRI writes the whole system as text into a citation. */
async function esriDefinition(keys: Keys): Promise<string | null> {
  for (const key of [3073, 2049, 1026]) {
    const text = keys.get(key)
    const wkt = typeof text === 'string' ? /ESRI PE String = (.*)/s.exec(text)?.[1] : undefined
    if (wkt) return (await crsFromWkt(wkt.replace(/\|+$/, '')))?.proj4 ?? null
  }
  return null
}

function citation(keys: Keys, isGeographic: boolean): string | null {
  for (const key of isGeographic ? [2049, 1026] : [3073, 1026]) {
    const text = keys.get(key)
    // ESRI writes "ESRI PE String = PROJCS["name", …", others "PCS Name = name|…".
    if (typeof text === 'string' && text !== '')
      return (/\[["'](.*?)["']/.exec(text)?.[1] ?? /(?:PCS|GCS) Name = ([^|]*)/.exec(text)?.[1] ?? text.split('|')[0] ?? text).trim()
  }
  return null
}
