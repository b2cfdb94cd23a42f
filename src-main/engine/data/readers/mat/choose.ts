/** Which array of a MATLAB file is learned from, and which go along: what was asked for first, then size and usual names. */
import { StratumError } from '#common/errors.ts'
import type { MatOptions } from '../mat.ts'
import { type MatArray, type MatFile, sizeOf, vectorLength } from './arrays.ts'

export interface Choice {
  readonly layout: 'raster' | 'table'
  readonly main: MatArray
  /** Vectors that are columns of their own, when no matrix is there; then `main` is the first of them. */
  readonly vectors: readonly MatArray[]
  /** One value per row: a label map of a cube, a label vector of a table. */
  readonly along: readonly MatArray[]
}

const matrixNames = /^(x|data|fea|features?|samples?|img|image|cube|hsi)$/i
export const labelNames =
  /(^|[_-])(y|map|mask|gt|gnd|labels?|labelled|class(es)?|ground_?truth|truth|targets?|outliers?|anomal(y|ies))(_?map)?([_-]|$)|(gt|label|truth)s?$/i

export function choose(file: MatFile, options: MatOptions, path: string): Choice {
  const numeric = file.arrays.filter((array) => array.type !== 'char' && array.dims.length >= 2)
  const named = options.variable === undefined ? undefined : file.arrays.find((array) => array.name === options.variable)
  const listing = numeric.map((array) => `${array.name} (${array.dims.join(' × ')})`).join(', ')
  if (options.variable !== undefined && (!named || named.type === 'char')) {
    const reason = file.left.find(({ name }) => name === options.variable)?.reason
    throw new StratumError(
      'PARAMETER_INVALID',
      reason ? `"${options.variable}" ${reason}, and is not read.` : `There is no array called "${options.variable}" in the file.`,
      listing ? `Arrays are ${listing}.` : 'There is no numeric array in the file.',
      { path, parameter: 'variable' },
    )
  }
  const bySize = [...numeric].sort((a, b) => sizeOf(b.dims) - sizeOf(a.dims))
  const cubes = bySize.filter((array) => array.dims.length === 3)
  const matrices = bySize.filter((array) => array.dims.length === 2 && vectorLength(array) === null)
  const preferred = options.layout === 'table' ? undefined : cubes[0]
  const main =
    named ??
    preferred ??
    matrices.find((array) => matrixNames.test(array.name)) ??
    matrices[0] ??
    bySize.find((array) => array.dims.length === 2)
  if (!main) {
    const others = file.left.slice(0, 5).map(({ name, reason }) => `"${name}" ${reason}`)
    throw new StratumError(
      'DATA_UNSUITABLE',
      numeric.length > 0
        ? `The arrays have more axes than lines, samples and bands: ${listing}.`
        : `There is no numeric array in the file${others.length > 0 ? `: ${others.join(', ')}` : ''}.`,
      'Save a cube (lines × samples × bands) or a matrix (rows × columns) in MATLAB: save("x.mat", "X")',
      { path },
    )
  }
  if (main.dims.length > 3)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `"${main.name}" has ${main.dims.length} axes (${main.dims.join(' × ')}).`,
      'Choose a cube of lines × samples × bands, or a matrix.',
      {
        path,
        parameter: 'variable',
      },
    )
  if (options.layout === 'table' && main.dims.length === 3)
    throw new StratumError(
      'PARAMETER_INVALID',
      `"${main.name}" is a cube of ${main.dims.join(' × ')}, not a table.`,
      'Choose the layout “raster”, or a matrix.',
      {
        path,
        parameter: 'layout',
      },
    )
  const layout = options.layout !== 'auto' ? options.layout : main.dims.length === 3 || isLabelMap(main, numeric) ? 'raster' : 'table'
  return layout === 'raster' ? rasterChoice(file, main, options) : tableChoice(file, main, options)
}

/** A matrix of whole numbers that is alone and is called like labels is a map of a scene, not a table. */
const isLabelMap = (array: MatArray, numeric: readonly MatArray[]): boolean =>
  vectorLength(array) === null &&
  !array.sparse &&
  labelNames.test(array.name) &&
  numeric.every((other) => other === array || sizeOf(other.dims) === 1)

function rasterChoice(file: MatFile, main: MatArray, { bandAxis }: MatOptions): Choice {
  const [height, width] = main.dims.length === 3 && bandAxis === 'first' ? [main.dims[1], main.dims[2]] : [main.dims[0], main.dims[1]]
  const pixels = (height as number) * (width as number)
  const along = file.arrays.filter(
    (array) =>
      array !== main &&
      array.type !== 'char' &&
      !array.sparse &&
      ((array.dims.length === 2 && array.dims[0] === height && array.dims[1] === width) || (pixels > 1 && vectorLength(array) === pixels)),
  )
  return { layout: 'raster', main, vectors: [], along }
}

function tableChoice(file: MatFile, main: MatArray, options: MatOptions): Choice {
  const length = vectorLength(main)
  const rows = length ?? (main.dims[0] as number)
  const sameLength = file.arrays.filter(
    (array) =>
      array !== main &&
      !array.sparse &&
      rows > 1 &&
      (array.type === 'char' ? array.dims.length === 2 && array.dims[0] === rows : vectorLength(array) === rows),
  )
  if (length === null || options.variable !== undefined) return { layout: 'table', main, vectors: [], along: sameLength }
  const isLabel = (array: MatArray): boolean => array.type === 'char' || labelNames.test(array.name)
  const vectors = [main, ...sameLength].filter((array) => !isLabel(array))
  return {
    layout: 'table',
    main,
    vectors: vectors.length > 0 ? vectors : [main],
    along: sameLength.filter((array) => isLabel(array) && array !== main),
  }
}
