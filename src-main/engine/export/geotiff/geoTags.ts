/**
 * Where the pixels lie: transform and CRS as GeoTIFF tags (OGC 19-008).
 *
 * The CRS keys of the source are carried over verbatim. Where a source had none (a CRS from another format) and its EPSG
 * code is known, the shortest set of keys that names the code is written; of another system its WKT, as ESRI's programs write it.
 */
import type { Affine, Grid } from '#common/domain/grid.ts'
import { wktOf } from '../../data/wkt.ts'
import { ascii, doubles, shorts, type Tag } from './directory.ts'

const modelPixelScale = 33550
const modelTiepoint = 33922
const modelTransformation = 34264
const geoKeyDirectory = 34735
const geoDoubleParams = 34736
const geoAsciiParams = 34737

const rasterTypeKey = 1025
const pixelIsPoint = 2

export function geoTags(grid: Grid): Tag[] {
  const keys = keyTags(grid)
  return grid.georeferenced ? [...transformTags(grid.transform, isPixelPoint(keys)), ...keys] : keys
}

/** `grid.transform` speaks of pixel corners; with PixelIsPoint keys the tags must speak of pixel centres. */
function transformTags([a, b, c, d, e, f]: Affine, pointKeys: boolean): Tag[] {
  const x = pointKeys ? c + (a + b) / 2 : c
  const y = pointKeys ? f + (d + e) / 2 : f
  const northUp = b === 0 && d === 0 && a > 0 && e < 0
  if (northUp) return [doubles(modelPixelScale, [a, -e, 0]), doubles(modelTiepoint, [0, 0, 0, x, y, 0])]
  return [doubles(modelTransformation, [a, b, 0, x, d, e, 0, y, 0, 0, 0, 0, 0, 0, 0, 1])]
}

function keyTags({ geoKeys, crs }: Grid): Tag[] {
  const directory = geoKeys.GeoKeyDirectory
  if (Array.isArray(directory) && directory.length >= 4) {
    const { GeoDoubleParams: numbers, GeoAsciiParams: text } = geoKeys
    const tags = [shorts(geoKeyDirectory, directory)]
    if (Array.isArray(numbers) && numbers.length > 0) tags.push(doubles(geoDoubleParams, numbers))
    if (typeof text === 'string' && text !== '') tags.push(ascii(geoAsciiParams, text.replace(/\0+$/, '')))
    return tags
  }
  const epsg = /^EPSG:(\d+)$/.exec(crs?.code ?? '')
  if (epsg) return [shorts(geoKeyDirectory, directoryOf(Number(epsg[1]), crs?.unit === 'degree'))]
  const wkt = crs && wktOf(crs)
  if (!wkt) return []
  const citation = `ESRI PE String = ${wkt}|`
  return [shorts(geoKeyDirectory, citedDirectory(citation.length, isGeographic(wkt))), ascii(geoAsciiParams, citation)]
}

const userDefined = 32_767
const isGeographic = (wkt: string): boolean => /^GEO/i.test(wkt)

/** As below, with the system told in a citation. */
const citedDirectory = (length: number, geographic: boolean): number[] =>
  [
    [1, 1, 0, 4],
    [1024, 0, 1, geographic ? 2 : 1],
    [rasterTypeKey, 0, 1, 1],
    ...(geographic
      ? [
          [2048, 0, 1, userDefined],
          [2049, geoAsciiParams, length, 0],
        ]
      : [
          [3072, 0, 1, userDefined],
          [3073, geoAsciiParams, length, 0],
        ]),
  ].flat()

/** GTModelType (1 projected, 2 geographic), GTRasterType (1 pixel is area), and the code of the CRS. */
const directoryOf = (epsg: number, geographic: boolean): number[] =>
  [
    [1, 1, 0, 3],
    [1024, 0, 1, geographic ? 2 : 1],
    [rasterTypeKey, 0, 1, 1],
    [geographic ? 2048 : 3072, 0, 1, epsg],
  ].flat()

function isPixelPoint(tags: readonly Tag[]): boolean {
  const directory = tags.find(({ id }) => id === geoKeyDirectory)?.values
  if (!directory) return false
  for (let i = 4; i + 3 < directory.length; i += 4) {
    if (directory[i] === rasterTypeKey) return directory[i + 3] === pixelIsPoint
  }
  return false
}
