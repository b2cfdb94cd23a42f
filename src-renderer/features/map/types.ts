/** What the map shows and says. Coordinates called column and row are pixels of the full grid, fractions allowed. */
import type { RasterWindow } from '#common/contract/engine.ts'

export type MapTool = 'pan' | 'pick' | 'lasso' | 'box'
export type MapLayerKind = 'composite' | 'classes' | 'scores' | 'outlines'

/** Layers are drawn in the order of the list: the first lies on top, as in the layers panel. */
export interface MapLayer {
  readonly id: string
  readonly name: string
  readonly visible: boolean
  /** 0 … 1 */
  readonly opacity: number
  readonly kind: MapLayerKind
  /** Drawn on one side of the swipe line only; without it on both. */
  readonly side?: 'left' | 'right'
  /** Changes whenever `load` would give another picture (bands, stretch, colours, threshold): its tiles are drawn anew. */
  readonly revision?: string
  /**
   * The picture of a window, outWidth × outHeight, transparent where there is nothing.
   * For `outlines`, any pixel that is not transparent lies inside; the map draws the edges.
   */
  load(window: RasterWindow, signal?: AbortSignal): Promise<ImageData>
}

export interface MapPosition {
  readonly column: number
  readonly row: number
  /** Whole pixel below it; null beside the raster. */
  readonly pixel: { readonly x: number; readonly y: number } | null
  /** In the grid's CRS; null without georeferencing. */
  readonly map: { readonly x: number; readonly y: number } | null
}

export interface MapPick {
  readonly label: string
  readonly x: number
  readonly y: number
}

/** One line of the status strip or the hover tip. */
export interface MapValue {
  readonly name: string
  readonly value: string
  readonly colour?: string
  readonly strong?: boolean
}
