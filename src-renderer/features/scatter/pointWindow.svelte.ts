/** The part of the plane that is looked at, and where things of the plane lie on the screen, in px from its upper left corner. */
import type { Bounds } from './points.ts'

export class PointWindow {
  width = $state(0)
  height = $state(0)
  /** Null while everything is looked at. */
  zoomed = $state.raw<Bounds | null>(null)
  readonly #whole: () => Bounds
  readonly #moved: () => void
  bounds: Bounds = $derived.by(() => this.zoomed ?? this.#whole())

  /** @param moved called for every step of a pan or zoom */
  constructor(whole: () => Bounds, moved: () => void) {
    this.#whole = whole
    this.#moved = moved
  }

  toX = (x: number): number => ((x - this.bounds.x0) / (this.bounds.x1 - this.bounds.x0)) * this.width
  toY = (y: number): number => this.height - ((y - this.bounds.y0) / (this.bounds.y1 - this.bounds.y0)) * this.height
  fromX = (x: number): number => this.bounds.x0 + (x / this.width) * (this.bounds.x1 - this.bounds.x0)
  fromY = (y: number): number => this.bounds.y0 + ((this.height - y) / this.height) * (this.bounds.y1 - this.bounds.y0)

  showAll(): void {
    this.zoomed = null
  }
  /** Around a place on the screen, which stays where it is. */
  zoom(factor: number, x: number, y: number): void {
    const { bounds } = this
    const whole = this.#whole()
    const span = (bounds.x1 - bounds.x0) / (whole.x1 - whole.x0)
    if ((factor < 1 && span > 4) || (factor > 1 && span < 1e-4)) return
    const [px, py] = [this.fromX(x), this.fromY(y)]
    this.#move({
      x0: px + (bounds.x0 - px) / factor,
      x1: px + (bounds.x1 - px) / factor,
      y0: py + (bounds.y0 - py) / factor,
      y1: py + (bounds.y1 - py) / factor,
    })
  }
  enlarge(factor: number): void {
    this.zoom(factor, this.width / 2, this.height / 2)
  }
  shift(dx: number, dy: number): void {
    const { bounds } = this
    const sx = (dx / this.width) * (bounds.x1 - bounds.x0)
    const sy = (dy / this.height) * (bounds.y1 - bounds.y0)
    this.#move({ x0: bounds.x0 - sx, x1: bounds.x1 - sx, y0: bounds.y0 + sy, y1: bounds.y1 + sy })
  }

  #move(next: Bounds): void {
    this.zoomed = next
    this.#moved()
  }
}
