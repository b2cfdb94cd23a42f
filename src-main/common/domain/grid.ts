/**
 * The grid of a raster: size, affine transform and coordinate reference system.
 *
 * Affine transform, GDAL's order: x = a·column + b·row + c,  y = d·column + e·row + f  (column and row at pixel corners).
 */
import { z } from 'zod'

export const Affine = z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()])
/** [a, b, c, d, e, f] as in the header. */
export type Affine = z.output<typeof Affine>

export const Crs = z.object({
  /** 'EPSG:32754' where the code is known, else null. */
  code: z.string().nullable(),
  name: z.string(),
  /** The unit of x and y, e.g. 'metre', 'degree'. */
  unit: z.string(),
  /** proj4 definition for showing degrees; null when it is not known. */
  proj4: z.string().nullable(),
  /** What the source said, where there is no code for it. */
  wkt: z.string().optional(),
})
export type Crs = z.output<typeof Crs>

export const Grid = z.object({
  width: z.int().positive(),
  height: z.int().positive(),
  transform: Affine,
  /** False when the file has no georeferencing: the transform is then the identity. */
  georeferenced: z.boolean(),
  crs: Crs.nullable(),
  /** GeoTIFF keys of the source, kept verbatim so that an export carries the very same CRS. */
  geoKeys: z.record(z.string(), z.union([z.number(), z.string(), z.array(z.number())])),
})
export type Grid = z.output<typeof Grid>

export function toMap([a, b, c, d, e, f]: Affine, column: number, row: number): [x: number, y: number] {
  return [a * column + b * row + c, d * column + e * row + f]
}

/** Whether pixels lie on pixels; the systems of coordinates may still differ. */
export const sameGrid = (one: Grid, other: Grid): boolean =>
  one.width === other.width && one.height === other.height && one.transform.every((value, i) => value === other.transform[i])

/** Area of one pixel in squared units of the CRS. */
export const pixelArea = ([a, b, , d, e]: Affine): number => Math.abs(a * e - b * d)

/** Metres in the units that map projections are drawn in. */
const metresOf: Readonly<Record<string, number>> = {
  metre: 1,
  meter: 1,
  m: 1,
  kilometre: 1000,
  foot: 0.3048,
  'US survey foot': 1200 / 3937,
}

/** Square metres of one pixel; null where the grid has no place, or is in degrees, where pixels are not all alike. */
export function pixelSquareMetres({ georeferenced, crs, transform }: Grid): number | null {
  const metres = georeferenced && crs ? metresOf[crs.unit] : undefined
  return metres === undefined ? null : pixelArea(transform) * metres ** 2
}
