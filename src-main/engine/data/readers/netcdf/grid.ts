/**
 * Axes and grid of a NetCDF file by the CF conventions: which dimensions are x and y, whether their coordinates are evenly spaced,
 * and the coordinate reference system of the grid mapping.
 */
import type { Finding } from '#common/domain/dataset.ts'
import type { Affine, Crs, Grid } from '#common/domain/grid.ts'
import { crsFromEpsg, crsFromProj4, crsFromWkt } from '../../crs.ts'
import { type NcDimension, type NcFile, type NcVariable, baseName, numberOf, textOf } from './file.ts'

/** Coordinates are held at once. */
const longestAxis = 4_000_000
/** Of a pixel: how far a coordinate may lie from an even grid. */
const mostShift = 0.02

export type AxisKind = 'x' | 'y' | 'other'

export function coordinateOf(file: NcFile, dimension: NcDimension): NcVariable | null {
  const found = file.variables.find(
    ({ name, dimensions }) => name === dimension.name && dimensions.length === 1 && dimensions[0]?.name === dimension.name,
  )
  return found && found.type !== 'char' ? found : null
}

export function axisKind(file: NcFile, dimension: NcDimension): AxisKind {
  const variable = coordinateOf(file, dimension)
  const of = (name: string): string => (variable ? (textOf(variable.attributes, name) ?? '') : '')
  const standard = of('standard_name')
  if (
    /^X$/i.test(of('axis')) ||
    /^(longitude|projection_x_coordinate|grid_longitude)$/.test(standard) ||
    /^degrees?_?(east|E)$/.test(of('units'))
  )
    return 'x'
  if (
    /^Y$/i.test(of('axis')) ||
    /^(latitude|projection_y_coordinate|grid_latitude)$/.test(standard) ||
    /^degrees?_?(north|N)$/.test(of('units'))
  )
    return 'y'
  if (/^[TZ]$/i.test(of('axis'))) return 'other'
  const name = baseName(dimension.name)
  if (/^(x|lon|long|longitude|easting|xc|rlon|nx|i|ni|cols?|columns?|samples?)$/i.test(name)) return 'x'
  if (/^(y|lat|latitude|northing|yc|rlat|ny|j|nj|rows?|lines?)$/i.test(name)) return 'y'
  return 'other'
}

interface Axis {
  /** Position of the first and of the following cells' centres. */
  readonly first: number
  readonly step: number
}

export interface Placement {
  readonly grid: Grid
  /** Stored lines run from south to north: line 0 of the grid is the last that is stored. */
  readonly flipped: boolean
}

export async function placementOf(
  file: NcFile,
  y: NcDimension,
  x: NcDimension,
  variables: readonly NcVariable[],
  findings: Finding[],
): Promise<Placement> {
  const mapping = mappingOf(file, variables)
  const geographic = [x, y].every(
    (dimension) => /^degrees?/i.test(unitsOf(file, dimension)) || /longitude|latitude/.test(standardName(file, dimension)),
  )
  const metres = geographic ? 1 : metresPer(unitsOf(file, x))
  const crs = await crsOf(mapping, geographic, metres, findings)
  const axes = await evenAxes(file, y, x, findings)
  const stated = mapping && !axes ? geoTransform(mapping) : null
  let transform: Affine | null = stated
  const flipped = await runsNorth(file, y)
  if (axes) {
    const [ax, ay] = [scaled(axes.x, metres), scaled(axes.y, metres)]
    const top = flipped ? ay.first + (y.size - 0.5) * ay.step : ay.first - 0.5 * ay.step
    transform = [ax.step, 0, ax.first - 0.5 * ax.step, 0, flipped ? -ay.step : ay.step, top]
  }
  if (!transform && !findings.some(({ code }) => code === 'IRREGULAR_GRID' || code === 'CURVED_GRID'))
    findings.push({
      severity: 'warning',
      code: 'NO_GEOREFERENCE',
      message: 'The file does not say where the grid lies; positions are columns and rows.',
      hint: 'Maps made from it line up with this file, but not with other layers.',
    })
  if (transform && !crs)
    findings.push({
      severity: 'warning',
      code: 'NO_CRS',
      message: 'The file names no coordinate reference system that is known.',
      hint: 'Exports carry the same positions, without a system. Assign one with gdal_edit.py -a_srs EPSG:… if you know it.',
    })
  return {
    flipped,
    grid: {
      width: x.size,
      height: y.size,
      transform: transform ?? [1, 0, 0, 0, 1, 0],
      georeferenced: transform !== null,
      crs: transform ? crs : null,
      geoKeys: {},
    },
  }
}

const unitsOf = (file: NcFile, dimension: NcDimension): string => {
  const variable = coordinateOf(file, dimension)
  return (variable && textOf(variable.attributes, 'units')) ?? ''
}
const standardName = (file: NcFile, dimension: NcDimension): string => {
  const variable = coordinateOf(file, dimension)
  return (variable && textOf(variable.attributes, 'standard_name')) ?? ''
}
const scaled = ({ first, step }: Axis, factor: number): Axis => ({ first: first * factor, step: step * factor })
const metresPer = (units: string): number => (/^(km|kilometers?|kilometres?)$/i.test(units) ? 1000 : 1)

async function evenAxes(file: NcFile, y: NcDimension, x: NcDimension, findings: Finding[]): Promise<{ x: Axis; y: Axis } | null> {
  const [ax, ay] = [await axisOf(file, x), await axisOf(file, y)]
  for (const [dimension, axis] of [
    [x, ax],
    [y, ay],
  ] as const) {
    if (typeof axis !== 'number') continue
    findings.push({
      severity: 'warning',
      code: 'IRREGULAR_GRID',
      message: `The coordinates "${dimension.name}" are not evenly spaced (from position ${axis + 1} on), so the grid has no simple place on a map.`,
      hint: 'Positions are columns and rows. Interpolate to an even grid first (cdo remapbil) to export maps.',
    })
  }
  if (!ax && !ay) {
    const curved = file.variables.some(
      ({ dimensions, attributes }) =>
        dimensions.length === 2 &&
        dimensions[0]?.name === y.name &&
        dimensions[1]?.name === x.name &&
        /^(latitude|longitude)$/.test(textOf(attributes, 'standard_name') ?? ''),
    )
    if (curved)
      findings.push({
        severity: 'warning',
        code: 'CURVED_GRID',
        message: 'Latitude and longitude are given for every single cell: the grid is curved, and has no simple place on a map.',
        hint: 'Positions are columns and rows. Warp it to an even grid first (gdalwarp -geoloc) to export maps.',
      })
  }
  return ax && ay && typeof ax !== 'number' && typeof ay !== 'number' ? { x: ax, y: ay } : null
}

async function runsNorth(file: NcFile, dimension: NcDimension): Promise<boolean> {
  const variable = coordinateOf(file, dimension)
  if (!variable || dimension.size < 2) return false
  const [first, last] = [await variable.read([0], [1]), await variable.read([dimension.size - 1], [1])]
  return (last[0] as number) > (first[0] as number)
}

/** Even coordinates; the position of the first that is out of line; null when there are none. */
async function axisOf(file: NcFile, dimension: NcDimension): Promise<Axis | number | null> {
  const variable = coordinateOf(file, dimension)
  if (!variable || dimension.size < 2 || dimension.size > longestAxis) return null
  const values = await variable.read([0], [dimension.size])
  const scale = numberOf(variable.attributes, 'scale_factor') ?? 1
  const offset = numberOf(variable.attributes, 'add_offset') ?? 0
  const at = (i: number): number => (values[i] as number) * scale + offset
  const first = at(0)
  const step = (at(values.length - 1) - first) / (values.length - 1)
  if (!Number.isFinite(step) || step === 0) return 0
  const rounding = variable.type === 'float32' ? 2 ** -22 * Math.max(Math.abs(first), Math.abs(at(values.length - 1))) : 0
  for (let i = 0; i < values.length; i++) if (!(Math.abs(at(i) - first - i * step) <= mostShift * Math.abs(step) + rounding)) return i
  return { first, step }
}

/** The grid mapping of the first variable that names one, or the only one in the file. */
function mappingOf(file: NcFile, variables: readonly NcVariable[]): NcVariable | null {
  const isMapping = ({ attributes }: NcVariable): boolean =>
    ['grid_mapping_name', 'crs_wkt', 'spatial_ref', 'epsg_code'].some((name) => attributes.has(name))
  for (const { name, attributes } of variables) {
    const wanted = textOf(attributes, 'grid_mapping')?.split(':')[0]?.trim()
    if (!wanted) continue
    const group = name.slice(0, name.length - baseName(name).length)
    const found = file.variables.find((variable) => variable.name === wanted || variable.name === group + wanted)
    if (found) return found
  }
  const all = file.variables.filter(isMapping)
  return all.length === 1 ? (all[0] as NcVariable) : null
}

/** GDAL's attribute: x of the left edge, pixel width, 0, y of the top edge, 0, pixel height. */
function geoTransform(mapping: NcVariable): Affine | null {
  const parts = (textOf(mapping.attributes, 'GeoTransform') ?? '').split(/\s+/).map(Number)
  const [c, a, b, f, d, e] = parts
  return parts.length === 6 && parts.every(Number.isFinite)
    ? [a as number, b as number, c as number, d as number, e as number, f as number]
    : null
}

async function crsOf(mapping: NcVariable | null, geographic: boolean, metres: number, findings: Finding[]): Promise<Crs | null> {
  if (mapping) {
    const wkt = textOf(mapping.attributes, 'crs_wkt') ?? textOf(mapping.attributes, 'spatial_ref')
    const fromWkt = wkt ? await crsFromWkt(wkt) : null
    if (fromWkt) return fromWkt
    const code = /(\d{4,6})/.exec(textOf(mapping.attributes, 'epsg_code') ?? '')?.[1] ?? numberOf(mapping.attributes, 'epsg_code')
    if (code) return crsFromEpsg(Number(code))
    const definition = projectionOf(mapping, metres)
    if (definition)
      return crsFromProj4(definition, `${textOf(mapping.attributes, 'grid_mapping_name')?.replaceAll('_', ' ') ?? 'grid'} of the file`)
  }
  if (!geographic) return null
  findings.push({
    severity: 'info',
    code: 'CRS_ASSUMED',
    message: 'Latitude and longitude are taken as WGS 84 (EPSG:4326); the file does not name their datum.',
    hint: 'Nothing to do for most grids: datums differ by less than 200 m.',
  })
  return crsFromEpsg(4326)
}

/** CF's grid mapping parameters as a proj4 text (CF appendix F). False easting and northing are in the unit of the coordinates. */
function projectionOf({ attributes }: NcVariable, metres: number): string | null {
  const n = (name: string): number | null => numberOf(attributes, name)
  const parallels = attributes.get('standard_parallel')?.numbers ?? []
  const origin = n('latitude_of_projection_origin') ?? 0
  const meridian =
    n('longitude_of_central_meridian') ?? n('longitude_of_projection_origin') ?? n('straight_vertical_longitude_from_pole') ?? 0
  const scale = n('scale_factor_at_central_meridian') ?? n('scale_factor_at_projection_origin') ?? 1
  const shift = `+x_0=${(n('false_easting') ?? 0) * metres} +y_0=${(n('false_northing') ?? 0) * metres}`
  const flattening = n('inverse_flattening')
  const axis = n('semi_major_axis')
  const minor = n('semi_minor_axis')
  const radius = n('earth_radius')
  const body =
    radius !== null
      ? `+R=${radius}`
      : axis === null
        ? '+ellps=WGS84'
        : minor !== null
          ? `+a=${axis} +b=${minor}`
          : flattening
            ? `+a=${axis} +rf=${flattening}`
            : `+a=${axis} +b=${axis}`
  const end = `${shift} ${body} +towgs84=0,0,0 +units=m +no_defs`
  switch (textOf(attributes, 'grid_mapping_name')) {
    case 'latitude_longitude':
      return `+proj=longlat ${body} +towgs84=0,0,0 +no_defs`
    case 'transverse_mercator':
      return `+proj=tmerc +lat_0=${origin} +lon_0=${meridian} +k_0=${scale} ${end}`
    case 'lambert_conformal_conic':
      return `+proj=lcc +lat_0=${origin} +lon_0=${meridian} +lat_1=${parallels[0] ?? origin} +lat_2=${parallels[1] ?? parallels[0] ?? origin} ${end}`
    case 'albers_conical_equal_area':
      return `+proj=aea +lat_0=${origin} +lon_0=${meridian} +lat_1=${parallels[0] ?? 0} +lat_2=${parallels[1] ?? parallels[0] ?? 0} ${end}`
    case 'lambert_azimuthal_equal_area':
      return `+proj=laea +lat_0=${origin} +lon_0=${meridian} ${end}`
    case 'mercator':
      return `+proj=merc +lon_0=${meridian} ${parallels[0] === undefined ? `+k_0=${scale}` : `+lat_ts=${parallels[0]}`} ${end}`
    case 'polar_stereographic':
      return `+proj=stere +lat_0=${origin >= 0 ? 90 : -90} +lon_0=${meridian} ${parallels[0] === undefined ? `+k_0=${scale}` : `+lat_ts=${parallels[0]}`} ${end}`
    case 'stereographic':
      return `+proj=stere +lat_0=${origin} +lon_0=${meridian} +k_0=${scale} ${end}`
    case 'sinusoidal':
      return `+proj=sinu +lon_0=${meridian} ${end}`
    default:
      return null
  }
}
