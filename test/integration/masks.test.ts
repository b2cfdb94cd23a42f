/** Polygons on a grid against gdal_rasterize, pixel by pixel: every format, holes, several parts, centres on edges, other systems, turned grids. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { openSource } from '../../src-main/engine/data/inspect.ts'
import { burn } from '../../src-main/engine/data/vector/burn.ts'
import { openVector, parsePlace } from '../../src-main/engine/data/vector/open.ts'
import { firstDifference } from '../helpers/firstDifference.ts'
import { gdalPixels, hasGdal } from '../helpers/gdal.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const [width, height] = [90, 70]
const run = (command: string, ...words: string[]): string =>
  execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** 0 ≤ value < 1, always the same. */
function noise(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

type Ring = [number, number][]
const origin = { x: 500_000, y: 5_000_000, size: 30 }
const at = (column: number, row: number): [number, number] => [origin.x + column * origin.size, origin.y - row * origin.size]
const closed = (ring: Ring): Ring => [...ring, ring[0] as [number, number]]

/** Polygons in map coordinates: stars with holes, several parts, corners on pixel centres and edges, and slivers. */
function polygons(): { type: string; coordinates: unknown }[] {
  const random = noise(11)
  const star = (cx: number, cy: number, r: number, n: number): Ring =>
    closed(
      Array.from({ length: n }, (_, i) =>
        at(cx + Math.cos((i / n) * 2 * Math.PI) * r * (0.4 + random()), cy + Math.sin((i / n) * 2 * Math.PI) * r * (0.4 + random())),
      ),
    )
  const box = (x0: number, y0: number, x1: number, y1: number): Ring => closed([at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1)])
  return [
    { type: 'Polygon', coordinates: [star(25, 25, 20, 40), star(25, 25, 6, 9).reverse()] },
    { type: 'MultiPolygon', coordinates: [[star(60, 20, 12, 17)], [star(70, 50, 15, 60), star(70, 50, 4, 5)]] },
    { type: 'Polygon', coordinates: [box(2.5, 40.5, 12.5, 50.5)] },
    { type: 'Polygon', coordinates: [box(14.5, 40.5, 20.5, 50.5).reverse()] },
    { type: 'Polygon', coordinates: [box(22, 40, 30, 50), box(24, 42, 28, 48)] },
    { type: 'Polygon', coordinates: [closed([at(40.5, 60.5), at(44.5, 64.5), at(40.5, 68.5), at(36.5, 64.5)])] },
    { type: 'Polygon', coordinates: [closed([at(-20, 66), at(120, 66.4), at(120, 66.7), at(-20, 67.2)])] },
    { type: 'Polygon', coordinates: [star(5, 5, 30, 25)] },
    { type: 'MultiPoint', coordinates: [at(80.2, 3.7), at(3.999, 60.001), at(500, 500)] },
  ]
}

const geojson = (crs: string | null): string =>
  JSON.stringify({
    type: 'FeatureCollection',
    ...(crs ? { crs: { type: 'name', properties: { name: crs } } } : {}),
    features: polygons().map((geometry, i) => ({
      type: 'Feature',
      properties: { code: i + 1, rock: ['basalt', 'Kies & Löss', 'till'][i % 3] },
      geometry,
    })),
  })

describe.skipIf(!hasGdal)('polygons', () => {
  let json = ''
  beforeEach(() => {
    json = folder.file('polygons.geojson')
    writeFileSync(json, geojson('urn:ogc:def:crs:EPSG::32633'))
  })

  async function ours(place: string, scene: string, field = 'code'): Promise<Uint8Array> {
    const source = await openSource(scene)
    const layer = await openVector(parsePlace(place))
    const { grid } = source.report
    if (!grid) throw new Error('no grid')
    const out = new Uint8Array(grid.width * grid.height)
    await burn(
      layer,
      grid,
      ({ attributes }) => Number(attributes[field]),
      (y, from, to, value) => void out.fill(value, y * grid.width + from, y * grid.width + to),
    )
    await source.close()
    await layer.close()
    return out
  }
  function theirs(vector: string, scene: string, ...more: string[]): Uint8Array {
    run('gdal_rasterize', '-q', '-a', 'code', ...more, vector, scene)
    return gdalPixels(scene, Uint8Array, width * height)
  }
  function scene(name: string, system: string, ...words: string[]): string {
    const path = folder.file(name)
    run(
      'gdal_create',
      '-q',
      '-of',
      'GTiff',
      '-outsize',
      String(width),
      String(height),
      '-bands',
      '1',
      '-ot',
      'Byte',
      '-a_srs',
      system,
      ...words,
      path,
    )
    return path
  }
  const plainScene = (): string =>
    scene(
      'scene.tif',
      'EPSG:32633',
      '-a_ullr',
      ...[origin.x, origin.y, origin.x + width * origin.size, origin.y - height * origin.size].map(String),
    )

  it('cover the pixels that GDAL gives them, in every format', async () => {
    const wanted = theirs(json, plainScene())
    expect(new Set(wanted)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
    run('ogr2ogr', '-q', folder.file('p.gpkg'), json, '-nln', 'fields')
    // A shapefile holds one kind of geometry.
    run('ogr2ogr', '-q', folder.file('p.shp'), json, '-where', 'code < 9', '-nlt', 'POLYGON', '-lco', 'ENCODING=UTF-8')
    run('ogr2ogr', '-q', folder.file('q.shp'), json, '-where', 'code = 9', '-nlt', 'MULTIPOINT')
    expect(firstDifference(await ours(json, plainScene()), wanted)).toBeNull()
    expect(firstDifference(await ours(folder.file('p.gpkg'), plainScene()), wanted)).toBeNull()
    expect(firstDifference(await ours(`${folder.file('p.gpkg')}|layername=fields`, plainScene()), wanted)).toBeNull()
    const areas = await ours(folder.file('p.shp'), plainScene())
    const dots = await ours(folder.file('q.shp'), plainScene())
    expect(
      firstDifference(
        areas.map((value, i) => dots[i] || value),
        wanted,
      ),
    ).toBeNull()
  })

  it('are found on turned grids and on grids from south to north', async () => {
    const turned = folder.file('turned.vrt')
    writeFileSync(
      turned,
      `<VRTDataset rasterXSize="${width}" rasterYSize="${height}"><SRS>EPSG:32633</SRS><GeoTransform>500300, 28, 9, 5000100, 7, -29</GeoTransform><VRTRasterBand dataType="Byte" band="1"/></VRTDataset>`,
    )
    run('gdal_translate', '-q', turned, folder.file('turned.tif'))
    const south = scene(
      'south.tif',
      'EPSG:32633',
      '-a_ullr',
      ...[origin.x, origin.y - height * origin.size, origin.x + width * origin.size, origin.y].map(String),
    )
    for (const path of [folder.file('turned.tif'), south]) {
      const found = await ours(json, path)
      expect(firstDifference(found, theirs(json, path))).toBeNull()
      expect(new Set(found).size).toBeGreaterThan(5)
    }
  })

  it('are reprojected into the system of the scene', async () => {
    run(
      'ogr2ogr',
      '-q',
      '-t_srs',
      'EPSG:4326',
      folder.file('degrees.geojson'),
      json,
      '-lco',
      'RFC7946=NO',
      '-lco',
      'COORDINATE_PRECISION=12',
    )
    run('ogr2ogr', '-q', '-t_srs', 'EPSG:3035', folder.file('laea.gpkg'), json)
    for (const name of ['degrees.geojson', 'laea.gpkg']) {
      const found = await ours(folder.file(name), plainScene())
      const wanted = theirs(folder.file(name), plainScene())
      // Corners lie within a millimetre of where PROJ puts them: only centres exactly on an edge may fall to the other side.
      const onEdges = new Set([3, 4, 6])
      const differing = Array.from(found.keys()).filter((i) => found[i] !== wanted[i])
      expect(differing.length).toBeLessThan(120)
      expect(differing.filter((i) => !onEdges.has(found[i] as number) && !onEdges.has(wanted[i] as number))).toEqual([])
    }
  })

  it('are read from a GeoPackage in write-ahead mode without writing beside it', async () => {
    const path = folder.file('wal.gpkg')
    run('ogr2ogr', '-q', path, json)
    run('python3', '-c', `import sqlite3; c = sqlite3.connect(${JSON.stringify(path)}); c.execute('pragma journal_mode=wal'); c.close()`)
    const wanted = theirs(json, plainScene())
    const before = run('ls', folder.path)
    expect(firstDifference(await ours(path, plainScene()), wanted)).toBeNull()
    expect(run('ls', folder.path)).toBe(before)
  })

  it('have the attributes that OGR reads', async () => {
    run('ogr2ogr', '-q', folder.file('p.shp'), json, '-where', 'code < 9', '-nlt', 'POLYGON', '-lco', 'ENCODING=ISO-8859-1')
    run('ogr2ogr', '-q', folder.file('p.gpkg'), json)
    for (const place of [json, folder.file('p.shp'), folder.file('p.gpkg')]) {
      const layer = await openVector({ path: place, layer: undefined })
      expect(layer.crs?.code).toBe('EPSG:32633')
      const found: unknown[] = []
      for await (const { attributes } of layer.features()) found.push([attributes.code, attributes.rock])
      expect(found.slice(0, 3)).toEqual([
        [1, 'basalt'],
        [2, 'Kies & Löss'],
        [3, 'till'],
      ])
      await layer.close()
    }
  })
})
