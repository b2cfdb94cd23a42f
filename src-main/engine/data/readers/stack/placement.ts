/** Where the pixels of a stack lie in one of its files. */
import type { Affine, Grid } from '#common/domain/grid.ts'
import { StratumError } from '#common/errors.ts'
import { compose, crsName, inverse, sameCrs } from './target.ts'

export interface Placement {
  /** Size of the file. */
  readonly width: number
  readonly height: number
  /** Column = scaleX · x + shiftX, row = scaleY · y + shiftY; null where the grids are turned or in different systems. */
  readonly straight: { readonly scaleX: number; readonly scaleY: number; readonly shiftX: number; readonly shiftY: number } | null
  /** Column and row in the file of a position in the stack; not finite where it has none. */
  toFile(x: number, y: number): readonly [column: number, row: number]
}

export async function placementOf(own: Grid, target: Grid, path: string): Promise<Placement> {
  const { width, height } = own
  const back = inverse(own.transform)
  if (!sameCrs(own, target)) {
    const project = await projection(target, own, path)
    return {
      width,
      height,
      straight: null,
      toFile: (x, y) => apply(back, project(apply(target.transform, [x, y]))),
    }
  }
  const all = snapped(compose(back, target.transform), Math.max(width, height, target.width, target.height))
  const [scaleX, b, shiftX, d, scaleY, shiftY] = all
  const straight = Math.abs(b) * target.height < 0.01 && Math.abs(d) * target.width < 0.01 && scaleX > 0 && scaleY > 0
  return {
    width,
    height,
    straight: straight ? { scaleX, scaleY, shiftX, shiftY } : null,
    toFile: (x, y) => apply(all, [x, y]),
  }
}

/** Grids that are the same but for rounding are the same. */
function snapped(affine: Affine, size: number): Affine {
  const slack = 1e-7
  return affine.map((value, i) => {
    const whole = Math.round(value)
    return Math.abs(value - whole) * (i === 2 || i === 5 ? 1 : size) < slack ? whole : value
  }) as Affine
}

const apply = ([a, b, c, d, e, f]: Affine, [x, y]: readonly [number, number]): [number, number] => [a * x + b * y + c, d * x + e * y + f]

async function projection(from: Grid, to: Grid, path: string): Promise<(position: [number, number]) => [number, number]> {
  const [one, other] = [from.crs?.proj4, to.crs?.proj4]
  if (!one || !other)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The raster lies in ${crsName(to.crs)}, the stack in ${crsName(from.crs)}, and what lies between them is not known.`,
      `Bring it to one system with GDAL first: gdalwarp -t_srs ${from.crs?.code ?? 'EPSG:…'} "${path}" warped.tif`,
      { path },
    )
  const { default: proj4 } = await import('proj4')
  const converter = proj4(one, other)
  return (position) => converter.forward(position) as [number, number]
}
