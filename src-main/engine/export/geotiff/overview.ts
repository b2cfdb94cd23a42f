/**
 * Halving of a strip of rows for the next overview level. Each output pixel looks at its 2 × 2 (at the right and lower
 * edge fewer) pixels of the level above, so deeper levels are means of means and modes of modes.
 *
 *   nearest   the upper left pixel
 *   average   mean of the pixels that are not nodata; nodata when all are
 *   mode      the commonest of the pixels that are not nodata, the first in reading order among equals; nodata when all are
 */
import type { Samples } from './compress.ts'

export type Resampling = 'nearest' | 'average' | 'mode'

/** Writes ⌈rows/2⌉ × ⌈width/2⌉ pixels to `out`. `nodata` may be NaN; null means every value counts. */
export function halve(
  source: Samples,
  width: number,
  rows: number,
  bands: number,
  out: Samples,
  resampling: Resampling,
  nodata: number | null,
): void {
  const outWidth = Math.ceil(width / 2)
  // NaN is nodata in a float raster, and stands for 'beyond the edge' in every raster.
  const isNodata = (value: number): boolean => value === nodata || Number.isNaN(value)
  const round = resampling === 'average' && !(out instanceof Float32Array) ? Math.round : (value: number) => value
  const pick = { nearest: (a: number) => a, average: averageOf, mode: modeOf }[resampling]
  for (let row = 0, to = 0; row < rows; row += 2) {
    const below = row + 1 < rows ? width * bands : 0
    for (let column = 0; column < outWidth; column++) {
      const right = 2 * column + 1 < width ? bands : 0
      const at = (row * width + 2 * column) * bands
      for (let band = 0; band < bands; band++) {
        const i = at + band
        const b = right ? source[i + right] : Number.NaN
        const c = below ? source[i + below] : Number.NaN
        const d = right && below ? source[i + right + below] : Number.NaN
        out[to++] = round(pick(source[i], b, c, d, isNodata, nodata ?? Number.NaN))
      }
    }
  }
}

type IsNodata = (value: number) => boolean

function averageOf(a: number, b: number, c: number, d: number, isNodata: IsNodata, nodata: number): number {
  let sum = 0
  let n = 0
  if (!isNodata(a)) (sum += a), n++
  if (!isNodata(b)) (sum += b), n++
  if (!isNodata(c)) (sum += c), n++
  if (!isNodata(d)) (sum += d), n++
  return n === 0 ? nodata : sum / n
}

function modeOf(a: number, b: number, c: number, d: number, isNodata: IsNodata, nodata: number): number {
  if (a === b && a === c && a === d) return a
  let best = nodata
  let bestCount = 0
  for (let i = 0; i < 4; i++) {
    const value = i === 0 ? a : i === 1 ? b : i === 2 ? c : d
    if (isNodata(value)) continue
    const count = Number(value === a) + Number(value === b) + Number(value === c) + Number(value === d)
    if (count > bestCount) (best = value), (bestCount = count)
  }
  return best
}
