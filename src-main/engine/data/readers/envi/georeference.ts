/** Where an ENVI raster lies: `map info` for the transform, `coordinate system string` or the projection in `map info` for the system. */
import type { Finding } from '#common/domain/dataset.ts'
import type { Affine, Crs, Grid } from '#common/domain/grid.ts'
import { crsFromEpsg, crsFromWkt } from '../../crs.ts'
import { type EnviHeader, listOf } from './header.ts'

export async function enviGrid({ fields, samples, lines }: EnviHeader, findings: Finding[]): Promise<Grid> {
  const info = listOf(fields.get('map info'))
  const transform = transformOf(info)
  const wkt = fields.get('coordinate system string')
  const crs = (wkt ? await crsFromWkt(wkt) : null) ?? (await crsOfMapInfo(info))
  if (!transform)
    findings.push({
      severity: 'warning',
      code: 'NO_GEOREFERENCE',
      message: fields.has('geo points')
        ? 'The file is located by points at its corners, not by a grid.'
        : 'The header does not say where the raster lies; positions are columns and rows.',
      hint: 'Maps made from it line up with this file, but not with other layers.',
    })
  else if (!crs)
    findings.push({
      severity: 'warning',
      code: 'NO_CRS',
      message: 'The header names no coordinate reference system that is known.',
      hint: 'Exports carry the same positions, without a system. Assign one with gdal_edit.py -a_srs EPSG:… if you know it.',
    })
  return {
    width: samples,
    height: lines,
    transform: transform ?? [1, 0, 0, 0, 1, 0],
    georeferenced: transform !== null,
    crs: transform ? crs : null,
    geoKeys: {},
  }
}

/** {projection, reference pixel x, y (1 = the outer corner of the first), x, y there, pixel size x, y, …, rotation=degrees} */
function transformOf(info: readonly string[]): Affine | null {
  const [pixelX, pixelY, x, y, sizeX, sizeY] = info.slice(1, 7).map(Number)
  if (info.length < 7 || ![pixelX, pixelY, x, y, sizeX, sizeY].every(Number.isFinite) || !sizeX || !sizeY) return null
  const turned = Number(/rotation\s*=\s*([-+\d.eE]+)/i.exec(info.join(','))?.[1] ?? 0)
  const angle = Number.isFinite(turned) ? (-turned * Math.PI) / 180 : 0
  const [cos, sin] = angle === 0 ? [1, 0] : [Math.cos(angle), Math.sin(angle)]
  return [
    cos * sizeX,
    sin === 0 ? 0 : -sin * sizeX,
    (x as number) - ((pixelX as number) - 1) * sizeX,
    sin === 0 ? 0 : -sin * sizeY,
    -cos * sizeY,
    (y as number) + ((pixelY as number) - 1) * sizeY,
  ]
}

/** EPSG codes of UTM zone 0 of a datum, north and south. */
const utmBases: readonly (readonly [datum: RegExp, north: number, south: number | null, geographic: number])[] = [
  [/^wgs[-\s]?84$/i, 32_600, 32_700, 4326],
  [/^(north america 1983|nad[-\s]?83)$/i, 26_900, null, 4269],
  [/^(north america 1927|nad[-\s]?27)$/i, 26_700, null, 4267],
  [/^wgs[-\s]?72$/i, 32_200, 32_300, 4322],
  [/^(european terrestrial reference system 1989|etrs[-\s]?89)$/i, 25_800, null, 4258],
]

async function crsOfMapInfo(info: readonly string[]): Promise<Crs | null> {
  const projection = info[0]?.toLowerCase() ?? ''
  const datumOf = (text: string | undefined) => utmBases.find(([datum]) => datum.test(text ?? ''))
  if (projection === 'utm') {
    const zone = Number(info[7])
    const base = datumOf(info[9] ?? 'WGS-84')
    const start = /^s/i.test(info[8] ?? '') ? base?.[2] : base?.[1]
    return Number.isInteger(zone) && zone >= 1 && zone <= 60 && start ? crsFromEpsg(start + zone) : null
  }
  if (/^geographic/.test(projection)) {
    const base = datumOf(info[7] ?? 'WGS-84')
    return base ? crsFromEpsg(base[3]) : null
  }
  return null
}
