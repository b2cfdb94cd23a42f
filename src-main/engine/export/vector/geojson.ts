/**
 * Polygons as GeoJSON (RFC 7946): degrees of WGS 84, longitude first, outer rings counter-clockwise, cut at the antimeridian, written as they
 * come. Memory: one polygon as text, and some more that wait to be written together.
 */
import type { Grid } from '#common/domain/grid.ts'
import { toMap } from '#common/domain/grid.ts'
import { StratumError } from '#common/errors.ts'
import { converter, crsFromEpsg } from '../../data/crs.ts'
import { type ExportedFile, writeOutputFile } from '../outputFile.ts'
import { acrossAntimeridian } from './antimeridian.ts'
import { type Coordinates, type PolygonLayer, ringInDegrees } from './features.ts'

/** About a millimetre. */
const digits = 8
const flushBytes = 1 << 20

/** @throws DATA_UNSUITABLE where it is not known where on the earth the grid lies */
export async function writeGeojson(path: string, layer: PolygonLayer, { crs, transform, georeferenced }: Grid): Promise<ExportedFile> {
  const toDegrees = georeferenced && crs ? converter(crs, await crsFromEpsg(4326)) : null
  if (!toDegrees)
    throw new StratumError(
      'DATA_UNSUITABLE',
      'GeoJSON is in degrees, and where this scene lies on the earth is not known.',
      'Write them as .gpkg, which holds any coordinates, or as .csv.',
      { path },
    )
  const place = (x: number, y: number): [number, number] => toDegrees(...toMap(transform, x, y))
  const ringText = (ring: Coordinates): string => {
    const corners: string[] = []
    for (let i = 0; i < ring.length; i += 2) corners.push(`[${Number(ring[i].toFixed(digits))},${Number(ring[i + 1].toFixed(digits))}]`)
    return `[${corners.join(',')}]`
  }
  return writeOutputFile(path, layer.name, async (out) => {
    const encoder = new TextEncoder()
    let text = '{"type":"FeatureCollection","features":['
    let first = true
    for await (const { id, polygons, values } of layer.features) {
      const parts = polygons
        .flatMap(({ outer, holes }) => acrossAntimeridian([outer, ...holes].map((ring) => ringInDegrees(ring, place))))
        .map((rings) => `[${rings.map(ringText).join(',')}]`)
      const geometry =
        parts.length === 1 ? `{"type":"Polygon","coordinates":${parts[0]}}` : `{"type":"MultiPolygon","coordinates":[${parts.join(',')}]}`
      const properties = JSON.stringify(Object.fromEntries(layer.fields.map(({ name }, i) => [name, values[i]])))
      text += `${first ? '' : ','}\n{"type":"Feature","id":${id},"geometry":${geometry},"properties":${properties}}`
      first = false
      if (text.length < flushBytes) continue
      await out.append(encoder.encode(text))
      text = ''
    }
    await out.append(encoder.encode(`${text}\n]}\n`))
  })
}
