/** Draws the loaded tiles of the visible layers onto the map's canvas. Each place is drawn once per layer, from the finest tile there is. */
import type { Grid } from '#common/domain/grid.ts'
import { maskEdges } from './outline.ts'
import type { TileLoader, TileRequest } from './tileLoader.ts'
import { addressKey, levelFor, type TileAddress, tileSize, tilesIn, topLevel, windowOf, withAncestors } from './tiles.ts'
import type { MapLayer } from './types.ts'
import { type Size, toScreen, type View, visible } from './viewport.ts'

export interface Tile {
  readonly picture: HTMLCanvasElement | null
  /** Borders of a mask, in raster coordinates. */
  readonly edges: Path2D | null
}

/** Anomalies keep this colour on every map, on screen and exported. */
const flagColour = '#D6006C'
const keyOf = (layer: MapLayer, address: TileAddress): string => `${layer.id}|${layer.revision ?? ''}|${addressKey(address)}`

/** Everything the window needs now: the one-tile overview of each layer first, then the visible tiles from the middle outwards. */
export function wantedTiles(
  grid: Grid,
  view: View,
  size: Size,
  aspect: number,
  layers: readonly MapLayer[],
  ratio: number,
): TileRequest<Tile>[] {
  const box = visible(view, grid, size, aspect)
  if (!box) return []
  const shown = layers.filter((l) => l.visible && l.opacity > 0)
  const top = topLevel(grid)
  const level = levelFor(grid, view.scale * ratio)
  const request = (layer: MapLayer, address: TileAddress): TileRequest<Tile> => ({
    key: keyOf(layer, address),
    load: (signal) => loadTile(grid, layer, address, signal),
  })
  const overview = { level: top, i: 0, j: 0 }
  const first = shown.map((layer) => request(layer, overview))
  const rest = level === top ? [] : tilesIn(box, level).flatMap((address) => shown.map((layer) => request(layer, address)))
  return [...first, ...rest]
}

async function loadTile(grid: Grid, layer: MapLayer, address: TileAddress, signal: AbortSignal): Promise<Tile> {
  const margin = layer.kind === 'outlines' ? 1 : 0
  const window = windowOf(grid, address, margin)
  const image = await layer.load(window, signal)
  if (layer.kind !== 'outlines') {
    const picture = document.createElement('canvas')
    picture.width = image.width
    picture.height = image.height
    picture.getContext('2d')?.putImageData(image, 0, 0)
    return { picture, edges: null }
  }
  const inside = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < image.width && y < image.height && image.data[(y * image.width + x) * 4 + 3] > 0
  const step = 2 ** address.level
  const x0 = (address.i * tileSize * step - window.x) / step
  const y0 = (address.j * tileSize * step - window.y) / step
  // The last tile also closes what touches the raster's right and lower edge.
  const x1 = Math.min(x0 + tileSize, image.width + 1)
  const y1 = Math.min(y0 + tileSize, image.height + 1)
  const runs = maskEdges(inside, x0, y0, x1, y1)
  const edges = new Path2D()
  for (let i = 0; i < runs.length; i += 4) {
    edges.moveTo(window.x + runs[i] * step, window.y + runs[i + 1] * step)
    edges.lineTo(window.x + runs[i + 2] * step, window.y + runs[i + 3] * step)
  }
  return { picture: null, edges }
}

export function paintMap(
  context: CanvasRenderingContext2D,
  grid: Grid,
  view: View,
  size: Size,
  aspect: number,
  layers: readonly MapLayer[],
  tiles: TileLoader<Tile>,
  swipe: number | null,
  ratio: number,
): void {
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, size.width, size.height)
  const box = visible(view, grid, size, aspect)
  if (!box) return
  const top = topLevel(grid)
  const level = levelFor(grid, view.scale * ratio)
  const addresses = tilesIn(box, level)
  for (const layer of layers.toReversed()) {
    if (!layer.visible || layer.opacity === 0) continue
    context.save()
    if (swipe !== null && layer.side) clipSide(context, size, layer.side, swipe)
    context.globalAlpha = layer.opacity
    if (layer.kind === 'outlines') paintEdges(context, view, size, aspect, layer, tiles, addresses, top)
    else for (const address of addresses) paintTile(context, grid, view, size, aspect, layer, tiles, address, top, ratio)
    context.restore()
  }
}

function clipSide(context: CanvasRenderingContext2D, size: Size, side: 'left' | 'right', swipe: number): void {
  const x = swipe * size.width
  context.beginPath()
  if (side === 'left') context.rect(0, 0, x, size.height)
  else context.rect(x, 0, size.width - x, size.height)
  context.clip()
}

function paintTile(
  context: CanvasRenderingContext2D,
  grid: Grid,
  view: View,
  size: Size,
  aspect: number,
  layer: MapLayer,
  tiles: TileLoader<Tile>,
  address: TileAddress,
  top: number,
  ratio: number,
): void {
  const wanted = windowOf(grid, address)
  for (const candidate of withAncestors(address, top)) {
    const picture = tiles.get(keyOf(layer, candidate))?.picture
    if (!picture) continue
    const from = windowOf(grid, candidate)
    const step = 2 ** candidate.level
    const a = toScreen(view, size, aspect, wanted.x, wanted.y)
    const b = toScreen(view, size, aspect, wanted.x + wanted.width, wanted.y + wanted.height)
    // Whole device pixels, so that neighbouring tiles meet without a seam.
    const snap = (v: number): number => Math.round(v * ratio) / ratio
    const finer = candidate.level === address.level && step * view.scale * ratio < 1
    context.imageSmoothingEnabled = layer.kind === 'composite' && (finer || candidate.level !== address.level)
    context.drawImage(
      picture,
      (wanted.x - from.x) / step,
      (wanted.y - from.y) / step,
      wanted.width / step,
      wanted.height / step,
      snap(a.x),
      snap(a.y),
      snap(b.x) - snap(a.x),
      snap(b.y) - snap(a.y),
    )
    return
  }
}

function paintEdges(
  context: CanvasRenderingContext2D,
  view: View,
  size: Size,
  aspect: number,
  layer: MapLayer,
  tiles: TileLoader<Tile>,
  addresses: readonly TileAddress[],
  top: number,
): void {
  const origin = toScreen(view, size, aspect, 0, 0)
  const transform = new DOMMatrix([view.scale, 0, 0, view.scale * aspect, origin.x, origin.y])
  const lines = new Path2D()
  const own = addresses.map((address) => tiles.get(keyOf(layer, address))?.edges)
  // All or nothing: mixing levels would draw some borders twice, a little apart.
  const complete = own.every((edges) => edges)
  const paths = complete ? own : [tiles.get(keyOf(layer, { level: top, i: 0, j: 0 }))?.edges]
  for (const path of paths) if (path) lines.addPath(path, transform)
  context.lineCap = 'square'
  for (const [colour, width, alpha] of [
    ['#FFFFFF', 3.5, 0.9],
    [flagColour, 2, 1],
  ] as const) {
    context.strokeStyle = colour
    context.lineWidth = width
    context.globalAlpha = layer.opacity * alpha
    context.stroke(lines)
  }
}
