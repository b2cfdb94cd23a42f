/** Vector files by their content: GeoJSON, GeoPackage, Shapefile. `file.gpkg|layername=fields` names a layer, as in QGIS. */
import { closeSync, openSync, readSync } from 'node:fs'
import { resolve } from 'node:path'
import { StratumError } from '#common/errors.ts'
import type { VectorLayer } from './layer.ts'

export interface VectorPlace {
  readonly path: string
  readonly layer: string | undefined
}

export function parsePlace(text: string): VectorPlace {
  const [path = '', ...parts] = text.split('|')
  const layer = parts.map((part) => /^\s*layer(?:name)?\s*=\s*(.+?)\s*$/i.exec(part)?.[1]).find((name) => name !== undefined)
  return { path: resolve(path), layer }
}

export type VectorFormat = VectorLayer['format']

/** By the first bytes; null for what is no vector file. */
export function vectorFormat(head: Uint8Array, path: string): VectorFormat | null {
  const text = new TextDecoder('latin1').decode(head)
  if (text.startsWith('SQLite format 3')) return 'GeoPackage'
  if (head[0] === 0 && head[1] === 0 && head[2] === 0x27 && head[3] === 0x0a) return 'Shapefile'
  if (!/^(?:\u00ef\u00bb\u00bf|\u001e)?\s*\{/.test(text)) return null
  if (/\.geojson$/i.test(path)) return 'GeoJSON'
  return /"type"\s*:\s*"(FeatureCollection|Feature|(Multi)?(Polygon|Point)|GeometryCollection)"/.test(text) ? 'GeoJSON' : null
}

/** Whether a path (with or without a layer) leads to a vector file. */
export function isVectorFile(text: string): boolean {
  const { path } = parsePlace(text)
  const head = new Uint8Array(4096)
  let handle: number
  try {
    handle = openSync(path, 'r')
  } catch {
    // Whoever opens it next says why it cannot be opened.
    return false
  }
  try {
    return vectorFormat(head.subarray(0, readSync(handle, head, 0, head.length, 0)), path) !== null
  } catch {
    // A folder.
    return false
  } finally {
    closeSync(handle)
  }
}

/** Throws FILE_NOT_FOUND …, FORMAT_UNKNOWN, FILE_CORRUPT. Close it when done. */
export async function openVector({ path, layer }: VectorPlace): Promise<VectorLayer> {
  const { openRandomAccess } = await import('../readers/randomAccess.ts')
  const file = await openRandomAccess(path)
  let format: VectorFormat | null
  try {
    format = vectorFormat(await file.readUpTo(0, 4096), path)
  } finally {
    await file.close()
  }
  if (format === 'GeoPackage') return (await import('./geopackage.ts')).openGeopackage(path, layer)
  if (format === 'Shapefile') return (await import('./shapefile.ts')).openShapefile(path)
  if (format === 'GeoJSON') return (await import('./geojson.ts')).openGeojson(path)
  throw new StratumError(
    'FORMAT_UNKNOWN',
    'This is no GeoJSON, GeoPackage or Shapefile.',
    'Save the polygons as a GeoPackage: ogr2ogr out.gpkg in.kml',
    { path },
  )
}
