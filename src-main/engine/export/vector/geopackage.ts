/**
 * Polygons as a GeoPackage (OGC 12-128r18, version 1.3): one layer in the scene's own coordinate system, which QGIS and GDAL open.
 *
 * An SQLite file with the tables that the standard asks for; a geometry is 'GP', version, flags, id of the system, envelope, and well-known
 * binary. Where a scene has no place, coordinates are pixels with y upwards, as QGIS shows such a picture.
 * Memory: one polygon twice, and SQLite's page cache.
 */
import { open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Crs, type Grid, toMap } from '#common/domain/grid.ts'
import { wktOf } from '../../data/wkt.ts'
import { connect, type Db, isSqliteError } from '../../project/sqlite.ts'
import { epsgEntry } from '../../data/readers/geotiff/epsg.ts'
import { type ExportedFile, toWriteError } from '../outputFile.ts'
import type { GridPolygon, Ring } from '../../analysis/maps/polygons.ts'
import { type Field, type FieldValue, type PolygonLayer, ringsIn } from './features.ts'

/** 'GPKG' and version 1.3.0, in the header of the file. */
const [applicationId, userVersion] = [0x47504b47, 10300]
const rowsPerTransaction = 10_000
let created = 0

/** The file appears whole or not at all. */
export async function writeGeopackage(path: string, layer: PolygonLayer, grid: Grid): Promise<ExportedFile> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${created++}.part`)
  try {
    await (await open(temporary, 'wx')).close()
    const db = connect(temporary)
    try {
      await writeLayer(db, layer, grid)
    } finally {
      db.close()
    }
    const handle = await open(temporary, 'r+')
    await handle.sync().finally(() => handle.close())
    await rename(temporary, path)
  } catch (thrown) {
    await rm(temporary, { force: true })
    await rm(`${temporary}-journal`, { force: true })
    throw toWriteError(asSystemError(thrown), path)
  }
  return { path, sizeBytes: (await stat(path)).size, what: layer.name }
}

/** SQLite's word for a full disk, as the system would say it. */
function asSystemError(thrown: unknown): unknown {
  if (!isSqliteError(thrown)) return thrown
  const { code } = thrown as { code: string } & Error
  return code === 'SQLITE_FULL' ? Object.assign(new Error('no space', { cause: thrown }), { code: 'ENOSPC' }) : thrown
}

async function writeLayer(db: Db, layer: PolygonLayer, grid: Grid): Promise<void> {
  db.pragma('journal_mode = OFF')
  db.pragma('synchronous = OFF')
  db.pragma(`application_id = ${applicationId}`)
  db.pragma(`user_version = ${userVersion}`)
  db.exec(schema)
  const crs = grid.georeferenced ? grid.crs : null
  const srs = await systemOf(crs)
  const addSystem = db.prepare('INSERT OR REPLACE INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)')
  for (const { name, id, organization, code, definition } of [...required, srs]) addSystem.run(name, id, organization, code, definition)
  const table = quoted(layer.name)
  const columns = layer.fields.map(({ name, type }) => `${quoted(name)} ${sqlTypes[type]}`)
  db.exec(
    `CREATE TABLE ${table} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom MULTIPOLYGON${columns.map((c) => `, ${c}`).join('')})`,
  )
  const insert = db.prepare(
    `INSERT INTO ${table} (geom${layer.fields.map(({ name }) => `, ${quoted(name)}`).join('')}) VALUES (?${', ?'.repeat(layer.fields.length)})`,
  )
  const place = (x: number, y: number): [number, number] => (grid.georeferenced ? toMap(grid.transform, x, y) : [x, -y])
  const extent: Extent = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  db.exec('BEGIN')
  let n = 0
  for await (const { polygons, values } of layer.features) {
    insert.run(geometryBlob(polygons, place, srs.id, extent), ...values.map((value, i) => stored(value, layer.fields[i])))
    if (++n % rowsPerTransaction === 0) db.exec('COMMIT; BEGIN')
  }
  db.prepare("INSERT INTO gpkg_contents VALUES (?, 'features', ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?, ?, ?, ?, ?)").run(
    layer.name,
    layer.name,
    layer.description,
    ...(n > 0 ? extent : [null, null, null, null]),
    srs.id,
  )
  db.prepare("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'MULTIPOLYGON', ?, 0, 0)").run(layer.name, srs.id)
  db.exec('COMMIT')
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const sqlTypes: Readonly<Record<Field['type'], string>> = { integer: 'INTEGER', real: 'REAL', text: 'TEXT' }
const stored = (value: FieldValue, { type }: Field): FieldValue | bigint =>
  typeof value === 'number' && type === 'integer' ? BigInt(value) : value

const schema = `
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
  srs_id INTEGER, CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name), CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
`

interface System {
  readonly name: string
  readonly id: number
  readonly organization: string
  readonly code: number
  readonly definition: string
}

const wgs84 =
  'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]'
/** Those that every GeoPackage has. */
const required: readonly System[] = [
  { name: 'Undefined Cartesian SRS', id: -1, organization: 'NONE', code: -1, definition: 'undefined' },
  { name: 'Undefined geographic SRS', id: 0, organization: 'NONE', code: 0, definition: 'undefined' },
  { name: 'WGS 84 geodetic', id: 4326, organization: 'EPSG', code: 4326, definition: wgs84 },
]

/** The first that GDAL gives to systems of its users. */
const ownSystem = 100_000

/**
 * Where its definition is not known, an EPSG code says all that readers need. One without a code is told by its WKT; where that is not
 * known either it is an undefined plane, or undefined degrees.
 */
async function systemOf(crs: Crs | null): Promise<System> {
  if (crs === null) return required[0]
  const code = /^EPSG:(\d+)$/.exec(crs.code ?? '')?.[1]
  if (code === undefined) {
    const definition = wktOf(crs)
    if (definition === null) return required[crs.unit === 'degree' ? 1 : 0]
    return { name: crs.name, id: ownSystem, organization: 'NONE', code: ownSystem, definition }
  }
  const known = required.find(({ id }) => id === Number(code))
  return (
    known ?? {
      name: crs.name,
      id: Number(code),
      organization: 'EPSG',
      code: Number(code),
      definition: (await epsgEntry(Number(code)))?.wkt ?? 'undefined',
    }
  )
}

type Extent = [minX: number, minY: number, maxX: number, maxY: number]

/** Little-endian; the envelope is [min x, max x, min y, max y]. Widens `extent`. */
function geometryBlob(polygons: readonly GridPolygon[], place: (x: number, y: number) => [number, number], srs: number, extent: Extent) {
  const box: Extent = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const bytesOf = (ring: Ring): number => 4 + Float64Array.BYTES_PER_ELEMENT * (ring.length + 2)
  let bytes = 8 + 32 + 9
  for (const { outer, holes } of polygons) {
    bytes += 9 + bytesOf(outer)
    for (const hole of holes) bytes += bytesOf(hole)
    for (let i = 0; i < outer.length; i += 2) widen(box, ...place(outer[i], outer[i + 1]))
  }
  widen(extent, box[0], box[1])
  widen(extent, box[2], box[3])
  const blob = new Uint8Array(bytes)
  const view = new DataView(blob.buffer)
  // 'GP', version 0, flags: little-endian, an envelope of x and y.
  blob.set([0x47, 0x50, 0, 0b0000_0011])
  view.setInt32(4, srs, true)
  for (const [i, value] of [box[0], box[2], box[1], box[3]].entries()) view.setFloat64(8 + 8 * i, value, true)
  let at = 40
  const header = (type: number, count: number): void => {
    view.setUint8(at, 1)
    view.setUint32(at + 1, type, true)
    view.setUint32(at + 5, count, true)
    at += 9
  }
  header(6, polygons.length)
  for (const polygon of polygons) {
    header(3, 1 + polygon.holes.length)
    for (const ring of ringsIn(polygon, place)) {
      view.setUint32(at, ring.length / 2, true)
      at += 4
      for (const value of ring) {
        view.setFloat64(at, value, true)
        at += 8
      }
    }
  }
  return blob
}

function widen(box: Extent, x: number, y: number): void {
  box[0] = Math.min(box[0], x)
  box[1] = Math.min(box[1], y)
  box[2] = Math.max(box[2], x)
  box[3] = Math.max(box[3], y)
}
