/**
 * Pixels of a level (the image itself, or one of its overviews) as float32 in source units, NaN where there is no data:
 * the nodata value or a masked pixel.
 */
import { type BlockReader, forEachAtOnce } from './blocks.ts'
import type { Samples } from './samples.ts'

export interface Level {
  readonly width: number
  readonly height: number
  readonly image: BlockReader
  /** Internal mask of the same size: 0 = no data. */
  readonly mask: BlockReader | null
  /** Band of opacity, whose zeros are missing pixels unless a nodata value says which are. */
  readonly alpha: number | null
}

/** What turns a stored number into a value: v = stored · scale + offset, NaN for the nodata number. */
export interface Calibration {
  /** Per band; null for none. */
  readonly nodata: readonly (number | null)[]
  readonly scale: Float64Array
  readonly offset: Float64Array
  /** Stored numbers are not the values. */
  readonly calibrated: boolean
  /** Not calibrated, and one nodata value for all bands. */
  readonly plain: boolean
}

export interface Region {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
}

/** Decoding runs on worker threads of Node; this many blocks are in memory besides the result. */
export const blocksAtOnce = 4

type Fetch = (reader: BlockReader, block: number) => Promise<Samples | null>

/** Fills `target` [(y1−y0) × (x1−x0) × bands], pixel by pixel, from the blocks the region touches. */
export async function fillRegion(
  target: Float32Array,
  level: Level,
  bands: readonly number[],
  region: Region,
  calibration: Calibration,
  fetch: Fetch,
  signal?: AbortSignal,
): Promise<void> {
  const { layout } = level.image
  const n = bands.length
  const planes = layout.planar
    ? bands.map((band, column) => ({ plane: band, columns: [column] }))
    : [{ plane: 0, columns: bands.map((_, column) => column) }]
  const whole = !layout.planar && n === layout.bands && bands.every((band, column) => band === column)
  const jobs = planes.flatMap(({ plane, columns }) =>
    blocksOf(level, region).map((block) => ({ ...block, columns, block: block.block + plane * layout.across * layout.down })),
  )
  const regionWidth = region.x1 - region.x0
  const alpha = hidesByAlpha(level, calibration) && !layout.planar ? level.alpha : null
  await forEachAtOnce(jobs, blocksAtOnce, signal, async ({ block, left, top, columns }) => {
    const samples = await fetch(level.image, block)
    const x0 = Math.max(region.x0, left)
    const x1 = Math.min(region.x1, left + layout.blockWidth)
    const y0 = Math.max(region.y0, top)
    const y1 = Math.min(region.y1, top + layout.blockHeight)
    const stride = layout.planar ? 1 : layout.bands
    for (let y = y0; y < y1; y++) {
      const from = ((y - top) * layout.blockWidth + (x0 - left)) * stride
      const to = ((y - region.y0) * regionWidth + (x0 - region.x0)) * n
      const count = x1 - x0
      if (samples && whole && calibration.plain) copyRow(samples, from, target, to, count * n, calibration.nodata[0] ?? null)
      else {
        for (const column of columns) {
          const band = bands[column] as number
          if (samples) copyBand(samples, from + (layout.planar ? 0 : band), stride, target, to + column, n, count, calibration, band)
          else fillBand(target, to + column, n, count, leftOut(calibration, band))
        }
      }
      if (alpha !== null) hideTransparent(samples, from + alpha, stride, target, to, n, count)
    }
  })
  const mask = level.mask ?? (hidesByAlpha(level, calibration) && layout.planar ? level.image : null)
  if (mask) await applyMask(target, level, mask, n, region, fetch, signal)
}

/** GDAL's order: a nodata value, a mask, the alpha band. */
const hidesByAlpha = (level: Level, { nodata }: Calibration): boolean =>
  level.alpha !== null && level.mask === null && (nodata[0] ?? null) === null

function hideTransparent(
  samples: Samples | null,
  from: number,
  stride: number,
  target: Float32Array,
  to: number,
  n: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) if (!samples || samples[from + i * stride] === 0) target.fill(Number.NaN, to + i * n, to + (i + 1) * n)
}

async function applyMask(
  target: Float32Array,
  level: Level,
  mask: BlockReader,
  n: number,
  region: Region,
  fetch: Fetch,
  signal?: AbortSignal,
): Promise<void> {
  const width = region.x1 - region.x0
  const { layout } = mask
  // Opacity is a plane of the image itself.
  const first = mask === level.image ? (level.alpha ?? 0) * layout.across * layout.down : 0
  await forEachAtOnce(blocksOf({ ...level, image: mask }, region), blocksAtOnce, signal, async ({ block, left, top }) => {
    const samples = await fetch(mask, first + block)
    for (let y = Math.max(region.y0, top); y < Math.min(region.y1, top + layout.blockHeight); y++) {
      for (let x = Math.max(region.x0, left); x < Math.min(region.x1, left + layout.blockWidth); x++) {
        if (samples && samples[(y - top) * layout.blockWidth + (x - left)] !== 0) continue
        const at = ((y - region.y0) * width + (x - region.x0)) * n
        target.fill(Number.NaN, at, at + n)
      }
    }
  })
}

function blocksOf(level: Level, region: Region): { block: number; left: number; top: number }[] {
  const { blockWidth, blockHeight, across } = level.image.layout
  const blocks: { block: number; left: number; top: number }[] = []
  for (let row = Math.floor(region.y0 / blockHeight); row * blockHeight < region.y1; row++) {
    for (let column = Math.floor(region.x0 / blockWidth); column * blockWidth < region.x1; column++) {
      blocks.push({ block: row * across + column, left: column * blockWidth, top: row * blockHeight })
    }
  }
  return blocks
}

/** All bands in order and no scaling: one typed-array copy, then a search for the nodata number. */
function copyRow(samples: Samples, from: number, target: Float32Array, to: number, count: number, nodata: number | null): void {
  target.set(samples.subarray(from, from + count), to)
  if (nodata === null) return
  for (let i = 0; i < count; i++) if (samples[from + i] === nodata) target[to + i] = Number.NaN
}

function copyBand(
  samples: Samples,
  from: number,
  stride: number,
  target: Float32Array,
  to: number,
  step: number,
  count: number,
  { nodata, scale, offset }: Calibration,
  band: number,
): void {
  const factor = scale[band] as number
  const shift = offset[band] as number
  const missing = nodata[band] ?? null
  for (let i = 0, s = from, t = to; i < count; i++, s += stride, t += step) {
    const stored = samples[s] as number
    target[t] = stored === missing ? Number.NaN : stored * factor + shift
  }
}

/** A block left out of a sparse file stands for nodata, or for zeros when the file has no nodata value (as GDAL has it). */
const leftOut = ({ nodata, offset }: Calibration, band: number): number =>
  (nodata[band] ?? null) === null ? (offset[band] as number) : Number.NaN

function fillBand(target: Float32Array, to: number, step: number, count: number, value: number): void {
  for (let i = 0; i < count; i++) target[to + i * step] = value
}

/** [n] 1 where any value of the pixel is finite. */
export function validPixels(X: Float32Array, n: number, columns: number): Uint8Array {
  const valid = new Uint8Array(n)
  for (let i = 0, at = 0; i < n; i++, at += columns) {
    for (let j = 0; j < columns; j++) {
      // x − x is 0 for finite numbers and NaN for the others.
      const value = X[at + j] as number
      if (value - value === 0) {
        valid[i] = 1
        break
      }
    }
  }
  return valid
}

/**
 * Nearest pixel for each cell of the output: bands × outHeight × outWidth.
 * `columns`, `rows`: source position per output column and row in the level, −1 outside; both ascending.
 */
export async function sampleLevel(
  level: Level,
  bands: readonly number[],
  columns: Int32Array,
  rows: Int32Array,
  calibration: Calibration,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { layout } = level.image
  const outWidth = columns.length
  const area = outWidth * rows.length
  const output = new Float32Array(bands.length * area)
  if (columns.includes(-1) || rows.includes(-1)) output.fill(Number.NaN)
  const stride = layout.planar ? 1 : layout.bands
  const untouched = calibration.plain && (calibration.nodata[0] ?? null) === null
  const planes = layout.planar ? bands.map((band, i) => ({ plane: band, wanted: [i] })) : [{ plane: 0, wanted: bands.map((_, i) => i) }]
  const cells = runs(rows, layout.blockHeight).flatMap((down) => runs(columns, layout.blockWidth).map((across) => ({ down, across })))
  const jobs = cells.flatMap((cell) => planes.map((plane) => ({ ...cell, ...plane })))
  await forEachAtOnce(jobs, blocksAtOnce, signal, async ({ down, across, plane, wanted }) => {
    const neighbours = adjoin(columns, across) && adjoin(rows, down)
    const block = plane * layout.across * layout.down + down.block * layout.across + across.block
    const samples = await level.image.readCached(block, (rows[down.to - 1] as number) - down.block * layout.blockHeight + 1)
    const top = down.block * layout.blockHeight
    const left = across.block * layout.blockWidth
    const [width, height] = [across.to - across.from, down.to - down.from]
    for (const i of wanted) {
      const band = bands[i] as number
      const shift = layout.planar ? 0 : band
      const to = i * area + down.from * outWidth + across.from
      if (samples && neighbours && untouched) {
        const from = (((rows[down.from] as number) - top) * layout.blockWidth + (columns[across.from] as number) - left) * stride + shift
        copyLines(samples, from, stride, layout.blockWidth * stride, output, to, outWidth, width, height)
        continue
      }
      for (let r = 0; r < height; r++) {
        const line = ((rows[down.from + r] as number) - top) * layout.blockWidth - left
        if (!samples) fillBand(output, to + r * outWidth, 1, width, leftOut(calibration, band))
        else pickLine(samples, line, stride, shift, columns, across, output, to + r * outWidth, calibration, band)
      }
    }
  })
  if (level.mask || hidesByAlpha(level, calibration)) {
    const mask = await sampleLevel(
      { ...level, image: level.mask ?? level.image, mask: null, alpha: null },
      [level.mask ? 0 : (level.alpha as number)],
      columns,
      rows,
      asStored(layout.bands),
      signal,
    )
    for (let i = 0; i < output.length; i++) if (!((mask[i % area] as number) > 0)) output[i] = Number.NaN
  }
  return output
}

/** No calibration and no nodata, for masks. */
const asStored = (bands: number): Calibration => ({
  nodata: [],
  scale: new Float64Array(bands).fill(1),
  offset: new Float64Array(bands),
  calibrated: false,
  plain: true,
})

const adjoin = (positions: Int32Array, { from, to }: { from: number; to: number }): boolean =>
  (positions[to - 1] as number) - (positions[from] as number) === to - 1 - from

/** Neighbouring pixels as they are: what most windows consist of. */
function copyLines(
  samples: Samples,
  from: number,
  step: number,
  lineStep: number,
  output: Float32Array,
  to: number,
  outStep: number,
  width: number,
  height: number,
): void {
  for (let r = 0; r < height; r++) {
    let at = from + r * lineStep
    const end = to + r * outStep + width
    for (let i = end - width; i < end; i++, at += step) output[i] = samples[at] as number
  }
}

function pickLine(
  samples: Samples,
  line: number,
  stride: number,
  shift: number,
  columns: Int32Array,
  across: { from: number; to: number },
  output: Float32Array,
  to: number,
  { nodata, scale, offset }: Calibration,
  band: number,
): void {
  const factor = scale[band] as number
  const added = offset[band] as number
  const missing = nodata[band] ?? null
  for (let c = across.from, at = to; c < across.to; c++, at++) {
    const stored = samples[(line + (columns[c] as number)) * stride + shift] as number
    output[at] = stored === missing ? Number.NaN : stored * factor + added
  }
}

/** Stretches of positions that fall into one block. */
function runs(positions: Int32Array, blockSize: number): { block: number; from: number; to: number }[] {
  const found: { block: number; from: number; to: number }[] = []
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i] as number
    if (position < 0) continue
    const block = Math.floor(position / blockSize)
    const last = found.at(-1)
    if (last && last.block === block && last.to === i) last.to = i + 1
    else found.push({ block, from: i, to: i + 1 })
  }
  return found
}
