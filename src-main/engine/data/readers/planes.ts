/**
 * A raster whose bands lie in a file as planes of numbers: everything a source does, from one method that fills a region.
 * Shared by the formats that are arrays with a grid beside them (ENVI, NetCDF, MATLAB).
 */
import type { Column, SourceReport } from '#common/domain/dataset.ts'
import { throwIfCancelled } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, RowChunk } from '../dataset.ts'

/** Columns x0 … x1−1 of lines y0 … y1−1. */
export interface Region {
  readonly x0: number
  readonly x1: number
  readonly y0: number
  readonly y1: number
}

export interface Planes {
  /** Writes [pixels of the region × bands] in source units, NaN where missing. Memory beyond X is bounded by X and a few MB. */
  fill(X: Float32Array, bands: readonly number[], region: Region, signal?: AbortSignal): Promise<void>
  /** Lines that a pass should ask for at once, where single lines are dear (arrays stored column by column). */
  linesAtOnce?(bands: number): number
  metadata?(field: string): Promise<(string | number | null)[]>
  close(): Promise<void>
}

const defaultChunkBytes = 32 << 20
const windowBytes = 32 << 20

export function planesSource(report: SourceReport, planes: Planes, files?: readonly string[]): OpenSource {
  const { width, height } = report.grid ?? { width: 1, height: report.rows }
  const allBands = report.columns.map((_, band) => band)

  async function* chunks({ columns, maxBytes = defaultChunkBytes, signal }: ChunkOptions = {}): AsyncGenerator<RowChunk> {
    const bands = columns ?? allBands
    const d = bands.length
    const pixels = Math.max(1, Math.floor(maxBytes / (Math.max(1, d) * 4)))
    const lines = Math.floor(pixels / width)
    if (lines < 1) {
      for (let y0 = 0; y0 < height; y0++) {
        for (let x0 = 0; x0 < width; x0 += pixels) yield await chunkOf({ x0, x1: Math.min(width, x0 + pixels), y0, y1: y0 + 1 })
      }
      return
    }
    const block = Math.max(1, Math.floor((planes.linesAtOnce?.(d) ?? 0) / lines)) * lines
    for (let top = 0; top < height; top += block) {
      if (signal) throwIfCancelled(signal)
      const bottom = Math.min(height, top + block)
      if (bottom - top <= lines) {
        yield await chunkOf({ x0: 0, x1: width, y0: top, y1: bottom })
        continue
      }
      const all = new Float32Array((bottom - top) * width * d)
      await planes.fill(all, bands, { x0: 0, x1: width, y0: top, y1: bottom }, signal)
      for (let y0 = top; y0 < bottom; y0 += lines) {
        const n = (Math.min(bottom, y0 + lines) - y0) * width
        const X = all.slice((y0 - top) * width * d, ((y0 - top) * width + n) * d)
        yield { start: y0 * width, n, X, valid: validRows(X, n, d) }
      }
    }

    async function chunkOf(region: Region): Promise<RowChunk> {
      if (signal) throwIfCancelled(signal)
      const n = (region.x1 - region.x0) * (region.y1 - region.y0)
      const X = new Float32Array(n * d)
      await planes.fill(X, bands, region, signal)
      return { start: region.y0 * width + region.x0, n, X, valid: validRows(X, n, d) }
    }
  }

  return {
    report,
    ...(files ? { files } : {}),
    chunks,
    async preview(offset, limit, maxColumns) {
      const shown = allBands.slice(0, maxColumns)
      const first = Math.max(0, Math.min(offset, report.rows))
      const n = Math.max(0, Math.min(limit, report.rows - first))
      const rows: (number | string | null)[][] = []
      for (let done = 0; done < n; ) {
        const y = Math.floor((first + done) / width)
        const x = (first + done) % width
        const count = Math.min(n - done, width - x)
        const X = new Float32Array(count * shown.length)
        await planes.fill(X, shown, { x0: x, x1: x + count, y0: y, y1: y + 1 })
        for (let i = 0; i < count; i++)
          rows.push([x + i, y, ...shown.map((band, j) => cell(report.columns[band], X[i * shown.length + j]))])
        done += count
      }
      return { names: ['column', 'row', ...shown.map((band) => (report.columns[band] as Column).name)], rows }
    },
    async readWindow(bands, window, signal) {
      const columns = positions(window.x, window.width, window.outWidth, width)
      const rows = positions(window.y, window.height, window.outHeight, height)
      return sample(planes, bands, columns, rows, signal)
    },
    ...(planes.metadata ? { metadata: planes.metadata } : {}),
    close: () => planes.close(),
  }
}

function cell(column: Column | undefined, value: number | undefined): number | string | null {
  if (value === undefined || !Number.isFinite(value)) return null
  return column?.categories?.[value] ?? value
}

/** 1 for each row with at least one finite value. */
export function validRows(X: Float32Array, n: number, d: number): Uint8Array {
  const valid = new Uint8Array(n)
  for (let i = 0, at = 0; i < n; i++, at += d) {
    for (let j = 0; j < d; j++) {
      // x − x is 0 for finite numbers and NaN for the others.
      const value = X[at + j] as number
      if (value - value !== 0) continue
      valid[i] = 1
      break
    }
  }
  return valid
}

/** Source pixel under the middle of each output cell; −1 outside the image. */
function positions(from: number, size: number, count: number, imageSize: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => {
    const pixel = Math.floor(from + ((i + 0.5) * size) / count)
    return pixel < 0 || pixel >= imageSize ? -1 : pixel
  })
}

/** Nearest pixels, bands × rows × columns: lines that lie close together are read as one block, others one by one. */
async function sample(
  planes: Planes,
  bands: readonly number[],
  columns: Int32Array,
  rows: Int32Array,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const d = bands.length
  const out = new Float32Array(d * rows.length * columns.length).fill(Number.NaN)
  const inside = columns.filter((x) => x >= 0)
  if (inside.length === 0 || d === 0) return out
  const x0 = Math.min(inside[0] as number, inside.at(-1) as number)
  const x1 = Math.max(inside[0] as number, inside.at(-1) as number) + 1
  const most = Math.max(planes.linesAtOnce?.(d) ?? 0, Math.floor(windowBytes / ((x1 - x0) * d * 4)), 1)
  const gap = planes.linesAtOnce ? most : 4
  for (let first = 0; first < rows.length; ) {
    if (signal) throwIfCancelled(signal)
    const y0 = rows[first] as number
    let last = first
    while (y0 >= 0 && last + 1 < rows.length) {
      const next = rows[last + 1] as number
      if (next < 0 || next - y0 >= most || next - (rows[last] as number) > gap) break
      last++
    }
    if (y0 >= 0) {
      const y1 = (rows[last] as number) + 1
      const X = new Float32Array((y1 - y0) * (x1 - x0) * d)
      await planes.fill(X, bands, { x0, x1, y0, y1 }, signal)
      for (let i = first; i <= last; i++) {
        const line = ((rows[i] as number) - y0) * (x1 - x0)
        for (let j = 0; j < columns.length; j++) {
          const x = columns[j] as number
          if (x < 0) continue
          for (let b = 0; b < d; b++) out[(b * rows.length + i) * columns.length + j] = X[(line + x - x0) * d + b] as number
        }
      }
    }
    first = last + 1
  }
  return out
}
