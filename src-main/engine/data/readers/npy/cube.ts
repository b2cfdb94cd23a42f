/**
 * An array whose axes are an image: every pixel a row, its bands (or its values over time) the columns. Without georeference.
 *
 * Memory: one region of the array, read plane by plane, as `planes.ts` bounds it.
 */
import type { Column, Finding, SourceReport } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import type { OpenSource } from '../../dataset.ts'
import { type Region, planesSource } from '../planes.ts'
import { toFloats } from './decode.ts'
import type { Layout } from './layout.ts'
import type { MatrixFile } from './matrix.ts'

/** In the file: planes × height × width × inner. Column c is plane ⌊c / inner⌋, place c mod inner. */
interface Shape {
  readonly planes: number
  readonly height: number
  readonly width: number
  readonly inner: number
}

const mostColumns = 1_000_000
/** A line by itself is read when the region is this much narrower than the image. */
const narrow = 4

export function cubeSource(file: MatrixFile, layout: Exclude<Layout, 'vectors' | 'table'>): OpenSource {
  const { header, path } = file
  const shape = shapeOf(header.shape, layout, path)
  const { planes, height, width, inner } = shape
  const report = describe(file, shape, layout)
  const items = async (reader: ReturnType<MatrixFile['open']>, from: number, n: number): Promise<Float32Array> =>
    toFloats(await reader.read(header.dataOffset + from * header.itemBytes, n * header.itemBytes), header)

  async function fill(X: Float32Array, bands: readonly number[], { x0, x1, y0, y1 }: Region, signal?: AbortSignal): Promise<void> {
    const reader = file.open()
    const d = bands.length
    const w = x1 - x0
    const linesAtOnce = w * narrow < width ? 1 : y1 - y0
    for (let plane = 0; plane < planes; plane++) {
      const wanted = bands.flatMap((band, j) => (Math.floor(band / inner) === plane ? [[band % inner, j] as const] : []))
      if (wanted.length === 0) continue
      for (let top = y0; top < y1; top += linesAtOnce) {
        signal?.throwIfAborted()
        const bottom = Math.min(y1, top + linesAtOnce)
        const first = ((plane * height + top) * width + x0) * inner
        const last = ((plane * height + bottom - 1) * width + x1) * inner
        const values = await items(reader, first, last - first)
        for (let y = top; y < bottom; y++)
          for (let x = 0; x < w; x++) {
            const from = ((y - top) * width + x) * inner
            const to = ((y - y0) * w + x) * d
            for (const [place, j] of wanted) X[to + j] = values[from + place] as number
          }
      }
    }
  }
  return planesSource(report, { fill, ...(file.metadata ? { metadata: file.metadata } : {}), close: () => file.close() })
}

function shapeOf(shape: readonly number[], layout: Layout, path: string): Shape {
  const refused = (wanted: string): StratumError =>
    new StratumError(
      'PARAMETER_INVALID',
      `The array has the shape (${shape.join(', ')}), and the layout "${layout}" needs ${wanted}.`,
      'Choose another layout.',
      { path },
    )
  const [a = 0, b = 0, c = 1, d = 1] = shape
  const one =
    layout === 'image' && (shape.length === 2 || shape.length === 3)
      ? { planes: 1, height: a, width: b, inner: c }
      : layout === 'bands' && shape.length === 3
        ? { planes: a, height: b, width: c, inner: 1 }
        : layout === 'times' && (shape.length === 3 || shape.length === 4)
          ? { planes: a, height: b, width: c, inner: d }
          : null
  if (!one)
    throw refused(
      layout === 'image' ? '(height, width, bands)' : layout === 'bands' ? '(bands, height, width)' : '(times, height, width, values)',
    )
  if (shape.includes(0) || one.planes * one.inner > mostColumns) throw refused('axes that are neither empty nor beyond a million columns')
  return one
}

function describe(file: MatrixFile, { planes, height, width, inner }: Shape, layout: Layout): SourceReport {
  const { header } = file
  const columns = Array.from({ length: planes * inner }, (_, i): Column => {
    const time = `time ${Math.floor(i / inner) + 1}`
    const name = layout !== 'times' ? `band ${i + 1}` : inner === 1 ? time : `${time} value ${(i % inner) + 1}`
    return { name, type: header.dtype?.startsWith('float') ? 'number' : 'integer', unit: null, wavelengthNm: null }
  })
  const findings: Finding[] = [
    ...(file.findings ?? []),
    {
      severity: 'warning',
      code: 'NO_GEOREFERENCE',
      message: 'The array does not say where it lies; positions are columns and rows.',
      hint: 'Maps made from it line up with this file, but not with other layers.',
    },
  ]
  return {
    path: file.path,
    sizeBytes: file.sizeBytes,
    format: file.format,
    formatTitle: file.formatTitle,
    kind: 'raster',
    rows: height * width,
    columns,
    dtype: header.dtype ?? 'text',
    grid: { width, height, transform: [1, 0, 0, 0, 1, 0], georeferenced: false, crs: null, geoKeys: {} },
    nodata: columns.map(() => null),
    metadataFields: [...file.metadataFields],
    ...(file.labelFields && file.labelFields.length > 0 ? { labelFields: [...file.labelFields] } : {}),
    matrixBytes: height * width * columns.length * 4,
    findings,
    details: { shape: header.shape.join(' × '), layout, ...file.details },
  }
}
