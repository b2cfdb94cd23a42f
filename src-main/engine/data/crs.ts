/** Coordinate reference systems from what files say of them: EPSG codes, WKT (OGC and ESRI), and back to definitions that can be computed with. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import proj4 from 'proj4'
import type { Crs } from '#common/domain/grid.ts'
import { epsgEntry } from './readers/geotiff/epsg.ts'

/** More than any real definition; a longer one is damage. */
const longestWkt = 65_536
const deepestWkt = 40

export async function crsFromEpsg(code: number): Promise<Crs> {
  const entry = Number.isSafeInteger(code) && code > 0 ? await epsgEntry(code) : null
  return {
    code: `EPSG:${code}`,
    name: entry?.name ?? `EPSG:${code}`,
    unit: entry?.unit?.replace(/ \(.*\)$/, '') ?? 'metre',
    proj4: entry?.proj4 ?? null,
  }
}

/** The system that a WKT names; its EPSG code where the text gives one, or where the name is EPSG's and the numbers agree. Null for what is no WKT. */
export async function crsFromWkt(wkt: string): Promise<Crs | null> {
  const text = wkt.trim()
  if (text.length > longestWkt || !/^[A-Z_0-9]+\s*[[(]/i.test(text) || depthOf(text) > deepestWkt) return null
  // The outermost authority is the last thing before the last bracket.
  const code = /(?:AUTHORITY|ID)\s*\[\s*"EPSG"\s*,\s*"?(\d+)"?\s*\]\s*\]\s*$/i.exec(text)?.[1]
  if (code && (await epsgEntry(Number(code)))) return crsFromEpsg(Number(code))
  const name = /^[A-Z_0-9]+\s*[[(]\s*"([^"]*)"/i.exec(text)?.[1]?.trim() ?? ''
  if (/^(LOCAL_CS|ENGCRS|ENGINEERINGCRS)/i.test(text)) return null
  const parsed = parse(text)
  const definition = parsed ? definitionOf(parsed) : null
  const known = await codeOfName(name)
  if (known !== null) {
    const crs = await crsFromEpsg(known)
    if (crs.proj4 && definition && agree(crs.proj4, definition)) return crs
  }
  const geographic = /^GEO/i.test(text)
  const crs = { name: name || 'Unnamed system', unit: unitOf(text, geographic), proj4: definition }
  return code ? { code: `EPSG:${code}`, ...crs } : { code: null, ...crs, wkt: text }
}

/** A system that is only known by its parameters. */
export function crsFromProj4(definition: string, name: string): Crs {
  return { code: null, name, unit: definition.includes('+proj=longlat') ? 'degree' : 'metre', proj4: parse(definition) ? definition : null }
}

/** From degrees (longitude, latitude) or any other system into a system; null when one of them cannot be computed with. */
export function converter(from: Crs, to: Crs): ((x: number, y: number) => [number, number]) | null {
  if (from.code !== null && from.code === to.code) return (x, y) => [x, y]
  if (!from.proj4 || !to.proj4) return null
  if (from.proj4 === to.proj4) return (x, y) => [x, y]
  const pair = proj4(from.proj4, to.proj4)
  return (x, y) => pair.forward([x, y]) as [number, number]
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  for (const letter of text) {
    if (letter === '[' || letter === '(') deepest = Math.max(deepest, ++depth)
    else if (letter === ']' || letter === ')') depth--
  }
  return deepest
}

/** What proj4 makes of a definition, by its own names: lat0, long0 … in radians. */
type Parsed = Readonly<Record<string, unknown>>

function parse(definition: string): Parsed | null {
  try {
    return proj4.Proj(definition) as unknown as Parsed
  } catch {
    // A system that cannot be computed with still has a name, which is kept.
    return null
  }
}

const projections: Readonly<Record<string, string>> = {
  longlat: 'longlat',
  transversemercator: 'tmerc',
  gausskruger: 'tmerc',
  etmerc: 'tmerc',
  tmerc: 'tmerc',
  utm: 'tmerc',
  lambertconformalconic: 'lcc',
  lambertconformalconic1sp: 'lcc',
  lambertconformalconic2sp: 'lcc',
  lambertconicconformal1sp: 'lcc',
  lambertconicconformal2sp: 'lcc',
  lcc: 'lcc',
  albers: 'aea',
  albersequalarea: 'aea',
  albersconicequalarea: 'aea',
  aea: 'aea',
  lambertazimuthalequalarea: 'laea',
  laea: 'laea',
  mercator: 'merc',
  mercator1sp: 'merc',
  mercator2sp: 'merc',
  mercatorauxiliarysphere: 'merc',
  popularvisualisationpseudomercator: 'merc',
  merc: 'merc',
  stereographic: 'stere',
  stereographicnorthpole: 'stere',
  stereographicsouthpole: 'stere',
  polarstereographic: 'stere',
  polarstereographicvarianta: 'stere',
  polarstereographicvariantb: 'stere',
  stere: 'stere',
  obliquestereographic: 'sterea',
  doublestereographic: 'sterea',
  sterea: 'sterea',
  sinusoidal: 'sinu',
  sinu: 'sinu',
  equirectangular: 'eqc',
  equidistantcylindrical: 'eqc',
  platecarree: 'eqc',
  eqc: 'eqc',
}

/** A proj4 text of a parsed WKT; null for a projection that is not in the table. */
function definitionOf(parsed: Parsed): string | null {
  const projection =
    projections[
      String(parsed.projName ?? '')
        .toLowerCase()
        .replace(/[^a-z0-9]/g, '')
    ]
  if (!projection) return null
  const number = (key: string): number | null =>
    typeof parsed[key] === 'number' && Number.isFinite(parsed[key]) ? (parsed[key] as number) : null
  const parts = [`+proj=${projection}`]
  const degrees = (radians: number): number => Number(((radians * 180) / Math.PI).toFixed(12))
  const add = (key: string, value: number | null): void => void (value !== null && parts.push(`+${key}=${value}`))
  const angle = (key: string, from: string): void => {
    const value = number(from)
    add(key, value === null ? null : degrees(value))
  }
  if (projection !== 'longlat') {
    angle('lat_0', 'lat0')
    angle('lon_0', 'long0')
    angle('lat_1', 'lat1')
    angle('lat_2', 'lat2')
    angle('lat_ts', 'lat_ts')
    const scale = number('k0')
    add('k_0', scale !== 1 ? scale : null)
    add('x_0', number('x0') ?? 0)
    add('y_0', number('y0') ?? 0)
  }
  const { a, b } = parsed
  if (typeof a !== 'number' || typeof b !== 'number' || !(a > 0) || !(b > 0)) return null
  // The sphere of web maps stands for the ellipsoid.
  const web = /auxiliary|pseudo/i.test(String(parsed.projName))
  parts.push(`+a=${a}`, `+b=${web ? a : b}`)
  const shift = parsed.datum_params
  if (Array.isArray(shift) && shift.length > 0 && shift.every((value) => Number.isFinite(Number(value)))) {
    // Rotations and scale are kept as radians and a factor once parsed.
    const values = shift.map(Number)
    const [dx = 0, dy = 0, dz = 0, rx = 0, ry = 0, rz = 0, s = 1] = values
    const seconds = (radians: number): number => (radians * 180 * 3600) / Math.PI
    parts.push(
      `+towgs84=${values.length < 7 ? `${dx},${dy},${dz}` : [dx, dy, dz, seconds(rx), seconds(ry), seconds(rz), (s - 1) * 1e6].join(',')}`,
    )
  } else parts.push('+towgs84=0,0,0')
  const toMetre = number('to_meter')
  parts.push(projection === 'longlat' ? '' : toMetre !== null && toMetre !== 1 ? `+to_meter=${toMetre}` : '+units=m', '+no_defs')
  return parts.filter((part) => part !== '').join(' ')
}

function unitOf(text: string, geographic: boolean): string {
  if (geographic) return 'degree'
  const units = [...text.matchAll(/(?:LENGTHUNIT|UNIT)\s*\[\s*"([^"]*)"\s*,\s*([-+\d.eE]+)/gi)]
  const length = units.find(
    ([, name, size]) => !/degree|radian|grad/i.test(name as string) && Math.abs(Number(size) - 0.017453292519943) > 1e-9,
  )
  const name = length?.[1] ?? 'metre'
  return /^met(er|re)s?$/i.test(name) ? 'metre' : name
}

/** The two put the same places within a metre of each other (or a hundred-thousandth of a degree). */
function agree(one: string, other: string): boolean {
  try {
    const [first, second] = [proj4(one), proj4(other)]
    const centre = (parse(one)?.long0 as number | undefined) ?? 0
    const latitude = ((parse(one)?.lat0 as number | undefined) ?? 0) * (180 / Math.PI)
    const tolerance = one.includes('+proj=longlat') ? 1e-5 : 1
    const longitude = (centre * 180) / Math.PI
    return [1, -2].every((step) => {
      const at = [longitude + step, Math.max(-80, Math.min(80, latitude + step))]
      const [p, q] = [first.forward(at), second.forward(at)]
      return Math.abs(p[0] - q[0]) < tolerance && Math.abs(p[1] - q[1]) < tolerance
    })
  } catch {
    // Two systems that cannot both be computed are not known to be one.
    return false
  }
}

/** Names of ESRI's that are not EPSG's in other letters; the numbers are compared as for the others. */
const otherNames: Readonly<Record<string, number>> = {
  etrs89laea: 3035,
  wgs84webmercatorauxiliarysphere: 3857,
  usacontiguousalbersequalareaconicusgsversion: 5070,
  britishnationalgrid: 27700,
  gda94geoscienceaustralialambert: 3112,
}

let codes: ReadonlyMap<string, number> | undefined

/** "WGS_1984_UTM_Zone_18N" and "WGS 84 / UTM zone 18N" are one name. */
const sameName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^(gcs|pcs)_/, '')
    .replace(/north_?american/, 'nad')
    .replace(/19(\d\d)/g, '$1')
    .replace(/[^a-z0-9]/g, '')

async function codeOfName(name: string): Promise<number | null> {
  if (!codes) {
    const index = JSON.parse(await readFile(createRequire(import.meta.url).resolve('epsg-index/all.json'), 'utf8')) as Record<
      string,
      { name?: unknown }
    >
    const found = new Map<string, number>()
    for (const [code, entry] of Object.entries(index)) {
      const key = typeof entry.name === 'string' ? sameName(entry.name) : ''
      if (key && !found.has(key)) found.set(key, Number(code))
    }
    codes = found
  }
  return codes.get(sameName(name)) ?? otherNames[sameName(name)] ?? null
}
