/** Polygons (and points) of a vector file, whichever format it has: read feature by feature, reprojected by who uses them. */
import type { Crs } from '#common/domain/grid.ts'

export type AttributeValue = string | number | null

export interface Geometry {
  /** Rings of all its polygons, outer and inner alike: [x, y, x, y, …]. What lies inside an odd number of them is inside. */
  readonly rings: readonly Float64Array[]
  /** [x, y, x, y, …] */
  readonly points: readonly number[]
  /** Lines and curves, which have no inside. */
  readonly skipped: number
}

export interface VectorFeature extends Geometry {
  readonly attributes: Readonly<Record<string, AttributeValue>>
}

export interface VectorLayer {
  readonly path: string
  readonly format: 'GeoJSON' | 'GeoPackage' | 'Shapefile'
  /** null when the file does not say. */
  readonly crs: Crs | null
  readonly fields: readonly string[]
  /** Every file that is read. */
  readonly files: readonly string[]
  features(signal?: AbortSignal): AsyncIterable<VectorFeature>
  close(): Promise<void>
}
