/** The one grid that the files of a stack are brought to. */
import { basename } from 'node:path'
import { type Affine, type Crs, type Grid, sameGrid } from '#common/domain/grid.ts'
import { StratumError } from '#common/errors.ts'
import type { StackOptions } from '../stack.ts'

export interface Located {
  readonly path: string
  readonly grid: Grid
}

/** A union of scenes that lie far apart is a mistake, not a raster. */
const mostPixels = 1e11
/** Pixels are taken as covered when they are but for this share of their width. */
const slack = 1e-6

export const inverse = ([a, b, c, d, e, f]: Affine): Affine => {
  const determinant = a * e - b * d
  const [A, B, D, E] = [e / determinant, -b / determinant, -d / determinant, a / determinant]
  return [A, B, -(A * c + B * f), D, E, -(D * c + E * f)]
}

/** First `second`, then `first`. */
export const compose = ([a, b, c, d, e, f]: Affine, [A, B, C, D, E, F]: Affine): Affine => [
  a * A + b * D,
  a * B + b * E,
  a * C + b * F + c,
  d * A + e * D,
  d * B + e * E,
  d * C + e * F + f,
]

const pixelSizeOf = ({ transform: [a, b, , d, e] }: Grid): number => Math.sqrt(Math.abs(a * e - b * d))

/** @throws DATA_UNSUITABLE when files lie nowhere or apart, PARAMETER_INVALID for a reference that is not among them */
export function targetGrid(files: readonly Located[], options: StackOptions): Grid {
  const reference = referenceOf(files, options.reference)
  if (files.every(({ grid }) => sameGrid(grid, reference.grid)) && options.pixelSize === undefined) return reference.grid
  refuseUnlocated(files)
  const sizes = files.map(({ grid }) => pixelSizeOf(grid))
  const own = pixelSizeOf(reference.grid)
  const wanted =
    options.pixelSize ??
    (options.resolution === 'finest' ? Math.min(...sizes) : options.resolution === 'coarsest' ? Math.max(...sizes) : own)
  const scaled = compose(reference.grid.transform, [wanted / own, 0, 0, 0, wanted / own, 0])
  const extents = (options.extent === 'first' ? [reference] : files).map(({ grid }) => extentIn(scaled, grid))
  const all = options.extent === 'intersection'
  const [x0, x1] = all ? common(extents.map((extent) => extent.x)) : hull(extents.map((extent) => extent.x))
  const [y0, y1] = all ? common(extents.map((extent) => extent.y)) : hull(extents.map((extent) => extent.y))
  const [width, height] = [x1 - x0, y1 - y0]
  if (!(width >= 1) || !(height >= 1))
    throw new StratumError(
      'DATA_UNSUITABLE',
      'No pixel is covered by all files of the stack.',
      'Leave out files of other places, or choose the extent union.',
      { path: reference.path, parameter: 'extent' },
    )
  if (!(width * height <= mostPixels))
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The stack would have ${width} × ${height} pixels.`,
      'Leave out files that lie far away, or choose a larger pixel size.',
      { path: reference.path },
    )
  return { ...reference.grid, width, height, transform: compose(scaled, [1, 0, x0, 0, 1, y0]) }
}

/** The file named, or the first of those whose grid most files have. */
export function referenceOf<T extends Located>(files: readonly T[], name: string | undefined): T {
  if (name !== undefined) {
    const found = files.find((file) => file.path === name || basename(file.path) === basename(name))
    if (found) return found
    throw new StratumError('PARAMETER_INVALID', `There is no file '${name}' in the stack.`, 'Name one of its files as the reference.', {
      parameter: 'reference',
    })
  }
  const votes = files.map((file) => files.filter((other) => sameGrid(file.grid, other.grid)).length)
  return files[votes.indexOf(Math.max(...votes))] as T
}

function refuseUnlocated(files: readonly Located[]): void {
  const lost = files.find(({ grid }) => !grid.georeferenced)
  if (!lost) return
  throw new StratumError(
    'DATA_UNSUITABLE',
    `The rasters have different sizes, and '${basename(lost.path)}' does not say where it lies.`,
    'Files without a position can be stacked when they all have the same size.',
    { path: lost.path },
  )
}

/** Box around the corners of a grid, in pixels of `target`. */
function extentIn(target: Affine, grid: Grid): { x: [number, number]; y: [number, number] } {
  const [a, b, c, d, e, f] = compose(inverse(target), grid.transform)
  const corners = [
    [0, 0],
    [grid.width, 0],
    [0, grid.height],
    [grid.width, grid.height],
  ] as const
  const xs = corners.map(([x, y]) => a * x + b * y + c)
  const ys = corners.map(([x, y]) => d * x + e * y + f)
  return { x: [Math.min(...xs), Math.max(...xs)], y: [Math.min(...ys), Math.max(...ys)] }
}

/** Pixels whose centres lie in every range. */
const common = (ranges: readonly (readonly [number, number])[]): [number, number] => [
  Math.ceil(Math.max(...ranges.map(([from]) => from)) - 0.5 - slack),
  Math.floor(Math.min(...ranges.map(([, to]) => to)) + 0.5 + slack),
]
const hull = (ranges: readonly (readonly [number, number])[]): [number, number] => [
  Math.floor(Math.min(...ranges.map(([from]) => from)) + slack),
  Math.ceil(Math.max(...ranges.map(([, to]) => to)) - slack),
]

/** Codes where both have one, the GeoTIFF keys or definitions otherwise. */
export function sameCrs(one: Grid, other: Grid): boolean {
  if (!one.crs || !other.crs) return one.crs === other.crs
  if (one.crs.code && other.crs.code) return one.crs.code === other.crs.code
  if (one.crs.proj4 && other.crs.proj4) return one.crs.proj4 === other.crs.proj4
  return JSON.stringify(one.geoKeys) === JSON.stringify(other.geoKeys)
}

export const crsName = (crs: Crs | null): string => (crs ? (crs.code ? `${crs.code} (${crs.name})` : crs.name) : 'none')
