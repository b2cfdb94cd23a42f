/**
 * Polygons as GeoJSON (RFC 7946): degrees of WGS 84, longitude first, outer rings counter-clockwise, cut at the antimeridian, written as they
 * come. Memory: one polygon, see antimeridian.ts, and a megabyte of text.
 */
import type { Grid } from '#common/domain/grid.ts'
import { toMap } from '#common/domain/grid.ts'
import { StratumError } from '#common/errors.ts'
import { converter, crsFromEpsg } from '../../data/crs.ts'
import { type ExportedFile, writeOutputFile } from '../outputFile.ts'
import { acrossAntimeridian } from './antimeridian.ts'
import type { GridPolygon } from '../../analysis/maps/polygons.ts'
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
    const write = async (more: string): Promise<void> => {
      text += more
      if (text.length < flushBytes) return
      await out.append(encoder.encode(text))
      text = ''
    }
    let first = true
    for await (const { id, polygons, values } of layer.features) {
      // Nearly all are one polygon, and whether one is cut is known only when it is placed.
      const parts = polygons.flatMap((polygon) => [...acrossAntimeridian(ringsInDegrees(polygon, place))])
      await write(
        `${first ? '' : ','}\n{"type":"Feature","id":${id},"geometry":{"type":"${parts.length === 1 ? 'Polygon' : 'MultiPolygon'}","coordinates":`,
      )
      first = false
      if (parts.length > 1) await write('[')
      for (const [i, rings] of parts.entries()) {
        let before = i === 0 ? '[' : ',['
        for (const ring of rings) {
          await write(before + ringText(ring))
          before = ','
        }
        await write(']')
      }
      if (parts.length > 1) await write(']')
      const properties = JSON.stringify(Object.fromEntries(layer.fields.map(({ name }, i) => [name, values[i]])))
      await write(`},"properties":${properties}}`)
    }
    await out.append(encoder.encode(`${text}\n]}\n`))
  })
}

/** The same each time it is gone through; the outer ring is placed once. */
function ringsInDegrees({ outer, holes }: GridPolygon, place: (x: number, y: number) => [number, number]): Iterable<Coordinates> {
  const first = ringInDegrees(outer, place)
  return {
    *[Symbol.iterator]() {
      yield first
      for (const hole of holes) yield ringInDegrees(hole, place)
    },
  }
}
