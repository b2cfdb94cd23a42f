/** Polygons as the region of an operation and as labels: what they cover, and what is said when they cannot be used. */
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { DatasetMeta } from '../../../../src-main/common/domain/dataset.ts'
import { openSource } from '../../../../src-main/engine/data/inspect.ts'
import { readLabels } from '../../../../src-main/engine/operations/labels.ts'
import { regionIdentity, withinRegion } from '../../../../src-main/engine/operations/region.ts'
import { readAll } from '../../../helpers/readAll.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const never = new AbortController().signal

/** 6 × 4 pixels of 10 m, value = number of the pixel. */
function writeScene(mapInfo = 'map info = {UTM, 1, 1, 500000, 5000040, 10, 10, 33, North, WGS-84}'): string {
  const path = folder.file('scene.dat')
  writeFileSync(
    path,
    Uint8Array.from({ length: 24 }, (_, i) => i + 1),
  )
  writeFileSync(
    folder.file('scene.hdr'),
    `ENVI\nsamples = 6\nlines = 4\nbands = 1\nheader offset = 0\ndata type = 1\ninterleave = bsq\nbyte order = 0\n${mapInfo}\n`,
  )
  return path
}

const box = (x0: number, y0: number, x1: number, y1: number) => ({
  type: 'Polygon',
  coordinates: [
    [
      [x0, y0],
      [x1, y0],
      [x1, y1],
      [x0, y1],
      [x0, y0],
    ],
  ],
})
/** Two pixels wide at the left, in the upper half; one line at the bottom, from the third pixel on. */
const two = [box(500_000, 5_000_020, 500_020, 5_000_040), box(500_020, 5_000_000, 500_060, 5_000_010)]

function writePolygons(geometries: readonly object[], properties: readonly object[], epsg: number | null = 32633): string {
  const path = folder.file('zones.geojson')
  const crs = epsg === null ? {} : { crs: { type: 'name', properties: { name: `urn:ogc:def:crs:EPSG::${epsg}` } } }
  writeFileSync(
    path,
    JSON.stringify({
      type: 'FeatureCollection',
      ...crs,
      features: geometries.map((geometry, i) => ({ type: 'Feature', geometry, properties: properties[i] ?? {} })),
    }),
  )
  return path
}

async function metaOf(path: string): Promise<DatasetMeta> {
  const source = await openSource(path)
  await source.close()
  return source.report as unknown as DatasetMeta
}

async function inside(region: string, scene = writeScene()): Promise<string> {
  const source = await openSource(scene)
  try {
    const { valid } = await readAll(await withinRegion(source, source.report as unknown as DatasetMeta, region, never))
    return valid.join('').replace(/.{6}(?=.)/g, '$& ')
  } finally {
    await source.close()
  }
}

describe('a region of polygons', () => {
  it('holds the pixels whose centres lie inside', async () => {
    expect(await inside(writePolygons(two, []))).toBe('110000 110000 000000 001111')
  })
  it('has its system by any of the names that are usual', async () => {
    for (const name of ['EPSG:32633', 'urn:ogc:def:crs:EPSG::32633', 'urn:ogc:def:crs:EPSG:9.8:32633']) {
      const path = writePolygons(two, [])
      writeFileSync(path, readFileSync(path, 'utf8').replace('urn:ogc:def:crs:EPSG::32633', name))
      expect(await inside(path)).toBe('110000 110000 000000 001111')
    }
  })
  it('is known by its content', async () => {
    const first = await regionIdentity(writePolygons(two, []))
    const second = await regionIdentity(writePolygons(two.slice(1), []))
    expect(first).toMatch(/^[0-9a-f]{16}$/)
    expect(second).not.toBe(first)
  })
  it('is refused elsewhere on earth, with both places', async () => {
    await expect(inside(writePolygons([box(10, 50, 11, 51)], [], null))).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      message: expect.stringMatching(
        /^The polygons \(longitude 9.*latitude.*\) do not overlap the scene \(longitude 15 … 15.0008, latitude 45.1535 … 45.1538\)\.$/,
      ),
    })
  })
  it('is refused when it falls between the centres', async () => {
    await expect(inside(writePolygons([box(500_001, 5_000_021, 500_003, 5_000_023)], []))).rejects.toMatchObject({
      message: expect.stringContaining('hold the centre of no pixel'),
    })
  })
  it('is refused without polygons, and on a scene without a place', async () => {
    const line = {
      type: 'LineString',
      coordinates: [
        [500_000, 5_000_000],
        [500_060, 5_000_040],
      ],
    }
    await expect(inside(writePolygons([line], []))).rejects.toMatchObject({
      message: 'The file holds lines, which have no inside, and no polygons.',
    })
    await expect(inside(writePolygons(two, []), writeScene(''))).rejects.toMatchObject({
      message: expect.stringContaining('does not say where it lies'),
    })
    await expect(inside(writePolygons(two, []), writeScene('map info = {Arbitrary, 1, 1, 0, 0, 10, 10}'))).rejects.toMatchObject({
      message: expect.stringContaining('The scene has no coordinate reference system'),
    })
  })
})

describe('labels from polygons', () => {
  const read = async (properties: readonly object[], field: string | null = null, ignore = ['0']) => {
    const { ids, names } = await readLabels(await metaOf(writeScene()), folder.path, writePolygons(two, properties), field, ignore, never)
    return Array.from(ids, (id) => (id < 0 ? '.' : names[id]))
  }
  it('are the classes of the field, none outside', async () => {
    const labels = await read([
      { id: 7, class: 'clay' },
      { id: 8, class: 'sand' },
    ])
    expect(labels.slice(0, 12)).toEqual(['clay', 'clay', '.', '.', '.', '.', 'clay', 'clay', '.', '.', '.', '.'])
    expect(labels.slice(18)).toEqual(['.', '.', 'sand', 'sand', 'sand', 'sand'])
  })
  it('are 0 outside where 0 counts, and 1 inside polygons without fields', async () => {
    expect((await read([], null, [])).join('')).toBe('110000110000000000001111')
  })
  it('leave out polygons whose class is empty', async () => {
    expect((await read([{ class: null }, { class: 3 }])).join('')).toBe('....................3333')
  })
  it('need a field that is there', async () => {
    await expect(read([{ a: 1, b: 2 }])).rejects.toMatchObject({ code: 'PARAMETER_INVALID', hint: 'Fields are a, b.' })
    await expect(read([{ a: 1 }], 'rock')).rejects.toMatchObject({ message: 'The polygons have no field "rock".' })
  })
})

describe('a damaged file of polygons', () => {
  const failing = (name: string, content: string | Uint8Array) => {
    writeFileSync(folder.file(name), content)
    return expect(inside(folder.file(name))).rejects
  }
  it('says what is wrong with GeoJSON, and in which feature', async () => {
    await failing('a.geojson', '{"type":"FeatureCollection","features":[').toMatchObject({ code: 'FILE_CORRUPT' })
    await failing(
      'b.geojson',
      '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[1,"x"]]]}}]}',
    ).toMatchObject({
      code: 'FILE_CORRUPT',
      where: { feature: 1 },
    })
    await failing(
      'c.geojson',
      `{"type":"FeatureCollection","features":[{"geometry":${'{"type":"GeometryCollection","geometries":['.repeat(2000)}${']}'.repeat(2000)}}]}`,
    ).toMatchObject({
      code: 'FILE_CORRUPT',
    })
    await failing('d.geojson', '{"type":"Topology","objects":{}}').toMatchObject({ message: expect.stringContaining('TopoJSON') })
  })
  it('says it of a shapefile and of a GeoPackage', async () => {
    const head = new Uint8Array(120)
    head.set([0, 0, 0x27, 0x0a])
    head.set([0x7f, 0xff, 0xff, 0xff], 104)
    writeFileSync(
      folder.file('bad.prj'),
      'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]',
    )
    await failing('bad.shp', head).toMatchObject({ code: 'FILE_CORRUPT', where: { byte: 100 } })
    await failing('bad.gpkg', `SQLite format 3\0${'x'.repeat(4000)}`).toMatchObject({ code: 'FILE_CORRUPT' })
  })
  it('needs the system of a shapefile', async () => {
    const head = new Uint8Array(128)
    head.set([0, 0, 0x27, 0x0a])
    head.set([0, 0, 0, 1, 0, 0, 0, 10], 100)
    await failing('plain.shp', head).toMatchObject({
      message: 'The polygons have no coordinate reference system (there is no .prj file beside them, or it names none).',
    })
  })
})

it('a file of polygons that is opened as data is said to be one', async () => {
  const path = writePolygons(two, [])
  expect(readFileSync(path, 'utf8')).toContain('FeatureCollection')
  await expect(openSource(path)).rejects.toMatchObject({ code: 'FORMAT_UNKNOWN', message: 'This is a file of polygons or points.' })
})
