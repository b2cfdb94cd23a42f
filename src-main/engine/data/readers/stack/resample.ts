/**
 * One file read on the grid of the stack. Every resampling is a weighted mean over a few pixels of a row and a column (taps):
 * nearest takes one, bilinear two, average all whose centres lie in the pixel. Missing pixels lose their weight.
 */
import type { GeotiffSource } from '../geotiff/open.ts'
import type { Region } from '../geotiff/pixels.ts'
import type { Placement } from './placement.ts'
import { readScattered } from './scattered.ts'

export type Resampling = 'nearest' | 'bilinear' | 'average'

/** Source positions and weights: those of output i are at start[i] … start[i+1]−1; none where i lies outside. */
export interface Taps {
  readonly positions: Int32Array
  readonly weights: Float64Array
  readonly start: Int32Array
  /** Every output takes one position as it is. */
  readonly single: boolean
}

/** Source values read at once per band: 4 M = 16 MB. */
export const mostValues = 4 << 20
/** Positions this close to the next pixel count as in it, so that rounding cannot tear aligned grids. */
const nudge = 1e-7

/** Bands × region, NaN where the file has nothing. Memory: the result, 16 MB a band, and the cache of the file. */
export async function readRegion(
  source: GeotiffSource,
  place: Placement,
  bands: readonly number[],
  region: Region,
  resampling: Resampling,
  signal?: AbortSignal,
): Promise<Float32Array> {
  if (!place.straight) return readScattered(source, place, bands, region, resampling, signal)
  const { scaleX, scaleY, shiftX, shiftY } = place.straight
  const [width, height] = [region.x1 - region.x0, region.y1 - region.y0]
  const across = taps(region.x0, width, scaleX, shiftX, place.width, resampling)
  const down = taps(region.y0, height, scaleY, shiftY, place.height, resampling)
  const output = new Float32Array(bands.length * width * height)
  const perLine = Math.max(1, across.positions.length)
  for (let from = 0; from < height; ) {
    let to = from + 1
    while (to < height && ((down.start[to + 1] as number) - (down.start[from] as number)) * perLine <= mostValues) to++
    const rows = part(down, from, to)
    const values = await source.sample(bands, across.positions, rows.positions, signal)
    for (let k = 0; k < bands.length; k++) {
      const plane = values.subarray(k * perBand(across, rows), (k + 1) * perBand(across, rows))
      const at = k * width * height + from * width
      if (rows.single && across.single) output.set(plane, at)
      else weigh(plane, across, rows, output, at)
    }
    from = to
  }
  return output
}

const perBand = (across: Taps, down: Taps): number => across.positions.length * down.positions.length

/** Positions of output pixels `from` … `from + count − 1`, whose centres lie at scale · (i + ½) + shift in the file. */
function taps(from: number, count: number, scale: number, shift: number, size: number, resampling: Resampling): Taps {
  const positions: number[] = []
  const weights: number[] = []
  const start = new Int32Array(count + 1)
  const add = (position: number, weight: number): void => {
    positions.push(Math.max(0, Math.min(size - 1, position)))
    weights.push(weight)
  }
  for (let i = 0; i < count; i++) {
    const centre = scale * (from + i + 0.5) + shift
    if (centre > -nudge && centre < size + nudge) {
      if (resampling === 'bilinear') {
        const left = Math.floor(centre - 0.5 + nudge)
        const t = Math.max(0, centre - 0.5 - left)
        add(left, 1 - t)
        if (t > nudge) add(left + 1, t)
      } else if (resampling === 'average' && scale > 1) {
        const first = Math.max(0, Math.ceil(scale * (from + i) + shift - 0.5 - nudge))
        const beyond = Math.min(size, Math.ceil(scale * (from + i + 1) + shift - 0.5 - nudge))
        for (let position = first; position < beyond; position++) add(position, 1)
      } else add(Math.floor(centre + nudge), 1)
    }
    start[i + 1] = positions.length
  }
  return { positions: Int32Array.from(positions), weights: Float64Array.from(weights), start, single: start.every((at, i) => at === i) }
}

function part({ positions, weights, start, single }: Taps, from: number, to: number): Taps {
  const [first, beyond] = [start[from] as number, start[to] as number]
  return {
    positions: positions.subarray(first, beyond),
    weights: weights.subarray(first, beyond),
    start: start.slice(from, to + 1).map((at) => at - first),
    single,
  }
}

function weigh(values: Float32Array, across: Taps, down: Taps, output: Float32Array, at: number): void {
  const perLine = across.positions.length
  const [width, height] = [across.start.length - 1, down.start.length - 1]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0
      let total = 0
      for (let r = down.start[y] as number; r < (down.start[y + 1] as number); r++) {
        for (let c = across.start[x] as number; c < (across.start[x + 1] as number); c++) {
          const value = values[r * perLine + c] as number
          if (Number.isNaN(value)) continue
          const weight = (down.weights[r] as number) * (across.weights[c] as number)
          sum += weight * value
          total += weight
        }
      }
      output[at + y * width + x] = total > 0 ? sum / total : Number.NaN
    }
  }
}
