/** A zoomed-out or odd-sized view of one file of a stack: nearest pixels, from overviews where the file has them. */
import type { GeotiffSource } from '../geotiff/open.ts'
import type { Placement } from './placement.ts'

interface Window {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly outWidth: number
  readonly outHeight: number
}

/** Bands × outHeight × outWidth. Memory: twice the result. */
export async function viewLayer(
  source: GeotiffSource,
  place: Placement,
  bands: readonly number[],
  window: Window,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { x, y, width, height, outWidth, outHeight } = window
  if (place.straight) {
    const { scaleX, scaleY, shiftX, shiftY } = place.straight
    const own = { x: scaleX * x + shiftX, y: scaleY * y + shiftY, width: scaleX * width, height: scaleY * height, outWidth, outHeight }
    return source.readWindow(bands, own, signal)
  }
  const area = outWidth * outHeight
  const positions = Array.from({ length: area }, (_, i) =>
    place.toFile(x + (((i % outWidth) + 0.5) * width) / outWidth, y + ((Math.floor(i / outWidth) + 0.5) * height) / outHeight),
  )
  const inside = positions.filter(([c, r]) => c >= 0 && r >= 0 && c < place.width && r < place.height)
  const output = new Float32Array(bands.length * area).fill(Number.NaN)
  if (inside.length === 0) return output
  const [x0, x1] = bounds(inside.map(([c]) => c))
  const [y0, y1] = bounds(inside.map(([, r]) => r))
  // As many cells as the view has: a box of the file seen at the same detail.
  const box = {
    x: x0,
    y: y0,
    width: x1 - x0,
    height: y1 - y0,
    outWidth: Math.min(x1 - x0, 2 * outWidth),
    outHeight: Math.min(y1 - y0, 2 * outHeight),
  }
  const values = await source.readWindow(bands, box, signal)
  const boxArea = box.outWidth * box.outHeight
  for (const [i, [c, r]] of positions.entries()) {
    if (!(c >= x0 && r >= y0 && c < x1 && r < y1)) continue
    const at = Math.floor(((r - y0) * box.outHeight) / box.height) * box.outWidth + Math.floor(((c - x0) * box.outWidth) / box.width)
    for (let k = 0; k < bands.length; k++) output[k * area + i] = values[k * boxArea + at] as number
  }
  return output
}

function bounds(values: readonly number[]): [from: number, to: number] {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    from = Math.min(from, value)
    to = Math.max(to, value)
  }
  return [Math.floor(from), Math.floor(to) + 1]
}
