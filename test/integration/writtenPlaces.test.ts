/** Where maps and polygons lie once they are written, as GDAL reads them where it is there: systems without a code, none, turned grids, names. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type Affine, type Crs, type Grid, toMap } from '#common/domain/grid.ts'
import { converter, crsFromEpsg, crsFromProj4, crsFromWkt } from '#engine/data/crs.ts'
import { wktOf } from '#engine/data/wkt.ts'
import { exportClassMap } from '#engine/export/maps.ts'
import { exportClassPolygons } from '#engine/export/polygons.ts'
import type { ArrayReader } from '#engine/project/project.ts'
import { gdalinfo, gdalText, hasGdal } from '../helpers/gdal.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-places-'))
afterAll(() => rmSync(folder, { recursive: true }))
const signal = new AbortController().signal
const said = (command: string, args: string[], input?: string): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 1 << 28, input })

const names = ['Fels, “hart”', 'Ödland', `it's "quartz"`]
const legend = names.map((name, i) => ({ id: i + 1, name, colour: '#336699' }))
const labels = (grid: Grid, at: (x: number, y: number) => number): Uint16Array =>
  Uint16Array.from({ length: grid.width * grid.height }, (_, i) => at(i % grid.width, Math.floor(i / grid.width)))
const reader = (values: Uint16Array): ArrayReader => ({
  dtype: 'uint16',
  shape: [values.length],
  chunkRows: 1000,
  read: (from, to) => values.slice(from, to),
  readInto: (from, to, into) => into.set(values.subarray(from, to)),
})
const gridOf = (width: number, height: number, transform: Affine, crs: Crs | null): Grid => ({
  width,
  height,
  transform,
  georeferenced: true,
  crs,
  geoKeys: {},
})
const north: Affine = [10, 0, 500_000, 0, -10, 5_000_000]

async function polygons(grid: Grid, values: Uint16Array, name: string): Promise<string> {
  const path = join(folder, name)
  const format = name.endsWith('.gpkg') ? 'geopackage' : 'geojson'
  await exportClassPolygons(reader(values), legend, { path, format, grid, description: 'classes', signal })
  return path
}
async function map(grid: Grid, values: Uint16Array, name: string): Promise<string> {
  const path = join(folder, name)
  const read = (from: number, to: number): Uint16Array => values.slice(from, to)
  await exportClassMap({ path, grid, legend, labels: read, description: 'classes', metadata: {}, compression: 'deflate', signal })
  return path
}

const definitions = [
  '+proj=utm +zone=54 +south +datum=WGS84 +units=m +no_defs',
  '+proj=tmerc +lat_0=10 +lon_0=133 +k_0=0.9999 +x_0=300000 +y_0=-20000 +ellps=bessel +towgs84=598.1,73.7,418.2,0.202,0.045,-2.455,6.7 +units=m +no_defs',
  '+proj=lcc +lat_0=40 +lon_0=-96 +lat_1=33 +lat_2=45 +x_0=1000 +y_0=2000 +ellps=GRS80 +towgs84=0,0,0 +units=m +no_defs',
  '+proj=lcc +lat_0=46 +lon_0=2 +lat_1=46 +k_0=0.9998 +x_0=600000 +y_0=200000 +ellps=GRS80 +towgs84=0,0,0 +units=m +no_defs',
  '+proj=aea +lat_0=-32 +lon_0=135 +lat_1=-28 +lat_2=-36 +x_0=1000000 +y_0=2000000 +a=6378137 +b=6356752.314140356 +towgs84=0,0,0 +units=m +no_defs',
  '+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80 +towgs84=0,0,0 +units=m +no_defs',
  '+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=15 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs',
  '+proj=stere +lat_0=90 +lon_0=-45 +k_0=0.994 +x_0=2000000 +y_0=2000000 +datum=WGS84 +units=m +no_defs',
  '+proj=sterea +lat_0=52.15616 +lon_0=5.38764 +k_0=0.9999079 +x_0=155000 +y_0=463000 +ellps=bessel +towgs84=565.2,50,465.6 +units=m +no_defs',
  '+proj=merc +lat_ts=20 +lon_0=100 +x_0=0 +y_0=0 +ellps=WGS84 +towgs84=0,0,0 +units=m +no_defs',
  '+proj=sinu +lon_0=20 +x_0=0 +y_0=0 +a=6371007.181 +b=6371007.181 +units=m +no_defs',
  '+proj=eqc +lat_ts=30 +lat_0=0 +lon_0=15 +x_0=0 +y_0=0 +ellps=WGS84 +towgs84=0,0,0 +units=m +no_defs',
  '+proj=tmerc +lat_0=40 +lon_0=-75 +k_0=0.9999 +x_0=152400.3048 +y_0=0 +ellps=GRS80 +towgs84=0,0,0 +to_meter=0.304800609601219 +no_defs',
]

describe.skipIf(!hasGdal)('a system without a code', () => {
  test.each(definitions)('puts places where PROJ puts them by its definition: %s', (definition) => {
    const wkt = wktOf({ name: 'of the scene', proj4: definition }) as string
    // Both ways round by PROJ itself, from the definition into the text: nothing may move.
    const { lon0, lat0 } = middleOf(definition)
    const at = said('gdaltransform', ['-s_srs', '+proj=longlat +datum=WGS84', '-t_srs', definition], `${lon0 + 1} ${lat0 - 2}\n`)
    const [x, y] = at.split(' ').map(Number)
    const [moved, up] = said('gdaltransform', ['-s_srs', definition, '-t_srs', wkt], `${x} ${y}\n`).split(' ').map(Number)
    expect(Math.hypot(moved - x, up - y)).toBeLessThan(1e-3)
  })

  test('is in a GeoPackage and in a GeoTIFF as the text it came with, or as one of its definition', async () => {
    const wkt =
      'PROJCS["Mine grid",GEOGCS["GCS_North_American_1983",DATUM["D_North_American_1983",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Albers"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",-96.0],PARAMETER["Standard_Parallel_1",29.5],PARAMETER["Standard_Parallel_2",45.5],PARAMETER["Latitude_Of_Origin",37.5],UNIT["Meter",1.0]]'
    const systems = [await crsFromWkt(wkt), crsFromProj4(definitions[5], 'grid of the file')]
    for (const [i, crs] of systems.entries()) {
      const grid = gridOf(6, 4, north, crs)
      const values = labels(grid, (x) => 1 + (x % 3))
      const told = said('ogrinfo', ['-al', '-so', await polygons(grid, values, `own${i}.gpkg`)])
      const raster = gdalinfo(await map(grid, values, `own${i}.tif`)).coordinateSystem?.wkt ?? ''
      for (const text of [told, raster]) {
        expect(text).toContain(['Mine grid', 'grid of the file'][i])
        expect(text).toMatch([/Albers/, /Lambert[ _]Azimuthal/][i])
        expect(text).toMatch([/-96/, /4321000/][i])
      }
      expect(told).not.toMatch(/Undefined/)
    }
  })
})

const middleOf = (definition: string): { lon0: number; lat0: number } => {
  const of = (key: string): number => Number(new RegExp(`\\+${key}=(-?[\\d.]+)`).exec(definition)?.[1] ?? 0)
  const lat0 = of('lat_0')
  return { lon0: definition.includes('+zone=54') ? 141 : of('lon_0'), lat0: Math.abs(lat0) === 90 ? lat0 * 0.85 : lat0 || 10 }
}

test('a scene without a system keeps its positions; GeoJSON says that it cannot be told in degrees', async () => {
  const grid = gridOf(6, 4, [2, 0, 100, 0, -2, 50], null)
  const values = labels(grid, () => 1)
  await expect(polygons(grid, values, 'none.geojson')).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
  const [vector, raster] = [await polygons(grid, values, 'none.gpkg'), await map(grid, values, 'none.tif')]
  if (!hasGdal) return
  expect(said('ogrinfo', ['-al', '-so', vector])).toMatch(/Extent: \(100\.0+, 42\.0+\) - \(112\.0+, 50\.0+\)/)
  expect(gdalinfo(raster).geoTransform).toEqual([100, 2, 0, 50, 0, -2])
})

test('a turned grid lies where its transform puts it', async () => {
  const [cos, sin] = [Math.cos(0.4), Math.sin(0.4)]
  const grid = gridOf(30, 20, [10 * cos, 10 * sin, 500_000, 10 * sin, -10 * cos, 5_000_000], await crsFromEpsg(32633))
  const values = labels(grid, (x, y) => (x > 4 && x < 12 && y > 3 && y < 9 ? 2 : 0))
  const corners = [
    [5, 4],
    [12, 4],
    [12, 9],
    [5, 9],
  ].map(([x, y]) => toMap(grid.transform, x, y))
  const degrees = converter(grid.crs as Crs, await crsFromEpsg(4326)) as (x: number, y: number) => [number, number]
  const { features } = JSON.parse(readFileSync(await polygons(grid, values, 'turned.geojson'), 'utf8'))
  const written = features[0].geometry.coordinates[0] as number[][]
  for (const [x, y] of corners) {
    const [longitude, latitude] = degrees(x, y)
    expect(Math.min(...written.map(([a, b]) => Math.hypot(a - longitude, b - latitude)))).toBeLessThan(2e-8)
  }
  expect(features[0].properties).toMatchObject({ pixels: 35, area_m2: 3500 })
  const [vector, raster] = [await polygons(grid, values, 'turned.gpkg'), await map(grid, values, 'turned.tif')]
  if (!hasGdal) return
  const extent = /Extent: \(([\d.]+), ([\d.]+)\) - \(([\d.]+), ([\d.]+)\)/
    .exec(said('ogrinfo', ['-al', '-so', vector]))
    ?.slice(1)
    .map(Number)
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)]
  for (const [i, value] of [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)].entries())
    expect(extent?.[i]).toBeCloseTo(value, 5)
  const [c, a, b, f, d, e] = gdalinfo(raster).geoTransform ?? []
  for (const [i, value] of [a, b, c, d, e, f].entries()) expect(value).toBeCloseTo(grid.transform[i], 9)
})

describe('GeoJSON', () => {
  interface Feature {
    geometry: { type: string; coordinates: unknown }
    properties: Record<string, unknown>
  }
  const featuresOf = (path: string): Feature[] => JSON.parse(readFileSync(path, 'utf8')).features
  const partsOf = ({ geometry }: Feature): number[][][][] =>
    (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates) as number[][][][]
  /** In square degrees, by GDAL: it checks that outlines are valid, too. */
  const areaByGdal = (path: string): number => {
    const layer = basename(path, '.geojson')
    const sql = `SELECT SUM(ST_Area(geometry)) AS area, MIN(ST_IsValid(geometry)) AS valid FROM "${layer}"`
    const told = said('ogrinfo', ['-q', '-dialect', 'SQLite', '-sql', sql, path])
    expect(told).toMatch(/valid \(Integer(64)?\) = 1/)
    return Number(/area \(Real\) = ([\d.]+)/.exec(told)?.[1])
  }

  test('is cut at the antimeridian, and both sides are told', async () => {
    const grid = gridOf(400, 100, [100, 0, 690_000, 0, -100, 7_600_000], await crsFromEpsg(32701))
    // Fiji: 180° lies at about x = 186 000 of zone 1.
    const fiji = { ...grid, transform: [100, 0, 166_000, 0, -100, 8_000_000] as Affine }
    const values = labels(fiji, (x, y) => (x > 150 && x < 160 && y > 40 && y < 50 ? 2 : 1))
    const path = await polygons(fiji, values, 'fiji.geojson')
    const [outer] = featuresOf(path).filter(({ properties }) => properties.class === 1)
    expect(outer.geometry.type).toBe('MultiPolygon')
    const sides = partsOf(outer).map(([ring]) => [Math.min(...ring.map(([x]) => x)), Math.max(...ring.map(([x]) => x))])
    expect(sides.some(([, to]) => to === 180) && sides.some(([from]) => from === -180)).toBe(true)
    for (const [from, to] of sides) expect(to - from).toBeLessThan(1)
  })

  test.skipIf(!hasGdal)('of grids from 0 to 360 and around a pole is valid, and covers what the classes cover', async () => {
    const world = gridOf(72, 36, [5, 0, 0, 0, -5, 90], await crsFromEpsg(4326))
    const path = await polygons(
      world,
      labels(world, (x, y) => 1 + ((x + y) % 40 < 20 ? 1 : 0)),
      'world.geojson',
    )
    expect(areaByGdal(path)).toBeCloseTo(360 * 180, 5)
    // Antarctica: rings round the pole, one in another.
    const south = gridOf(80, 80, [50_000, 0, -2_000_000, 0, -50_000, 2_000_000], await crsFromEpsg(3031))
    const from = (x: number, y: number): number => Math.hypot(x - 39.5, y - 39.5)
    const rings = labels(south, (x, y) => (from(x, y) < 8 ? 1 : from(x, y) < 20 ? 2 : from(x, y) < 36 ? 3 : 0))
    const polar = await polygons(south, rings, 'polar.geojson')
    const all = featuresOf(polar).flatMap((feature) => partsOf(feature).flat(2))
    expect(all.every(([x, y]) => Math.abs(x) <= 180 && y >= -90 && y < -70)).toBe(true)
    expect(areaByGdal(polar)).toBeGreaterThan(360 * 14)
  })
})

test.skipIf(!hasGdal)('names with quotes, commas and umlauts come through every format', async () => {
  const grid = gridOf(6, 4, north, await crsFromEpsg(32633))
  const values = labels(grid, (x) => 1 + (x % 3))
  const vectors = [await polygons(grid, values, 'names.gpkg'), await polygons(grid, values, 'names.geojson')]
  const told = vectors.map((path) => said('ogrinfo', ['-al', path]))
  const raster = gdalText(await map(grid, values, 'names.tif'))
  for (const name of names) for (const text of [...told, raster]) expect(text).toContain(name)
})
