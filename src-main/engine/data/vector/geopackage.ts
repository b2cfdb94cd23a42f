/**
 * GeoPackage (OGC 12-128r18): an SQLite file, opened so that nothing is written beside it and nothing in its schema is run: only plain
 * tables with plain columns are asked. Memory: one feature; a file in write-ahead mode is read into memory, up to 256 MB.
 */
import type { Crs } from '#common/domain/grid.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { connect, type Db } from '../../project/sqlite.ts'
import { crsFromEpsg, crsFromWkt } from '../crs.ts'
import { openRandomAccess } from '../readers/randomAccess.ts'
import type { AttributeValue, Geometry, VectorLayer } from './layer.ts'
import { readWkb } from './wkb.ts'

const mostInMemory = 256 << 20
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

interface LayerRow {
  readonly table: string
  readonly column: string
  readonly srs: number
}

/** @param layer name of the layer; by default the first */
export async function openGeopackage(path: string, layer?: string): Promise<VectorLayer> {
  const db = await openReadOnly(path)
  try {
    return await openLayer(path, db, layer)
  } catch (thrown) {
    db.close()
    throw asFileError(thrown, path)
  }
}

const wrong = (path: string, what: string): StratumError =>
  new StratumError(
    'FILE_CORRUPT',
    `The GeoPackage is damaged: ${what}.`,
    'Fetch the file again, or save it again: ogr2ogr out.gpkg in.gpkg',
    { path },
  )

/** What SQLite says of a damaged file is the file's fault. */
function asFileError(thrown: unknown, path: string): unknown {
  return thrown instanceof StratumError || !(thrown instanceof Error) ? thrown : wrong(path, thrown.message)
}

async function openReadOnly(path: string): Promise<Db> {
  const file = await openRandomAccess(path)
  let content: Buffer | null = null
  try {
    const head = await file.readUpTo(0, 20)
    if (new TextDecoder('latin1').decode(head.subarray(0, 15)) !== 'SQLite format 3') throw wrong(path, 'it is no SQLite file')
    // In write-ahead mode SQLite would write files beside it even to read.
    if (head[18] === 2 || head[19] === 2) {
      if (file.size > mostInMemory)
        throw new StratumError(
          'MEMORY_EXCEEDED',
          `The GeoPackage of ${Math.round(file.size / 1e6)} MB is in write-ahead mode, which is read whole.`,
          'Close it in other programs, or save it again: ogr2ogr out.gpkg in.gpkg',
          { path },
        )
      content = Buffer.from((await file.read(0, file.size, 'the file')).buffer)
      content[18] = 1
      content[19] = 1
    }
  } finally {
    await file.close()
  }
  try {
    const db = connect(content ?? path, { readonly: true, ...(content ? {} : { fileMustExist: true }) })
    for (const pragma of ['trusted_schema = OFF', 'cell_size_check = ON', 'mmap_size = 0', 'query_only = ON']) db.pragma(pragma)
    return db
  } catch (thrown) {
    throw asFileError(thrown, path)
  }
}

/** Names of the plain columns of a plain table; null when it is none. Computed columns would run what the file says. */
function columnsOf(db: Db, table: string): string[] | null {
  const row = db.prepare("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table) as { sql: string } | undefined
  if (!row || /^\s*create\s+virtual/i.test(row.sql)) return null
  const columns = db.prepare('SELECT name, hidden FROM pragma_table_xinfo(?)').all(table) as { name: string; hidden: number }[]
  return columns.filter(({ hidden }) => hidden === 0).map(({ name }) => name)
}

async function openLayer(path: string, db: Db, wanted: string | undefined): Promise<VectorLayer> {
  if (!columnsOf(db, 'gpkg_geometry_columns'))
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      'The SQLite file is no GeoPackage with features.',
      'Save the polygons as a GeoPackage: ogr2ogr out.gpkg in.shp',
      { path },
    )
  const layers = (
    db
      .prepare('SELECT table_name AS "table", column_name AS "column", srs_id AS srs FROM gpkg_geometry_columns ORDER BY rowid LIMIT 1000')
      .all() as LayerRow[]
  ).filter(({ table, column }) => typeof table === 'string' && typeof column === 'string')
  const chosen = wanted === undefined ? layers[0] : layers.find(({ table }) => table === wanted)
  if (!chosen)
    throw new StratumError(
      'PARAMETER_INVALID',
      wanted === undefined ? 'The GeoPackage has no layer of features.' : `The GeoPackage has no layer "${wanted}".`,
      layers.length > 0 ? `Layers are ${layers.map(({ table }) => table).join(', ')}.` : 'Save polygons into it first.',
      { path },
    )
  const columns = columnsOf(db, chosen.table)
  if (!columns?.includes(chosen.column)) throw wrong(path, `the layer "${chosen.table}" has no plain table with "${chosen.column}"`)
  const fields = columns.filter((name) => name !== chosen.column)
  return {
    path,
    format: 'GeoPackage',
    crs: await crsOf(db, chosen.srs),
    fields,
    files: [path],
    async *features(signal) {
      try {
        const query = db.prepare(`SELECT ${[chosen.column, ...fields].map(quoted).join(', ')} FROM ${quoted(chosen.table)}`).raw(true)
        let i = 0
        for (const row of query.iterate() as IterableIterator<unknown[]>) {
          if (signal && i % 256 === 0) throwIfCancelled(signal)
          i++
          const [blob, ...values] = row
          if (!(blob instanceof Uint8Array)) continue
          yield { ...geometryOf(blob, path, i), attributes: Object.fromEntries(fields.map((name, j) => [name, attribute(values[j])])) }
        }
      } catch (thrown) {
        throw asFileError(thrown, path)
      }
    },
    close: async () => void db.close(),
  }
}

const attribute = (value: unknown): AttributeValue =>
  typeof value === 'string' || typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : null

async function crsOf(db: Db, id: number): Promise<Crs | null> {
  if (id <= 0 || !columnsOf(db, 'gpkg_spatial_ref_sys')) return null
  const row = db
    .prepare('SELECT organization, organization_coordsys_id AS code, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?')
    .get(id) as { organization: unknown; code: unknown; definition: unknown } | undefined
  if (!row) return null
  if (/^epsg$/i.test(String(row.organization)) && typeof row.code === 'number') {
    const known = await crsFromEpsg(row.code)
    if (known.proj4) return known
  }
  return typeof row.definition === 'string' ? crsFromWkt(row.definition) : null
}

/** 'GP', version, flags (bit 0 byte order, bits 1–3 kind of envelope, bit 4 empty), id of the system, envelope, then WKB. */
function geometryOf(blob: Uint8Array, path: string, feature: number): Geometry {
  const fail = (what: string): StratumError => wrong(path, `${what} (feature ${feature})`)
  const flags = blob[3] ?? 0
  const envelope = [0, 32, 48, 48, 64][(flags >> 1) & 7]
  if (blob.length < 8 || blob[0] !== 0x47 || blob[1] !== 0x50 || envelope === undefined) throw fail('a geometry does not begin like one')
  if ((flags & 16) !== 0) return { rings: [], points: [], skipped: 0 }
  return readWkb(blob.subarray(8 + envelope), fail)
}
