/**
 * A map as coloured pixels of at most a given size. A larger map is thinned to whole steps of n × n pixels: classes show the middle
 * pixel of each step, scores the highest of it, so that a single anomalous pixel is still there.
 * Memory: the picture and about a megapixel of the map.
 */
import { throwIfCancelled } from '#common/errors.ts'
import type { LegendEntry } from '#common/domain/artifact.ts'
import { classColour, parseHex, rampColour } from '#common/domain/palettes.ts'

export interface MapPicture {
  /** [height × width × 4] */
  readonly rgba: Uint8Array
  readonly width: number
  readonly height: number
  /** Map pixels per picture pixel. */
  readonly step: number
}

export interface MapSource<Values> {
  readonly width: number
  readonly height: number
  readonly read: (from: number, to: number) => Values
  readonly signal?: AbortSignal
}

export async function classPicture(
  source: MapSource<Uint16Array>,
  legend: readonly LegendEntry[],
  mostPixels: number,
): Promise<MapPicture> {
  const colours = new Map(legend.map(({ id, colour }) => [id, parseHex(colour)]))
  return picture(source, mostPixels, (rows, n, step, column) => {
    const middle = Math.min(n - 1, step >> 1) * source.width + Math.min(source.width - 1, column * step + (step >> 1))
    const id = rows[middle]
    return id === 0 ? null : (colours.get(id) ?? parseHex(classColour(id)))
  })
}

export async function scorePicture(
  source: MapSource<Float32Array>,
  ramp: readonly string[],
  range: { readonly from: number; readonly to: number },
  mostPixels: number,
): Promise<MapPicture> {
  const table = Array.from({ length: 256 }, (_, i) => rampColour(ramp, i / 255))
  return picture(source, mostPixels, (rows, n, step, column) => {
    let highest = Number.NaN
    for (let row = 0; row < n; row++) {
      for (let x = column * step; x < Math.min(source.width, (column + 1) * step); x++) {
        const score = rows[row * source.width + x]
        if (!(score <= highest) && !Number.isNaN(score)) highest = score
      }
    }
    if (Number.isNaN(highest)) return null
    return table[Math.round(255 * Math.max(0, Math.min(1, (highest - range.from) / (range.to - range.from))))]
  })
}

type Colour = readonly [r: number, g: number, b: number] | null

/** `colourOf` sees the n ≤ step map rows behind one picture row. */
async function picture<Values extends Uint16Array | Float32Array>(
  { width, height, read, signal }: MapSource<Values>,
  mostPixels: number,
  colourOf: (rows: Values, n: number, step: number, column: number) => Colour,
): Promise<MapPicture> {
  const step = Math.max(1, Math.ceil(Math.max(width, height) / mostPixels))
  const outWidth = Math.ceil(width / step)
  const outHeight = Math.ceil(height / step)
  const rgba = new Uint8Array(outWidth * outHeight * 4)
  const outRowsAtOnce = Math.max(1, Math.floor(2 ** 20 / (width * step)))
  for (let first = 0; first < outHeight; first += outRowsAtOnce) {
    if (signal) throwIfCancelled(signal)
    const last = Math.min(outHeight, first + outRowsAtOnce)
    const block = read(first * step * width, Math.min(height, last * step) * width)
    for (let row = first; row < last; row++) {
      const n = Math.min(step, height - row * step)
      const rows = block.subarray((row - first) * step * width, ((row - first) * step + n) * width) as Values
      for (let column = 0; column < outWidth; column++) {
        const colour = colourOf(rows, n, step, column)
        if (colour) rgba.set([...colour, 255], (row * outWidth + column) * 4)
      }
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { rgba, width: outWidth, height: outHeight, step }
}
