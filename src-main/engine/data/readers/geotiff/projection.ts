/** The proj4 definition of a system that the GeoTIFF keys describe by method and parameters instead of by a code (OGC 19-008r4, annex C). */
import { epsgEntry } from './epsg.ts'

type Keys = ReadonlyMap<number, number | string>

/** Parameters by the number of their key, the first that is there. */
const latitude = [3081, 3085, 3089]
const longitude = [3080, 3084, 3088, 3095]
const easting = [3082, 3086, 3090]
const northing = [3083, 3087, 3091]

/** ProjMethodGeoKey → proj4's name and what it takes besides the origin. */
const methods: Readonly<Record<number, readonly [name: string, takes: readonly ('lat_1' | 'lat_2' | 'k_0' | 'lat_ts')[]]>> = {
  1: ['tmerc', ['k_0']],
  7: ['merc', ['k_0', 'lat_ts']],
  8: ['lcc', ['lat_1', 'lat_2']],
  9: ['lcc', ['k_0']],
  10: ['laea', []],
  11: ['aea', ['lat_1', 'lat_2']],
  12: ['aeqd', []],
  13: ['eqdc', ['lat_1', 'lat_2']],
  15: ['stere', ['k_0']],
  16: ['sterea', ['k_0']],
  17: ['eqc', ['lat_ts']],
  18: ['cass', []],
  19: ['gnom', []],
  20: ['mill', []],
  21: ['ortho', []],
  24: ['sinu', []],
}

/** Null where a part is not known: a wrong position is worse than none. */
export async function projectionOf(keys: Keys): Promise<string | null> {
  const shape = await shapeOfEarth(keys)
  if (shape === null) return null
  const zone = number(keys, 3074)
  // Codes 16001 … 16060 and 16101 … 16160 are the zones of UTM.
  if (zone !== null && zone > 16_000 && zone <= 16_160 && zone % 100 >= 1 && zone % 100 <= 60)
    return `+proj=utm +zone=${zone % 100}${zone > 16_100 ? ' +south' : ''} ${shape} +units=m +no_defs`
  const method = methods[number(keys, 3075) ?? 0]
  const metres = metresPerUnit(keys)
  if (!method || metres === null || (number(keys, 2054) ?? 9102) !== 9102) return null
  const [name, takes] = method
  const first = (ids: readonly number[]): number => ids.map((id) => number(keys, id)).find((value) => value !== null) ?? 0
  const parts = [`+proj=${name}`, `+lat_0=${first(latitude)}`, `+lon_0=${first(longitude)}`]
  const scale = number(keys, 3092) ?? number(keys, 3093)
  const [one, two] = [number(keys, 3078), number(keys, 3079)]
  if (takes.includes('lat_1')) {
    if (one === null) return null
    parts.push(`+lat_1=${one}`)
    if (two !== null) parts.push(`+lat_2=${two}`)
  } else if (name === 'lcc') parts.push(`+lat_1=${first(latitude)}`)
  if (takes.includes('lat_ts') && one !== null) parts.push(`+lat_ts=${one}`)
  if (takes.includes('k_0') && scale !== null) parts.push(`+k_0=${scale}`)
  parts.push(`+x_0=${first(easting) * metres}`, `+y_0=${first(northing) * metres}`, shape)
  parts.push(metres === 1 ? '+units=m' : `+to_meter=${metres}`, '+no_defs')
  return parts.join(' ')
}

function number(keys: Keys, id: number): number | null {
  const value = keys.get(id)
  return typeof value === 'number' && Number.isFinite(value) && value !== 32_767 ? value : null
}

/** Datum of the geographic system, or an ellipsoid. */
async function shapeOfEarth(keys: Keys): Promise<string | null> {
  const geographic = number(keys, 2048)
  const known = geographic === null ? null : (await epsgEntry(geographic))?.proj4
  const named = known && /\+(?:datum|ellps)=\S+(?: \+towgs84=\S+)?/.exec(known)?.[0]
  if (named) return named
  const ellipsoid = (
    { 7030: 'WGS84', 7019: 'GRS80', 7004: 'bessel', 7008: 'clrk66', 7022: 'intl', 7024: 'krass' } as Record<number, string>
  )[number(keys, 2056) ?? 0]
  if (ellipsoid) return `+ellps=${ellipsoid}`
  const [major, minor, flattening] = [number(keys, 2057), number(keys, 2058), number(keys, 2059)]
  if (major === null || (minor === null && flattening === null)) return null
  return `+a=${major} ${minor === null ? `+rf=${flattening}` : `+b=${minor}`}`
}

function metresPerUnit(keys: Keys): number | null {
  const unit = keys.get(3076)
  if (unit === undefined || unit === 9001) return 1
  if (unit === 9002) return 0.3048
  if (unit === 9003) return 1200 / 3937
  if (unit === 9036) return 1000
  return unit === 32_767 ? number(keys, 3077) : null
}
