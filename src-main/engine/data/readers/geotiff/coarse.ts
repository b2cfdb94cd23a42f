/**
 * A reduced copy in memory for scenes without overviews: the first look at the whole scene goes through all of its blocks once,
 * and every further one, zoomed out or panned, is answered from here.
 */
import { type Calibration, type Level, sampleLevel } from './pixels.ts'

/** Below this, looking at everything takes less than a second anyway. */
const leastPixels = 4e6
/** Pixels of a copy: 16 MB a band. */
const mostCoarsePixels = 4e6
/** Copies of this many bands are kept, of the colours shown first of all. */
const mostBands = 6

export interface CoarseCopy {
  /** Pixels of the scene per pixel of the copy. */
  readonly step: number
  /** Bands × rows × columns at positions of the scene, −1 outside. */
  sample(bands: readonly number[], columns: Int32Array, rows: Int32Array, signal?: AbortSignal): Promise<Float32Array>
}

/** Null for scenes that need none. Memory: 96 MB. */
export function coarseCopy(level: Level, calibration: Calibration): CoarseCopy | null {
  const pixels = level.width * level.height
  if (pixels < leastPixels) return null
  const step = Math.max(2, Math.ceil(Math.sqrt(pixels / mostCoarsePixels)))
  const [width, height] = [Math.ceil(level.width / step), Math.ceil(level.height / step)]
  if (width * height > 2 * mostCoarsePixels) return null
  const middles = (count: number, size: number): Int32Array =>
    Int32Array.from({ length: count }, (_, i) => Math.min(size - 1, i * step + (step >> 1)))
  const planes = new Map<number, Float32Array>()

  async function make(bands: readonly number[], signal?: AbortSignal): Promise<void> {
    const missing = bands.filter((band) => !planes.has(band))
    if (missing.length === 0) return
    // All bands of a pixel come out of the same blocks, so the others are taken along where there is room.
    const { layout } = level.image
    const along = layout.planar || layout.bands > mostBands ? missing : Array.from({ length: layout.bands }, (_, band) => band)
    const values = await sampleLevel(level, along, middles(width, level.width), middles(height, level.height), calibration, signal)
    for (const [i, band] of along.entries()) planes.set(band, values.slice(i * width * height, (i + 1) * width * height))
    for (const band of planes.keys()) if (planes.size > mostBands && !bands.includes(band)) planes.delete(band)
  }

  return {
    step,
    async sample(bands, columns, rows, signal) {
      if (bands.length > mostBands) return sampleLevel(level, bands, columns, rows, calibration, signal)
      await make(bands, signal)
      const area = columns.length * rows.length
      const output = new Float32Array(bands.length * area).fill(Number.NaN)
      for (const [i, band] of bands.entries()) {
        const plane = planes.get(band) as Float32Array
        for (let r = 0; r < rows.length; r++) {
          const row = rows[r] as number
          if (row < 0) continue
          const line = Math.floor(row / step) * width
          for (let c = 0; c < columns.length; c++) {
            const column = columns[c] as number
            if (column >= 0) output[i * area + r * columns.length + c] = plane[line + Math.floor(column / step)] as number
          }
        }
      }
      return output
    },
  }
}
