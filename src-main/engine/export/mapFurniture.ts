/** Scale bar of a map figure, from the grid alone. */
import type { Grid } from '#common/domain/grid.ts'
import { pixelMetres, roundLength } from '#common/domain/ground.ts'

export interface ScaleBar {
  /** Length in pixels of the map. */
  readonly pixels: number
  /** '500 m', '2 km', '100 px'. */
  readonly label: string
}

/** A round length, 1, 2 or 5 × 10ⁿ, of at most `most` map pixels along a row. In pixels where the ground size is not known. */
export function scaleBar(grid: Grid, most: number): ScaleBar {
  const [metres] = pixelMetres(grid) ?? []
  if (metres === undefined) {
    const pixels = Math.max(1, roundLength(most))
    return { pixels, label: `${pixels} px` }
  }
  const length = roundLength(most * metres)
  return { pixels: length / metres, label: lengthLabel(length) }
}

const lengthLabel = (metres: number): string =>
  metres >= 1000
    ? `${metres / 1000} km`
    : metres >= 1
      ? `${metres} m`
      : metres >= 0.01
        ? `${Number((metres * 100).toPrecision(1))} cm`
        : `${Number((metres * 1000).toPrecision(1))} mm`
