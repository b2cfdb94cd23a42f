/** Reading a file whose grid is turned against that of the stack, or lies in another system: pixel by pixel through its box. */
import type { GeotiffSource } from '../geotiff/open.ts'
import type { Region } from '../geotiff/pixels.ts'
import type { Placement } from './placement.ts'
import { type Resampling, mostValues } from './resample.ts'

const nudge = 1e-7
/** A region is halved until the box around it in the file is this small, or it is a single pixel. */
const enoughPixels = 1

/** Bands × region. `average` is nearest here: a turned pixel has no rows and columns inside. */
export async function readScattered(
  source: GeotiffSource,
  place: Placement,
  bands: readonly number[],
  region: Region,
  resampling: Resampling,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const width = region.x1 - region.x0
  const area = width * (region.y1 - region.y0)
  const output = new Float32Array(bands.length * area).fill(Number.NaN)
  // Pieces of at most 256 × 256 keep the positions small, too.
  const pieces: Region[] = []
  for (let y0 = region.y0; y0 < region.y1; y0 += 256)
    for (let x0 = region.x0; x0 < region.x1; x0 += 256)
      pieces.push({ x0, y0, x1: Math.min(region.x1, x0 + 256), y1: Math.min(region.y1, y0 + 256) })
  for (let piece = pieces.pop(); piece; piece = pieces.pop()) {
    const positions = positionsOf(place, piece)
    const box = boxAround(positions, place)
    if (!box) continue
    const size = [piece.x1 - piece.x0, piece.y1 - piece.y0] as const
    const boxArea = (box.x1 - box.x0) * (box.y1 - box.y0)
    if (boxArea > mostValues && size[0] * size[1] > enoughPixels) {
      pieces.push(...halves(piece))
      continue
    }
    const values = await source.sample(bands, range(box.x0, box.x1), range(box.y0, box.y1), signal)
    for (let i = 0; i < size[0] * size[1]; i++) {
      const [x, y] = [positions[2 * i] as number, positions[2 * i + 1] as number]
      if (!(x > -nudge && y > -nudge && x < place.width + nudge && y < place.height + nudge)) continue
      const at = (piece.y0 - region.y0 + Math.floor(i / size[0])) * width + (piece.x0 - region.x0 + (i % size[0]))
      for (let k = 0; k < bands.length; k++)
        output[k * area + at] = valueAt(values.subarray(k * boxArea, (k + 1) * boxArea), box, x, y, resampling)
    }
  }
  return output
}

const range = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i)

/** [x, y] in the file for each pixel centre of the piece. */
function positionsOf(place: Placement, piece: Region): Float64Array {
  const width = piece.x1 - piece.x0
  const positions = new Float64Array(2 * width * (piece.y1 - piece.y0))
  for (let i = 0; i < positions.length / 2; i++) {
    const [x, y] = place.toFile(piece.x0 + (i % width) + 0.5, piece.y0 + Math.floor(i / width) + 0.5)
    positions[2 * i] = x
    positions[2 * i + 1] = y
  }
  return positions
}

/** Pixels of the file that the positions inside it need, with a neighbour on every side; null when none lies inside. */
function boxAround(positions: Float64Array, { width, height }: Placement): Region | null {
  let [x0, y0, x1, y1] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < positions.length; i += 2) {
    const [x, y] = [positions[i] as number, positions[i + 1] as number]
    if (!(x > -nudge && y > -nudge && x < width + nudge && y < height + nudge)) continue
    ;[x0, x1, y0, y1] = [Math.min(x0, x), Math.max(x1, x), Math.min(y0, y), Math.max(y1, y)]
  }
  if (x1 < x0) return null
  return {
    x0: Math.max(0, Math.floor(x0) - 1),
    y0: Math.max(0, Math.floor(y0) - 1),
    x1: Math.min(width, Math.floor(x1) + 2),
    y1: Math.min(height, Math.floor(y1) + 2),
  }
}

function halves({ x0, y0, x1, y1 }: Region): Region[] {
  if (x1 - x0 >= y1 - y0) {
    const middle = (x0 + x1) >> 1
    return [
      { x0, y0, x1: middle, y1 },
      { x0: middle, y0, x1, y1 },
    ]
  }
  const middle = (y0 + y1) >> 1
  return [
    { x0, y0, x1, y1: middle },
    { x0, y0: middle, x1, y1 },
  ]
}

function valueAt(values: Float32Array, box: Region, x: number, y: number, resampling: Resampling): number {
  const width = box.x1 - box.x0
  const at = (column: number, row: number): number => {
    const c = Math.max(box.x0, Math.min(box.x1 - 1, column)) - box.x0
    const r = Math.max(box.y0, Math.min(box.y1 - 1, row)) - box.y0
    return values[r * width + c] as number
  }
  if (resampling !== 'bilinear') return at(Math.floor(x + nudge), Math.floor(y + nudge))
  const [left, top] = [Math.floor(x - 0.5 + nudge), Math.floor(y - 0.5 + nudge)]
  const [tx, ty] = [Math.max(0, x - 0.5 - left), Math.max(0, y - 0.5 - top)]
  let [sum, total] = [0, 0]
  for (const [column, row, weight] of [
    [left, top, (1 - tx) * (1 - ty)],
    [left + 1, top, tx * (1 - ty)],
    [left, top + 1, (1 - tx) * ty],
    [left + 1, top + 1, tx * ty],
  ] as const) {
    const value = at(column, row)
    if (weight === 0 || Number.isNaN(value)) continue
    sum += weight * value
    total += weight
  }
  return total > 0 ? sum / total : Number.NaN
}
