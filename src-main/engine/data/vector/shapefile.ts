/**
 * Shapefile (ESRI, 1998): geometries in .shp, attributes in .dbf, the system in .prj, the encoding of texts in .cpg, all beside each
 * other. Memory: one record; records are read forward and checked against the file's size.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Crs } from '#common/domain/grid.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { crsFromWkt } from '../crs.ts'
import { openRandomAccess, type RandomAccessFile } from '../readers/randomAccess.ts'
import { type AttributeTable, openDbf } from './dbf.ts'
import type { Geometry, VectorLayer } from './layer.ts'

const largestRecord = 256 << 20
const pieceBytes = 1 << 20
const longestPrj = 65_536
const none: Geometry = { rings: [], points: [], skipped: 0 }

export async function openShapefile(path: string): Promise<VectorLayer> {
  const beside = await sidecars(path)
  const shp = await openRandomAccess(path)
  let table: AttributeTable | null = null
  try {
    const head = await shp.read(0, 100, 'the header')
    const view = new DataView(head.buffer, head.byteOffset, 100)
    if (view.getInt32(0) !== 9994) throw wrong(path, 'it does not begin like one', 0)
    const dbf = beside.get('dbf')
    table = dbf ? await openDbf(dbf, await encodingOf(beside.get('cpg'))) : null
    const attributes = table
    const prj = beside.get('prj')
    return {
      path,
      format: 'Shapefile',
      crs: prj ? await crsOf(prj) : null,
      fields: attributes?.fields ?? [],
      files: [path, ...[dbf, prj, beside.get('cpg')].filter((file) => file !== undefined)],
      async *features(signal) {
        let record = 0
        for await (const bytes of records(shp)) {
          if (signal && record % 256 === 0) throwIfCancelled(signal)
          const row = attributes ? await attributes.row(record) : {}
          record++
          // Rows that were deleted in the table stay in both files.
          if (row !== null) yield { ...geometryOf(bytes, path, record), attributes: row }
        }
      },
      async close() {
        await shp.close()
        await attributes?.close()
      },
    }
  } catch (thrown) {
    await shp.close()
    await table?.close()
    throw thrown
  }
}

const wrong = (path: string, what: string, byte: number): StratumError =>
  new StratumError(
    'FILE_CORRUPT',
    `The shapefile is damaged: ${what}.`,
    'Fetch all of its files again, or save it again: ogr2ogr out.gpkg in.shp',
    { path, byte },
  )

/** Files of the same name beside it, by ending in lower case. */
async function sidecars(path: string): Promise<Map<string, string>> {
  const stem = basename(path)
    .replace(/\.[^.]*$/, '')
    .toLowerCase()
  const found = new Map<string, string>()
  for (const name of await readdir(dirname(path))) {
    const [, start = '', ending = ''] = /^(.*)\.([^.]*)$/.exec(name.toLowerCase()) ?? []
    if (start === stem && ['dbf', 'prj', 'cpg'].includes(ending)) found.set(ending, join(dirname(path), name))
  }
  return found
}

async function crsOf(prj: string): Promise<Crs | null> {
  return (await stat(prj)).size <= longestPrj ? crsFromWkt((await readFile(prj, 'utf8')).replace(/^\uFEFF/, '')) : null
}

async function encodingOf(cpg: string | undefined): Promise<string | null> {
  if (cpg === undefined || (await stat(cpg)).size > 100) return null
  const name = (await readFile(cpg, 'latin1')).trim()
  return /^\d{5}$/.test(name) && name.startsWith('8859') ? `iso-8859-${name.slice(4)}` : /^\d{3,4}$/.test(name) ? `windows-${name}` : name
}

/** The contents of the records in order. */
async function* records(file: RandomAccessFile): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let piece = new Uint8Array(0)
  let start = 100
  const take = async (at: number, length: number): Promise<Uint8Array<ArrayBuffer>> => {
    if (at < start || at + length > start + piece.length) {
      piece = length > pieceBytes ? await file.read(at, length, 'a record') : await file.readUpTo(at, pieceBytes)
      start = at
      if (piece.length < length) await file.read(at, length, 'a record')
    }
    return piece.subarray(at - start, at - start + length)
  }
  for (let at = 100; at + 12 <= file.size; ) {
    const head = await take(at, 8)
    const length = new DataView(head.buffer, head.byteOffset, 8).getInt32(4) * 2
    if (length < 4 || length > largestRecord) throw wrong(file.path, `a record claims ${length} bytes`, at)
    yield await take(at + 8, length)
    at += 8 + length
  }
}

/** Types: 0 none, 1 point, 3 line, 5 polygon, 8 points; +10 with height, +20 with measure. */
function geometryOf(bytes: Uint8Array, path: string, record: number): Geometry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fail = (what: string): StratumError => wrong(path, `${what} (record ${record})`, bytes.byteOffset)
  const need = (length: number): void => {
    if (bytes.length < length) throw fail(`a geometry of ${bytes.length} bytes ends too early`)
  }
  const type = view.getInt32(0, true)
  const position = (at: number): [number, number] => [view.getFloat64(at, true), view.getFloat64(at + 8, true)]
  switch (type) {
    case 0:
      return none
    case 1:
    case 11:
    case 21:
      need(20)
      return { rings: [], points: position(4), skipped: 0 }
    case 8:
    case 18:
    case 28: {
      need(40)
      const n = view.getInt32(36, true)
      if (n < 0 || 40 + n * 16 > bytes.length) throw fail(`${n} points are claimed`)
      return { rings: [], points: Array.from({ length: n }, (_, i) => position(40 + i * 16)).flat(), skipped: 0 }
    }
    case 3:
    case 13:
    case 23:
      return { ...none, skipped: 1 }
    case 5:
    case 15:
    case 25: {
      need(44)
      const [parts, points] = [view.getInt32(36, true), view.getInt32(40, true)]
      const first = 44 + parts * 4
      if (parts < 0 || points < 0 || first + points * 16 > bytes.length) throw fail(`${parts} rings of ${points} points are claimed`)
      const starts = Array.from({ length: parts }, (_, i) => view.getInt32(44 + i * 4, true))
      const rings = starts.map((from, i) => {
        const to = starts[i + 1] ?? points
        if (from < 0 || to < from || to > points) throw fail('its rings are out of order')
        const ring = new Float64Array((to - from) * 2)
        for (let k = 0; k < ring.length; k++) ring[k] = view.getFloat64(first + from * 16 + k * 8, true)
        return ring
      })
      return { rings, points: [], skipped: 0 }
    }
    case 31:
      throw fail('it holds surfaces (multipatch), which are not read')
    default:
      throw fail(`a geometry is of the unknown type ${type}`)
  }
}
