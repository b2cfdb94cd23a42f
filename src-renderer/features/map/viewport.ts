/**
 * What part of the raster the window shows. Pure arithmetic in two spaces: raster (column, row) and screen (CSS pixels).
 * The raster is never reprojected; pixels that are not square on the ground are drawn with their true aspect.
 */
import type { Grid } from '#common/domain/grid.ts'
import { pixelMetres } from '#common/domain/ground.ts'

export interface View {
  /** Raster position at the centre of the window. */
  readonly column: number
  readonly row: number
  /** Screen pixels per column. */
  readonly scale: number
}
export interface Size {
  readonly width: number
  readonly height: number
}
export interface Point {
  readonly x: number
  readonly y: number
}

/** Height over width of a pixel as drawn. */
export function pixelAspect(grid: Grid): number {
  const metres = pixelMetres(grid)
  if (metres) return metres[1] / metres[0]
  const [a, b, , d, e] = grid.transform
  const ratio = Math.hypot(b, e) / Math.hypot(a, d)
  return Number.isFinite(ratio) && ratio > 0 ? ratio : 1
}

export function fitView(grid: Grid, size: Size, aspect: number, margin = 0): View {
  const scale = Math.min((size.width - 2 * margin) / grid.width, (size.height - 2 * margin) / (grid.height * aspect))
  return { column: grid.width / 2, row: grid.height / 2, scale: Math.max(scale, 1e-6) }
}

export const toScreen = (view: View, size: Size, aspect: number, column: number, row: number): Point => ({
  x: size.width / 2 + (column - view.column) * view.scale,
  y: size.height / 2 + (row - view.row) * view.scale * aspect,
})

export const toRaster = (view: View, size: Size, aspect: number, x: number, y: number): { column: number; row: number } => ({
  column: view.column + (x - size.width / 2) / view.scale,
  row: view.row + (y - size.height / 2) / (view.scale * aspect),
})

/** Zoom limits: the whole scene fills at least a third of the window, a pixel at most 64 screen pixels. */
export function limits(grid: Grid, size: Size, aspect: number): readonly [number, number] {
  const whole = fitView(grid, size, aspect).scale
  return [whole / 3, Math.max(64, whole)]
}

/** Zooms by `factor` so that the raster position under (x, y) stays there. */
export function zoomAt(view: View, grid: Grid, size: Size, aspect: number, factor: number, x: number, y: number): View {
  const [least, most] = limits(grid, size, aspect)
  const scale = Math.min(most, Math.max(least, view.scale * factor))
  const before = toRaster(view, size, aspect, x, y)
  const zoomed = { ...view, scale }
  const after = toRaster(zoomed, size, aspect, x, y)
  return keepInside({ column: view.column + before.column - after.column, row: view.row + before.row - after.row, scale }, grid)
}

export const panBy = (view: View, grid: Grid, aspect: number, dx: number, dy: number): View =>
  keepInside({ ...view, column: view.column - dx / view.scale, row: view.row - dy / (view.scale * aspect) }, grid)

/** The centre never leaves the raster, so that the picture cannot be lost. */
const keepInside = (view: View, grid: Grid): View => ({
  scale: view.scale,
  column: Math.min(grid.width, Math.max(0, view.column)),
  row: Math.min(grid.height, Math.max(0, view.row)),
})

/** Visible part in raster coordinates, cut to the raster; null when nothing is visible. */
export function visible(view: View, grid: Grid, size: Size, aspect: number): { x0: number; y0: number; x1: number; y1: number } | null {
  const a = toRaster(view, size, aspect, 0, 0)
  const b = toRaster(view, size, aspect, size.width, size.height)
  const box = { x0: Math.max(0, a.column), y0: Math.max(0, a.row), x1: Math.min(grid.width, b.column), y1: Math.min(grid.height, b.row) }
  return box.x1 > box.x0 && box.y1 > box.y0 ? box : null
}
