/**
 * A look at a file before importing it: its first rows, the ranges of its first values, a small picture of a scene.
 * Memory and time are bounded whatever the file: at most 2 million values of rows, or a picture of at most 4 million values.
 */
import type { OpenSource } from './dataset.ts'
import { openSource } from './inspect.ts'

const mostValues = 2e6
const mostPictureValues = 4e6
const pictureSide = 320
/** A reader that turns slowly is not waited for: what came by then is shown. */
const mostMs = 1500

export interface SourcePreview {
  readonly names: string[]
  readonly rows: (number | string | boolean | null)[][]
  /** [columns] over the rows or pixels looked at; NaN where a column has no value there. */
  readonly min: Float32Array
  readonly max: Float32Array
  readonly missingShare: Float32Array
  /** Rows looked at, and whether these are all. */
  readonly rowsRead: number
  readonly complete: boolean
  /** Of scenes: [bands × height × width], thinned; NaN for no data. */
  readonly picture: { readonly width: number; readonly height: number; readonly bands: number[]; readonly values: Float32Array } | null
}

export interface PreviewRequest {
  readonly path: string
  readonly as?: string
  readonly options?: Readonly<Record<string, unknown>>
  readonly rows: number
  readonly columns: number
  /** Bands of the picture; those the reader has. */
  readonly bands?: readonly number[]
}

/** Throws what opening and reading the file throw. */
export async function previewSource(
  { path, as, options = {}, rows, columns, bands = [] }: PreviewRequest,
  signal?: AbortSignal,
): Promise<SourcePreview> {
  const source = await openSource(path, as, options, signal)
  try {
    const { grid } = source.report
    if (grid && source.readWindow) return await previewScene(source, bands, signal)
    return { ...(await source.preview(0, rows, columns)), ...(await rangesOf(source, signal)), picture: null }
  } finally {
    await source.close()
  }
}

async function previewScene(source: OpenSource, wanted: readonly number[], signal?: AbortSignal): Promise<SourcePreview> {
  const { grid, columns } = source.report
  const { width, height } = grid!
  const d = columns.length
  const side = Math.min(pictureSide, Math.floor(Math.sqrt(mostPictureValues / d)))
  const shrink = Math.max(1, Math.max(width, height) / Math.max(1, side))
  const outWidth = Math.max(1, Math.round(width / shrink))
  const outHeight = Math.max(1, Math.round(height / shrink))
  const all = Array.from({ length: d }, (_, i) => i)
  const values = await source.readWindow!(all, { x: 0, y: 0, width, height, outWidth, outHeight }, signal)
  const area = outWidth * outHeight
  const ranges = newRanges(d)
  for (let j = 0; j < d; j++) for (let i = 0; i < area; i++) addValue(ranges, j, values[j * area + i])
  const bands = wanted.filter((band) => band < d)
  const picture = new Float32Array(bands.length * area)
  for (const [k, band] of bands.entries()) picture.set(values.subarray(band * area, (band + 1) * area), k * area)
  return {
    names: [],
    rows: [],
    ...finished(ranges, area),
    rowsRead: area,
    complete: shrink === 1,
    picture: { width: outWidth, height: outHeight, bands, values: picture },
  }
}

type Ranges = Pick<SourcePreview, 'min' | 'max' | 'missingShare'>

const newRanges = (d: number): Ranges => ({
  min: new Float32Array(d).fill(Number.POSITIVE_INFINITY),
  max: new Float32Array(d).fill(Number.NEGATIVE_INFINITY),
  missingShare: new Float32Array(d),
})

function addValue({ min, max, missingShare }: Ranges, j: number, value: number): void {
  if (value - value !== 0) missingShare[j]++
  else {
    if (value < min[j]) min[j] = value
    if (value > max[j]) max[j] = value
  }
}

const finished = ({ min, max, missingShare }: Ranges, rows: number): Ranges => ({
  min: min.map((value) => (Number.isFinite(value) ? value : Number.NaN)),
  max: max.map((value) => (Number.isFinite(value) ? value : Number.NaN)),
  missingShare: missingShare.map((count) => count / Math.max(1, rows)),
})

async function rangesOf(source: OpenSource, signal?: AbortSignal): Promise<Ranges & Pick<SourcePreview, 'rowsRead' | 'complete'>> {
  const { rows, columns } = source.report
  const d = columns.length
  const ranges = newRanges(d)
  const started = performance.now()
  let rowsRead = 0
  if (d > 0)
    for await (const { n, X } of source.chunks({ maxBytes: 1 << 20, signal })) {
      for (let at = 0; at < n * d; at++) addValue(ranges, at % d, X[at])
      rowsRead += n
      if (rowsRead * d >= mostValues || performance.now() - started > mostMs) break
    }
  return { ...finished(ranges, rowsRead), rowsRead, complete: rowsRead >= rows }
}
