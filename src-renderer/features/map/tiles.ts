/**
 * The pyramid: a tile of level z covers 256·2ᶻ pixels of the raster and comes back as at most 256 × 256.
 * Level 0 is the raster itself; the top level is one tile, which is loaded first and shown until finer ones arrive.
 */
import type { RasterWindow } from '#common/contract/engine.ts'

export const tileSize = 256
export interface TileAddress {
  readonly level: number
  readonly i: number
  readonly j: number
}
interface Raster {
  readonly width: number
  readonly height: number
}

export const topLevel = ({ width, height }: Raster): number => Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / tileSize)))

/** The coarsest level that still gives a screen pixel at least one value. `scale` in device pixels per raster pixel. */
export const levelFor = (raster: Raster, scale: number): number =>
  Math.min(topLevel(raster), Math.max(0, Math.floor(-Math.log2(scale) + 1e-9)))

export const addressKey = ({ level, i, j }: TileAddress): string => `${level}/${i}/${j}`

/** Tiles of a level that touch the box, nearest to its middle first. */
export function tilesIn(box: { x0: number; y0: number; x1: number; y1: number }, level: number): TileAddress[] {
  const step = tileSize * 2 ** level
  const out: TileAddress[] = []
  for (let j = Math.floor(box.y0 / step); j * step < box.y1; j++) {
    for (let i = Math.floor(box.x0 / step); i * step < box.x1; i++) out.push({ level, i, j })
  }
  const cx = (box.x0 + box.x1) / 2 / step - 0.5
  const cy = (box.y0 + box.y1) / 2 / step - 0.5
  return out.sort((a, b) => Math.hypot(a.i - cx, a.j - cy) - Math.hypot(b.i - cx, b.j - cy))
}

/** What to ask the engine for; `margin` output pixels more on each side where the raster has them. */
export function windowOf(raster: Raster, { level, i, j }: TileAddress, margin = 0): RasterWindow {
  const step = 2 ** level
  const x0 = Math.max(0, (i * tileSize - margin) * step)
  const y0 = Math.max(0, (j * tileSize - margin) * step)
  const x1 = Math.min(raster.width, ((i + 1) * tileSize + margin) * step)
  const y1 = Math.min(raster.height, ((j + 1) * tileSize + margin) * step)
  return { x: x0, y: y0, width: x1 - x0, height: y1 - y0, outWidth: Math.ceil((x1 - x0) / step), outHeight: Math.ceil((y1 - y0) / step) }
}

/** Itself, then ever coarser tiles over the same place. */
export function* withAncestors(address: TileAddress, top: number): Generator<TileAddress> {
  for (let { level, i, j } = address; level <= top; level++, i >>= 1, j >>= 1) yield { level, i, j }
}
