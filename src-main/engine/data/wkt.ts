/**
 * The WKT of a system that has no code (OGC 01-009, in GDAL's spelling): the text it came with, or one made of its proj4 definition.
 * A datum that a definition does not name is called unknown, with its ellipsoid and what brings it to WGS 84.
 */
import proj4 from 'proj4'
import type { Crs } from '#common/domain/grid.ts'

/** Parameters by GDAL's names, from proj4's; a number is what is taken where a definition says none. */
type Parameters = readonly (readonly [name: string, from: string])[]

const shift: Parameters = [
  ['false_easting', 'x_0'],
  ['false_northing', 'y_0'],
]
const origin: Parameters = [
  ['latitude_of_origin', 'lat_0'],
  ['central_meridian', 'lon_0'],
]
const centre: Parameters = [
  ['latitude_of_center', 'lat_0'],
  ['longitude_of_center', 'lon_0'],
]
const parallels: Parameters = [
  ['standard_parallel_1', 'lat_1'],
  ['standard_parallel_2', 'lat_2'],
]
const scaled: Parameters = [...origin, ['scale_factor', 'k_0']]

const projections: Readonly<Record<string, readonly [name: string, parameters: Parameters]>> = {
  tmerc: ['Transverse_Mercator', scaled],
  merc: [
    'Mercator_1SP',
    [
      ['central_meridian', 'lon_0'],
      ['scale_factor', 'k_0'],
    ],
  ],
  merc2: [
    'Mercator_2SP',
    [
      ['standard_parallel_1', 'lat_ts'],
      ['central_meridian', 'lon_0'],
    ],
  ],
  lcc: ['Lambert_Conformal_Conic_1SP', scaled],
  lcc2: ['Lambert_Conformal_Conic_2SP', [...parallels, ...origin]],
  aea: ['Albers_Conic_Equal_Area', [...parallels, ...centre]],
  eqdc: ['Equidistant_Conic', [...parallels, ...centre]],
  laea: ['Lambert_Azimuthal_Equal_Area', centre],
  aeqd: ['Azimuthal_Equidistant', centre],
  stere: ['Stereographic', scaled],
  polar: [
    'Polar_Stereographic',
    [
      ['latitude_of_origin', 'lat_ts'],
      ['central_meridian', 'lon_0'],
      ['scale_factor', 'k_0'],
    ],
  ],
  sterea: ['Oblique_Stereographic', scaled],
  sinu: ['Sinusoidal', [['longitude_of_center', 'lon_0']]],
  eqc: ['Equirectangular', [['standard_parallel_1', 'lat_ts'], ...origin]],
  cass: ['Cassini_Soldner', origin],
  gnom: ['Gnomonic', origin],
  ortho: ['Orthographic', origin],
}

/** Keywords of the version that GIS programs of any age read. */
const isOldWkt = (text: string): boolean => /^\s*(PROJCS|GEOGCS)\s*[[(]/i.test(text)

/** Null where it is not known how a system puts places. */
export function wktOf({ name, wkt, proj4: definition }: Pick<Crs, 'name' | 'wkt' | 'proj4'>): string | null {
  if (wkt !== undefined && isOldWkt(wkt)) return wkt
  return (definition === null ? null : fromProj4(definition, name)) ?? wkt ?? null
}

type Terms = ReadonlyMap<string, string>

function fromProj4(definition: string, name: string): string | null {
  const terms: Terms = new Map(
    definition
      .split(/\s+/)
      .filter((term) => term.startsWith('+'))
      .map((term) => term.slice(1).split('=') as [string, string]),
  )
  const projection = terms.get('proj')
  if (projection === 'longlat' || projection === 'latlong') return geographic(terms, definition, name)
  const told = projection === undefined ? null : projected(projection, terms)
  const base = geographic(terms, definition, 'unknown')
  if (!told || !base) return null
  const [method, parameters] = told
  const metres = metresPerUnit(terms)
  const unit = metres === 1 ? 'metre' : terms.get('units') === 'us-ft' ? 'US survey foot' : 'unknown'
  const values = parameters.map(([key, value]) => `PARAMETER["${key}",${key.startsWith('false_') ? value / metres : value}]`)
  return `PROJCS[${quoted(name)},${base},PROJECTION["${method}"],${values.join(',')},UNIT["${unit}",${metres}],AXIS["Easting",EAST],AXIS["Northing",NORTH]]`
}

const quoted = (text: string): string => `"${text.replaceAll('"', "'")}"`
const number = (terms: Terms, key: string, otherwise: number): number => {
  const value = Number(terms.get(key) ?? Number.NaN)
  return Number.isFinite(value) ? value : otherwise
}

function metresPerUnit(terms: Terms): number {
  const named: Readonly<Record<string, number>> = { m: 1, km: 1000, ft: 0.3048, 'us-ft': 1200 / 3937 }
  return number(terms, 'to_meter', named[terms.get('units') ?? 'm'] ?? 1)
}

function projected(projection: string, terms: Terms): [method: string, parameters: (readonly [string, number])[]] | null {
  if (projection === 'utm') {
    const south = terms.has('south')
    const values = { latitude_of_origin: 0, central_meridian: 6 * number(terms, 'zone', 31) - 183, scale_factor: 0.9996 }
    return ['Transverse_Mercator', Object.entries({ ...values, false_easting: 500_000, false_northing: south ? 10_000_000 : 0 })]
  }
  const latitude = number(terms, 'lat_0', 0)
  const isPolar = projection === 'stere' && Math.abs(latitude) === 90
  const first = number(terms, 'lat_1', latitude)
  const hasTwo =
    projection === 'lcc' && (terms.has('lat_2') ? number(terms, 'lat_2', 0) !== first || first !== latitude : first !== latitude)
  const known = projections[isPolar ? 'polar' : hasTwo ? 'lcc2' : projection === 'merc' && terms.has('lat_ts') ? 'merc2' : projection]
  if (!known) return null
  const defaults: Readonly<Record<string, number>> = {
    k_0: number(terms, 'k', 1),
    lat_1: first,
    lat_2: first,
    lat_ts: isPolar ? latitude : 0,
  }
  const [method, parameters] = known
  return [method, [...parameters, ...shift].map(([name, from]) => [name, number(terms, from, defaults[from] ?? 0)])]
}

function geographic(terms: Terms, definition: string, name: string): string | null {
  const ellipsoid = ellipsoidOf(definition)
  if (!ellipsoid) return null
  const [a, b] = ellipsoid
  const flattening = a === b ? 0 : a / (a - b)
  const toWgs84 = (terms.get('towgs84') ?? '').split(',').map(Number)
  const shifts = toWgs84.length >= 3 && toWgs84.every(Number.isFinite) ? [...toWgs84, 0, 0, 0, 0].slice(0, 7) : null
  const datum = terms.get('datum') === 'WGS84' ? 'WGS_1984' : 'unknown'
  const spheroid = `SPHEROID[${quoted(terms.get('datum') ?? terms.get('ellps') ?? 'unknown')},${a},${flattening}]`
  return `GEOGCS[${quoted(name)},DATUM["${datum}",${spheroid}${shifts ? `,TOWGS84[${shifts.join(',')}]` : ''}],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`
}

function ellipsoidOf(definition: string): [a: number, b: number] | null {
  try {
    const { a, b } = proj4.Proj(definition) as unknown as { a?: number; b?: number }
    return a !== undefined && b !== undefined && a > 0 && b > 0 ? [a, b] : null
  } catch {
    // What cannot be computed with has no ellipsoid that is known.
    return null
  }
}
