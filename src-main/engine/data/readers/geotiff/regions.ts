/** Cuts an image into regions for streaming: in row order, each within a byte bound, so that a block is decoded once. */
import { type Layout, rowBytes } from './layout.ts'
import type { Region } from './pixels.ts'

/** Decoded blocks of one row of blocks are kept while regions cut through it, when they take no more than this. */
const mostKeptBytes = 192 << 20

export interface RegionPlan {
  readonly regions: Iterable<Region>
  /** Keep decoded blocks between regions that share them. */
  readonly keeps: boolean
}

export function planRegions(layout: Layout, bands: readonly number[], maxBytes: number): RegionPlan {
  const { width, height, blockHeight, across } = layout
  const lineBytes = width * bands.length * 4
  const lines = Math.floor(maxBytes / lineBytes)
  const planes = layout.planar ? new Set(bands).size : 1
  const blockRowBytes = rowBytes(layout) * blockHeight * across * planes
  if (lines < 1) {
    const pixels = Math.max(1, Math.floor(maxBytes / (bands.length * 4)))
    return { regions: partsOfLines(width, height, pixels), keeps: blockRowBytes <= mostKeptBytes }
  }
  if (lines >= blockHeight)
    return { regions: wholeLines(height, width, height, Math.floor(lines / blockHeight) * blockHeight), keeps: false }
  const pieces = Math.ceil(blockHeight / lines)
  return { regions: wholeLines(height, width, blockHeight, Math.ceil(blockHeight / pieces)), keeps: blockRowBytes <= mostKeptBytes }
}

/** Strips of `lines` rows, beginning anew at every multiple of `period`. */
function* wholeLines(height: number, width: number, period: number, lines: number): Iterable<Region> {
  for (let top = 0; top < height; top += period) {
    const bottom = Math.min(height, top + period)
    for (let y0 = top; y0 < bottom; y0 += lines) yield { x0: 0, x1: width, y0, y1: Math.min(bottom, y0 + lines) }
  }
}

function* partsOfLines(width: number, height: number, pixels: number): Iterable<Region> {
  for (let y0 = 0; y0 < height; y0++) {
    for (let x0 = 0; x0 < width; x0 += pixels) yield { x0, x1: Math.min(width, x0 + pixels), y0, y1: y0 + 1 }
  }
}
