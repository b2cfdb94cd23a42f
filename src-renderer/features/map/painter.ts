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

/** Whether a tile is of one of the layers as they are now: not of a result that is gone or hidden, nor of earlier colours. */
export const isTileOf = (layers: readonly MapLayer[], key: string): boolean =>
  layers.some((layer) => layer.visible && key.startsWith(`${layer.id}|${layer.revision ?? ''}|`))

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

/** What a map is drawn with. `drawn` remembers, by layer, the revision that was drawn last with all its tiles. */
export interface Painting {
  readonly context: CanvasRenderingContext2D
  readonly grid: Grid
  readonly view: View
  readonly size: Size
  readonly aspect: number
  /** Device pixels per screen pixel. */
  readonly ratio: number
  readonly tiles: TileLoader<Tile>
  readonly drawn: Map<string, string>
}

export function paintMap(painting: Painting, layers: readonly MapLayer[], swipe: number | null): void {
  const { context, grid, view, size, aspect, ratio } = painting
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, size.width, size.height)
  const box = visible(view, grid, size, aspect)
  if (!box) return
  const addresses = tilesIn(box, levelFor(grid, view.scale * ratio))
  for (const layer of layers.toReversed()) {
    if (!layer.visible || layer.opacity === 0) continue
    context.save()
    if (swipe !== null && layer.side) clipSide(context, size, layer.side, swipe)
    context.globalAlpha = layer.opacity
    const revision = layer.revision ?? ''
    const before = painting.drawn.get(layer.id)
    // While a changed layer is being made anew, its last picture stays: recolouring and moving a threshold must not flicker.
    const revisions = before === undefined || before === revision ? [revision] : [revision, before]
    if (layer.kind === 'outlines') paintEdges(painting, layer, revisions, addresses)
    else for (const address of addresses) paintTile(painting, layer, revisions, address)
    if (addresses.every((address) => painting.tiles.get(keyOf(layer, address)))) painting.drawn.set(layer.id, revision)
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

/** The finest tile there is over a place, of the newest revision there is. */
function bestTile(
  { grid, tiles }: Painting,
  layer: MapLayer,
  revisions: readonly string[],
  address: TileAddress,
): [TileAddress, HTMLCanvasElement] | null {
  for (const candidate of withAncestors(address, topLevel(grid))) {
    for (const revision of revisions) {
      const picture = tiles.get(keyOf({ ...layer, revision }, candidate))?.picture
      if (picture) return [candidate, picture]
    }
  }
  return null
}

function paintTile(painting: Painting, layer: MapLayer, revisions: readonly string[], address: TileAddress): void {
  const { context, grid, view, size, aspect, ratio } = painting
  const best = bestTile(painting, layer, revisions, address)
  if (!best) return
  const [candidate, picture] = best
  const wanted = windowOf(grid, address)
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
}

function paintEdges(painting: Painting, layer: MapLayer, revisions: readonly string[], addresses: readonly TileAddress[]): void {
  const { context, grid, view, size, aspect, tiles } = painting
  const edgesOf = (revision: string, at: TileAddress): Path2D | null | undefined => tiles.get(keyOf({ ...layer, revision }, at))?.edges
  const overview = { level: topLevel(grid), i: 0, j: 0 }
  // All of one revision and level, or the overview: mixing them would draw some borders twice, a little apart.
  const whole = revisions.find((revision) => addresses.every((address) => edgesOf(revision, address)))
  const paths =
    whole === undefined
      ? revisions.map((revision) => edgesOf(revision, overview)).slice(0, 1)
      : addresses.map((address) => edgesOf(whole, address))
  const origin = toScreen(view, size, aspect, 0, 0)
  const transform = new DOMMatrix([view.scale, 0, 0, view.scale * aspect, origin.x, origin.y])
  const lines = new Path2D()
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
