/** Opens a GeoTIFF: structure, calibration, grid, overviews and masks, as one source of rows (a row is a pixel). */
import type { Column, Finding, SourceReport } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, RowChunk } from '../../dataset.ts'
import { type RandomAccessFile, openRandomAccess } from '../randomAccess.ts'
import { type BlockReader, blockCache, blockReader } from './blocks.ts'
import { bandItem, bandWavelengthNm, parseGdalMetadata } from './gdalMetadata.ts'
import { readGrid } from './georeference.ts'
import { type Layout, compressionName, readLayout } from './layout.ts'
import { type Calibration, type Level, fillRegion, sampleLevel, validPixels } from './pixels.ts'
import { planRegions } from './regions.ts'
import type { Samples } from './samples.ts'
import { type RawDirectory, type TiffFile, readNumber, readText, readTiffFile } from './structure.ts'

const defaultChunkBytes = 32 << 20
/** Above this an overview is missed: a view of the whole takes seconds. */
const pixelsWithoutOverviews = 25e6

/** A GeoTIFF can be read pixel by pixel as well, which is how several of them are brought to one grid. */
export interface GeotiffSource extends OpenSource {
  readWindow: NonNullable<OpenSource['readWindow']>
  /**
   * Full resolution at the crossings of columns and rows: bands × rows × columns, NaN for nodata.
   * Positions ascend (repeats allowed); −1 is outside. Memory: the result and the cache.
   */
  sample(bands: readonly number[], columns: Int32Array, rows: Int32Array, signal?: AbortSignal): Promise<Float32Array>
}

/**
 * Memory: the directories and block tables; each method adds what its arguments ask for and at most 256 MB of decoded blocks.
 * @param cache shared by several files that are read together; 64 MB of its own otherwise
 * @param alone decode on the calling thread only, which is what the bench compares
 */
export async function openGeotiff(
  path: string,
  options: { nodata?: number },
  cache = blockCache(64 << 20),
  alone = false,
): Promise<GeotiffSource> {
  const file = await openRandomAccess(path)
  try {
    return await openTiff(file, options, (layout) => blockReader(file, layout, cache, alone))
  } catch (thrown) {
    await file.close()
    throw thrown
  }
}

type ReaderOf = (layout: Layout) => BlockReader

async function openTiff(file: RandomAccessFile, options: { nodata?: number }, readerOf: ReaderOf): Promise<GeotiffSource> {
  const tiff = await readTiffFile(file)
  const main = tiff.directories[0] as RawDirectory
  const layout = await readLayout(tiff, main)
  const findings: Finding[] = []
  const levels = await readLevels(tiff, layout, readerOf, findings)
  const grid = await readGrid(tiff, main, layout.width, layout.height, findings)
  const items = parseGdalMetadata((await readText(tiff, main, 42112)) ?? '')
  const calibration = calibrationOf(layout, await readNodata(tiff, main, options.nodata), items)
  const columns = columnsOf(layout, items)
  noteColours(layout, findings)
  const rows = layout.width * layout.height
  if (rows > pixelsWithoutOverviews && levels.length === 1)
    findings.push({
      severity: 'info',
      code: 'NO_OVERVIEWS',
      message: 'This large file has no overviews, so showing all of it at once means reading all of it.',
      hint: `Views come much faster after: gdaladdo -r average "${file.path}" 2 4 8 16 32`,
    })
  const report: SourceReport = {
    path: file.path,
    sizeBytes: file.size,
    format: 'geotiff',
    formatTitle: 'GeoTIFF',
    kind: 'raster',
    rows,
    columns,
    dtype: layout.sampleType === 'bits' ? `uint${layout.bits}` : layout.sampleType,
    grid,
    nodata: columns.map(() => calibration.nodata),
    metadataFields: [],
    matrixBytes: rows * layout.bands * 4,
    findings,
    details: {
      compression: compressionName[layout.compression] ?? String(layout.compression),
      interleave: layout.planar ? 'band' : 'pixel',
      blocks: layout.tiled ? `tiles of ${layout.blockWidth} × ${layout.blockHeight}` : `strips of ${layout.blockHeight} rows`,
      overviews: levels.length - 1,
      mask: levels[0]?.mask != null,
      bigTiff: tiff.big,
      ...(calibration.plain ? {} : { calibrated: true }),
    },
  }
  return source(file, report, levels, calibration)
}

function source(file: RandomAccessFile, report: SourceReport, levels: readonly Level[], calibration: Calibration): GeotiffSource {
  const base = levels[0] as Level
  const { width, height } = base
  const allBands = report.columns.map((_, band) => band)

  async function* chunks({ columns, maxBytes = defaultChunkBytes, signal }: ChunkOptions = {}): AsyncGenerator<RowChunk> {
    const bands = columns ?? allBands
    const { regions, keeps } = planRegions(base.image.layout, bands, maxBytes)
    let kept = new Map<number, Promise<Samples | null>>()
    let keptTop = -1
    const fetch = (reader: BlockReader, block: number): Promise<Samples | null> => {
      if (!keeps) return reader.read(block)
      const key = reader === base.image ? block : -1 - block
      const known = kept.get(key) ?? reader.read(block)
      kept.set(key, known)
      return known
    }
    for (const region of regions) {
      if (signal) throwIfCancelled(signal)
      const top = Math.floor(region.y0 / base.image.layout.blockHeight)
      if (top !== keptTop) {
        kept = new Map()
        keptTop = top
      }
      const n = (region.x1 - region.x0) * (region.y1 - region.y0)
      const X = new Float32Array(n * bands.length)
      await fillRegion(X, base, bands, region, calibration, fetch, signal)
      yield { start: region.y0 * width + region.x0, n, X, valid: validPixels(X, n, bands.length) }
    }
  }

  return {
    report,
    chunks,
    async preview(offset, limit, maxColumns) {
      const shown = allBands.slice(0, maxColumns)
      const first = Math.max(0, Math.min(offset, report.rows))
      const n = Math.max(0, Math.min(limit, report.rows - first))
      const rows: (number | null)[][] = []
      for (let done = 0; done < n; ) {
        const y = Math.floor((first + done) / width)
        const x = (first + done) % width
        const count = Math.min(n - done, width - x)
        const X = new Float32Array(count * shown.length)
        await fillRegion(X, base, shown, { x0: x, x1: x + count, y0: y, y1: y + 1 }, calibration, (reader, block) =>
          reader.readCached(block),
        )
        for (let i = 0; i < count; i++) {
          const values = Array.from(X.subarray(i * shown.length, (i + 1) * shown.length), (value) =>
            Number.isFinite(value) ? value : null,
          )
          rows.push([x + i, y, ...values])
        }
        done += count
      }
      return { names: ['column', 'row', ...shown.map((band) => (report.columns[band] as Column).name)], rows }
    },
    async readWindow(bands, window, signal) {
      const level = levelFor(levels, window.width / window.outWidth, window.height / window.outHeight)
      const columns = positions(window.x, window.width, window.outWidth, width, level.width)
      const rows = positions(window.y, window.height, window.outHeight, height, level.height)
      return sampleLevel(level, bands, columns, rows, calibration, signal)
    },
    sample: (bands, columns, rows, signal) => sampleLevel(base, bands, columns, rows, calibration, signal),
    close: () => file.close(),
  }
}

/** The coarsest level that is still at least as fine as what is asked for. */
function levelFor(levels: readonly Level[], stepX: number, stepY: number): Level {
  const base = levels[0] as Level
  const fine = levels.filter((level) => base.width / level.width <= stepX * 1.01 && base.height / level.height <= stepY * 1.01)
  return fine.reduce((coarsest, level) => (level.width < coarsest.width ? level : coarsest), base)
}

/** Source pixel under the middle of each output cell; −1 outside the image. */
function positions(from: number, size: number, count: number, imageSize: number, levelSize: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => {
    const pixel = from + ((i + 0.5) * size) / count
    return pixel < 0 || pixel >= imageSize ? -1 : Math.min(levelSize - 1, Math.floor((pixel * levelSize) / imageSize))
  })
}

/** NewSubfileType: bit 0 an overview, bit 2 a mask. What is neither is another page. */
async function readLevels(tiff: TiffFile, layout: Layout, readerOf: ReaderOf, findings: Finding[]): Promise<Level[]> {
  const images: Layout[] = [layout]
  const masks: Layout[] = []
  let pages = 1
  for (const directory of tiff.directories.slice(1)) {
    const kind = (await readNumber(tiff, directory, 254)) ?? 0
    const isMask = (kind & 4) !== 0
    const isOverview = !isMask && (kind & 1) !== 0
    if (!isMask && !isOverview) pages++
    if ((!isMask && !isOverview) || pages > 1) continue
    try {
      const found = await readLayout(tiff, directory)
      if (isMask && found.bands === 1) masks.push(found)
      else if (isOverview && found.bands === layout.bands && found.width < layout.width) images.push(found)
    } catch (thrown) {
      // Without its mask the image would be read wrongly; without an overview only more slowly.
      if (isMask || !(thrown instanceof StratumError)) throw thrown
      findings.push({
        severity: 'warning',
        code: 'OVERVIEW_UNREADABLE',
        message: `A reduced copy inside the file cannot be read: ${thrown.message}`,
        hint: 'Zoomed-out views take longer. The full image is not affected.',
      })
    }
  }
  if (pages > 1 || tiff.more)
    findings.push({
      severity: 'warning',
      code: 'MORE_PAGES',
      message: `The file holds ${tiff.more ? 'many' : pages} images; only the first is read.`,
      hint: `Take out another one with GDAL: gdal_translate GTIFF_DIR:2:"${tiff.file.path}" second.tif`,
    })
  const levels = images.map((image): Level => {
    const mask = masks.find((candidate) => candidate.width === image.width && candidate.height === image.height)
    return {
      width: image.width,
      height: image.height,
      image: readerOf(image),
      mask: mask ? readerOf(mask) : null,
    }
  })
  // An overview without its mask would show masked pixels.
  return levels.filter((level, i) => i === 0 || level.mask !== null || levels[0]?.mask === null)
}

async function readNodata(tiff: TiffFile, directory: RawDirectory, chosen: number | undefined): Promise<number | null> {
  if (chosen !== undefined) return chosen
  const text = (await readText(tiff, directory, 42113))?.trim()
  if (!text) return null
  const value = Number(text.replace(/^([+-]?)(?:inf|infinity)$/i, '$1Infinity'))
  // NaN is missing anyway.
  return Number.isNaN(value) ? null : value
}

function calibrationOf(layout: Layout, nodata: number | null, items: ReturnType<typeof parseGdalMetadata>): Calibration {
  const number = (text: string | null, fallback: number): number => {
    const value = text === null || text === '' ? fallback : Number(text)
    return Number.isFinite(value) ? value : fallback
  }
  const scale = new Float64Array(layout.bands)
  const offset = new Float64Array(layout.bands)
  for (let band = 0; band < layout.bands; band++) {
    scale[band] = number(bandItem(items, band, 'scale'), 1)
    offset[band] = number(bandItem(items, band, 'offset'), 0)
  }
  // The text of a float32 nodata value is rounded; compare as the pixels are stored.
  const stored =
    nodata !== null && layout.sampleType === 'float32'
      ? Math.fround(Math.max(-3.4028234663852886e38, Math.min(3.4028234663852886e38, nodata)))
      : nodata
  return { nodata: stored, scale, offset, plain: scale.every((value) => value === 1) && offset.every((value) => value === 0) }
}

function columnsOf(layout: Layout, items: ReturnType<typeof parseGdalMetadata>): Column[] {
  const colours = layout.photometric === 2 && layout.bands >= 3 && layout.bands <= 4 ? ['red', 'green', 'blue', 'alpha'] : []
  const integer = !layout.sampleType.startsWith('float')
  return Array.from({ length: layout.bands }, (_, band): Column => {
    const described = bandItem(items, band, 'description') ?? ''
    const scaled = Number(bandItem(items, band, 'scale') ?? 1) !== 1 || Number(bandItem(items, band, 'offset') ?? 0) !== 0
    return {
      name: described || colours[band] || `band ${band + 1}`,
      type: integer && !scaled ? 'integer' : 'number',
      unit: bandItem(items, band, 'unittype') || null,
      wavelengthNm: bandWavelengthNm(items, band, layout.bands, described),
    }
  })
}

function noteColours(layout: Layout, findings: Finding[]): void {
  if (layout.photometric === 3)
    findings.push({
      severity: 'warning',
      code: 'PALETTE',
      message: 'The values are numbers of colours in a table, that is classes, not measurements.',
      hint: 'Use it as a label layer rather than to learn from.',
    })
  if (layout.photometric === 5)
    findings.push({
      severity: 'info',
      code: 'CMYK',
      message: 'The bands are the four printing inks (CMYK), read as stored.',
      hint: 'Other programs may show them converted to red, green and blue.',
    })
  if (layout.compression === 7)
    findings.push({
      severity: 'info',
      code: 'LOSSY',
      message: 'The pixels are JPEG-compressed: values are rounded, and differ by 1 or 2 between programs.',
      hint: 'Prefer the original file for measurements.',
    })
  const alpha = layout.extraSamples.findIndex((kind) => kind === 1 || kind === 2)
  if (alpha >= 0)
    findings.push({
      severity: 'info',
      code: 'ALPHA_BAND',
      message: `Band ${layout.bands - layout.extraSamples.length + alpha + 1} is an alpha (opacity) band.`,
      hint: 'Leave it out of the columns to learn from.',
    })
}
