/** The part of a raster that a map shows, and where its pixels lie on the screen, in px from the upper left corner of the map. */
import { type Grid, toMap } from '#common/domain/grid.ts'
import type { MapPosition } from './types.ts'
import { fitView, panBy, pixelAspect, type Point, type Size, toRaster, toScreen, type View, zoomAt } from './viewport.ts'

/** Between the whole scene and the edge of the map. */
const margin = 8

export class MapWindow {
  width = $state(0)
  height = $state(0)
  readonly #grid: () => Grid
  readonly #chosen: () => View | null
  readonly #choose: (view: View | null) => void
  readonly size: Size = $derived.by(() => ({ width: this.width, height: this.height }))
  readonly aspect = $derived.by(() => pixelAspect(this.#grid()))
  readonly view: View = $derived.by(() => this.#chosen() ?? fitView(this.#grid(), this.size, this.aspect, margin))

  /** @param chosen what is looked at; null while that is the whole scene */
  constructor(grid: () => Grid, chosen: () => View | null, choose: (view: View | null) => void) {
    this.#grid = grid
    this.#chosen = chosen
    this.#choose = choose
  }

  toScreen(column: number, row: number): Point {
    return toScreen(this.view, this.size, this.aspect, column, row)
  }
  toRaster({ x, y }: Point): { column: number; row: number } {
    return toRaster(this.view, this.size, this.aspect, x, y)
  }
  positionAt(at: Point): MapPosition & Point {
    const grid = this.#grid()
    const { column, row } = this.toRaster(at)
    const inside = column >= 0 && row >= 0 && column < grid.width && row < grid.height
    const [x, y] = toMap(grid.transform, column, row)
    return {
      ...at,
      column,
      row,
      pixel: inside ? { x: Math.floor(column), y: Math.floor(row) } : null,
      map: grid.georeferenced ? { x, y } : null,
    }
  }
  get middle(): Point {
    return { x: this.width / 2, y: this.height / 2 }
  }

  /** Around a place on the screen, which stays where it is. */
  zoom(factor: number, { x, y }: Point): void {
    this.#choose(zoomAt(this.view, this.#grid(), this.size, this.aspect, factor, x, y))
  }
  enlarge(factor: number): void {
    this.zoom(factor, this.middle)
  }
  shift(dx: number, dy: number): void {
    this.#choose(panBy(this.view, this.#grid(), this.aspect, dx, dy))
  }
  showAll(): void {
    this.#choose(null)
  }
  /** Centres a raster position, at least at the given scale. */
  goTo(column: number, row: number, scale: number): void {
    this.#choose({ column, row, scale: Math.max(this.view.scale, scale) })
  }
}
