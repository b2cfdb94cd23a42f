/** Polygons of a file on the grid of a scene: reprojected, and given pixel by pixel to whoever asks. Later features lie over earlier ones. */
import { type Crs, type Grid, toMap } from '#common/domain/grid.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { converter } from '../crs.ts'
import type { VectorFeature, VectorLayer } from './layer.ts'
import { fillRings, type Span, toPixel } from './rasterise.ts'

export interface Burnt {
  readonly features: number
  readonly pixels: number
  /** Features with corners that have no place in the system of the scene; they are left out. */
  readonly unplaced: number
}

const degrees: Crs = { code: 'EPSG:4326', name: 'WGS 84', unit: 'degree', proj4: '+proj=longlat +datum=WGS84 +no_defs' }

/**
 * @param value what the pixels of a feature get; null leaves the feature out
 * @param put a span of pixels and their value; pixels may come more than once
 * @throws DATA_UNSUITABLE: no place or system of the scene or of the polygons, no polygons, no overlap
 */
export async function burn<T>(
  layer: VectorLayer,
  grid: Grid,
  value: (feature: VectorFeature) => T | null,
  put: (y: number, xFrom: number, xTo: number, value: T) => void,
  signal?: AbortSignal,
): Promise<Burnt> {
  const convert = intoScene(layer, grid)
  const place = toPixel(grid.transform)
  const extent = { x0: Number.POSITIVE_INFINITY, x1: Number.NEGATIVE_INFINITY, y0: Number.POSITIVE_INFINITY, y1: Number.NEGATIVE_INFINITY }
  let [features, pixels, skipped, seen, unplaced] = [0, 0, 0, 0, 0]

  const project = (from: ArrayLike<number>): Float64Array => {
    const out = new Float64Array(from.length)
    for (let i = 0; i + 1 < from.length; i += 2)
      [out[i], out[i + 1]] = convert(from[i] as number, from[i + 1] as number) as [number, number]
    return out
  }
  /** From map to pixel coordinates, in place. */
  const settle = (out: Float64Array): Float64Array => {
    for (let i = 0; i + 1 < out.length; i += 2) {
      const [column, row] = place(out[i] as number, out[i + 1] as number)
      out[i] = column
      out[i + 1] = row
      extent.x0 = Math.min(extent.x0, column)
      extent.x1 = Math.max(extent.x1, column)
      extent.y0 = Math.min(extent.y0, row)
      extent.y1 = Math.max(extent.y1, row)
    }
    return out
  }

  for await (const feature of layer.features(signal)) {
    if (signal) throwIfCancelled(signal)
    skipped += feature.skipped
    if (feature.rings.length === 0 && feature.points.length === 0) continue
    seen++
    const rings = feature.rings.map(project)
    const points = project(feature.points)
    // A corner on the other side of the earth has no place in some projections: then the whole feature is not of this scene.
    if (![...rings, points].every((positions) => positions.every(Number.isFinite))) {
      unplaced++
      continue
    }
    const chosen = value(feature)
    if (chosen === null) continue
    features++
    const span: Span = (y, xFrom, xTo) => {
      pixels += xTo - xFrom
      put(y, xFrom, xTo, chosen)
    }
    fillRings(
      feature.rings.map((ring) => settle(clockwise(project(ring)))),
      grid.width,
      0,
      grid.height,
      span,
    )
    settle(points)
    for (let i = 0; i + 1 < points.length; i += 2) {
      const [x, y] = [Math.floor(points[i] as number), Math.floor(points[i + 1] as number)]
      if (x >= 0 && x < grid.width && y >= 0 && y < grid.height) span(y, x, x + 1)
    }
  }
  const { path } = layer
  if (seen === 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      skipped > 0 ? 'The file holds lines, which have no inside, and no polygons.' : 'The file holds no polygons.',
      'Choose a file with polygons or points.',
      { path },
    )
  if (features === 0 && unplaced > 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      'No polygon has a place in the coordinate reference system of the scene.',
      'Choose polygons of this scene, and check their coordinate reference system.',
      { path },
    )
  if (features > 0 && pixels === 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      apart(grid, extent),
      'Choose polygons of this scene, and check their coordinate reference system.',
      { path },
    )
  return { features, pixels, unplaced }
}

/** The ring in clockwise order on the map: which centres on a level edge are inside depends on it, and GDAL goes round this way. */
function clockwise(ring: Float64Array): Float64Array {
  const n = ring.length >> 1
  let area = 0
  for (let i = 0, j = n - 1; i < n; j = i++)
    area += (ring[j * 2] as number) * (ring[i * 2 + 1] as number) - (ring[i * 2] as number) * (ring[j * 2 + 1] as number)
  if (area <= 0) return ring
  const turned = new Float64Array(n * 2)
  for (let i = 0; i < n; i++) {
    turned[i * 2] = ring[(n - 1 - i) * 2] as number
    turned[i * 2 + 1] = ring[(n - 1 - i) * 2 + 1] as number
  }
  return turned
}

/** From the layer's positions to the scene's. */
function intoScene(layer: VectorLayer, grid: Grid): (x: number, y: number) => [number, number] {
  const { path } = layer
  if (!grid.georeferenced)
    throw new StratumError(
      'DATA_UNSUITABLE',
      'The scene does not say where it lies, so polygons cannot be put onto it.',
      'Use a raster of the same width and height instead of polygons.',
      { path },
    )
  if (!layer.crs && !grid.crs) return (x, y) => [x, y]
  if (!layer.crs)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The polygons have no coordinate reference system${layer.format === 'Shapefile' ? ' (there is no .prj file beside them, or it names none)' : ''}.`,
      `Assign one: ogr2ogr -a_srs ${grid.crs?.code ?? 'EPSG:…'} out.gpkg "${path}"`,
      { path },
    )
  if (!grid.crs)
    throw new StratumError(
      'DATA_UNSUITABLE',
      'The scene has no coordinate reference system, so polygons cannot be put onto it.',
      'Assign one to the scene with gdal_edit.py -a_srs EPSG:…, and import it again.',
      { path },
    )
  const found = converter(layer.crs, grid.crs)
  if (!found) {
    const unknown = layer.crs.proj4 ? grid.crs : layer.crs
    throw new StratumError(
      'DATA_UNSUITABLE',
      `Positions cannot be converted from “${layer.crs.name}” to “${grid.crs.name}”: “${unknown.name}” is not known well enough.`,
      `Reproject the polygons first: ogr2ogr -t_srs ${grid.crs.code ?? 'EPSG:…'} out.gpkg "${path}"`,
      { path },
    )
  }
  return found
}

/** Where the two lie, in degrees where that can be said. */
function apart(grid: Grid, pixels: { x0: number; x1: number; y0: number; y1: number }): string {
  const inDegrees = grid.crs ? converter(grid.crs, degrees) : null
  const box = (x0: number, y0: number, x1: number, y1: number): string => {
    const corners = [toMap(grid.transform, x0, y0), toMap(grid.transform, x1, y1)].map(([x, y]) => (inDegrees ? inDegrees(x, y) : [x, y]))
    const text = (axis: 0 | 1): string =>
      corners
        .map((corner) => Number((corner[axis] as number).toFixed(inDegrees ? 4 : 1)))
        .sort((a, b) => a - b)
        .join(' … ')
    return inDegrees ? `longitude ${text(0)}, latitude ${text(1)}` : `x ${text(0)}, y ${text(1)}`
  }
  const touching = pixels.x1 >= 0 && pixels.x0 <= grid.width && pixels.y1 >= 0 && pixels.y0 <= grid.height
  const polygons = box(pixels.x0, pixels.y0, pixels.x1, pixels.y1)
  if (touching) return `The polygons (${polygons}) hold the centre of no pixel of the scene (${box(0, 0, grid.width, grid.height)}).`
  return `The polygons (${polygons}) do not overlap the scene (${box(0, 0, grid.width, grid.height)}).`
}
