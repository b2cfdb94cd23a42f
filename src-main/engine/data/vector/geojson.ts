/**
 * GeoJSON: RFC 7946 (always longitude and latitude on WGS 84), and older files with a `crs` member. The whole text is parsed at once,
 * so files are limited to 64 MB; memory is a few times that.
 */
import type { Crs } from '#common/domain/grid.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { crsFromEpsg } from '../crs.ts'
import { openRandomAccess } from '../readers/randomAccess.ts'
import type { AttributeValue, Geometry, VectorFeature, VectorLayer } from './layer.ts'

const largestBytes = 64 << 20
const deepestCollection = 16
const mostFields = 10_000

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

export async function openGeojson(path: string): Promise<VectorLayer> {
  const root = await parse(path)
  const features = featuresOf(root, path)
  const fields = new Set<string>()
  for (const feature of features) {
    if (isObject(feature.properties)) for (const name of Object.keys(feature.properties)) if (fields.size < mostFields) fields.add(name)
  }
  return {
    path,
    format: 'GeoJSON',
    crs: await crsOf(root, path),
    fields: [...fields],
    files: [path],
    async *features(signal) {
      for (const [i, feature] of features.entries()) {
        if (signal && i % 256 === 0) throwIfCancelled(signal)
        yield { ...geometryOf(feature.geometry, path, i), attributes: attributesOf(feature.properties) } satisfies VectorFeature
      }
    },
    close: async () => {},
  }
}

async function parse(path: string): Promise<Json> {
  const file = await openRandomAccess(path)
  try {
    if (file.size > largestBytes)
      throw new StratumError(
        'MEMORY_EXCEEDED',
        `The GeoJSON file has ${Math.round(file.size / 1e6)} MB; at most ${largestBytes >> 20} MB are read.`,
        'Save it as a GeoPackage: ogr2ogr out.gpkg in.geojson',
        { path },
      )
    const text = new TextDecoder('utf-8').decode(await file.read(0, file.size, 'the file'))
    const root: unknown = JSON.parse(text.replace(/^\u001e/, ''))
    if (isObject(root)) return root
    throw wrong(path, 'it is not an object')
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw wrong(path, thrown.message)
    throw thrown
  } finally {
    await file.close()
  }
}

const wrong = (path: string, what: string, feature?: number): StratumError =>
  new StratumError(
    'FILE_CORRUPT',
    `The file is no sound GeoJSON${feature === undefined ? '' : ` in feature ${feature + 1}`}: ${what}.`,
    'Fetch the file again, or save it again: ogr2ogr out.geojson in.geojson',
    feature === undefined ? { path } : { path, feature: feature + 1 },
  )

function featuresOf(root: Json, path: string): Json[] {
  if (root.type === 'FeatureCollection') {
    if (!Array.isArray(root.features)) throw wrong(path, 'it has no list of features')
    return root.features.map((feature: unknown, i) => {
      if (!isObject(feature)) throw wrong(path, 'it is not an object', i)
      return feature
    })
  }
  if (root.type === 'Feature') return [root]
  if (typeof root.type === 'string' && (Array.isArray(root.coordinates) || Array.isArray(root.geometries)))
    return [{ geometry: root, properties: {} }]
  throw wrong(path, root.type === 'Topology' ? 'this is TopoJSON' : `its type is ${String(root.type).slice(0, 40)}`)
}

/** "urn:ogc:def:crs:EPSG::32633", "EPSG:32633", "urn:ogc:def:crs:OGC:1.3:CRS84"; positions are always x before y. */
async function crsOf({ crs }: Json, path: string): Promise<Crs> {
  if (crs === undefined || crs === null) return crsFromEpsg(4326)
  const name = isObject(crs) && isObject(crs.properties) ? String(crs.properties.name ?? '') : ''
  if (/CRS:?84$/i.test(name)) return crsFromEpsg(4326)
  const code = /EPSG:(?:[\d.]*:)?(\d+)$/i.exec(name)?.[1]
  if (code) return crsFromEpsg(Number(code))
  throw new StratumError(
    'FORMAT_UNSUPPORTED',
    `The coordinate reference system "${name.slice(0, 80)}" of the GeoJSON is not known.`,
    'Save it in longitude and latitude: ogr2ogr -t_srs EPSG:4326 out.geojson in.geojson',
    { path },
  )
}

function attributesOf(properties: unknown): Record<string, AttributeValue> {
  if (!isObject(properties)) return {}
  return Object.fromEntries(
    Object.entries(properties)
      .slice(0, mostFields)
      .map(([name, value]) => [
        name,
        typeof value === 'string' || typeof value === 'number'
          ? value
          : value === null || value === undefined
            ? null
            : typeof value === 'boolean'
              ? Number(value)
              : JSON.stringify(value),
      ]),
  )
}

function geometryOf(geometry: unknown, path: string, feature: number): Geometry {
  const rings: Float64Array[] = []
  const points: number[] = []
  let skipped = 0
  const list = (value: unknown): readonly unknown[] => {
    if (!Array.isArray(value)) throw wrong(path, 'its coordinates are no list', feature)
    return value
  }
  const position = (value: unknown): [number, number] => {
    const [x, y] = list(value)
    if (typeof x !== 'number' || typeof y !== 'number' || !Number.isFinite(x) || !Number.isFinite(y))
      throw wrong(path, 'a position is not two numbers', feature)
    return [x, y]
  }
  const polygon = (value: unknown): void => {
    for (const ring of list(value)) rings.push(Float64Array.from(list(ring).flatMap(position)))
  }
  const add = (part: unknown, depth: number): void => {
    if (part === null || part === undefined) return
    if (!isObject(part) || depth > deepestCollection) throw wrong(path, 'its geometry is nonsense', feature)
    switch (part.type) {
      case 'Polygon':
        polygon(part.coordinates)
        return
      case 'MultiPolygon':
        for (const one of list(part.coordinates)) polygon(one)
        return
      case 'Point':
        points.push(...position(part.coordinates))
        return
      case 'MultiPoint':
        for (const point of list(part.coordinates)) points.push(...position(point))
        return
      case 'GeometryCollection':
        for (const inner of list(part.geometries)) add(inner, depth + 1)
        return
      case 'LineString':
      case 'MultiLineString':
        skipped++
        return
      default:
        throw wrong(path, `its geometry is of type ${String(part.type).slice(0, 40)}`, feature)
    }
  }
  add(geometry, 0)
  return { rings, points, skipped }
}
