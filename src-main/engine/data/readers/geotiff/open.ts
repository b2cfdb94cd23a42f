/** Opens a GeoTIFF: structure, calibration, grid, overviews and masks, as one source of rows (a row is a pixel). */
import type { Column, Finding, SourceReport } from '#common/domain/dataset.ts'
import { throwIfCancelled } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, RowChunk } from '../../dataset.ts'
import { type RandomAccessFile, openRandomAccess } from '../randomAccess.ts'
import { type BlockReader, blockCache, blockReader } from './blocks.ts'
import { coarseCopy } from './coarse.ts'
import { columnsOf, noteValues, readCalibration } from './description.ts'
import { parseGdalMetadata } from './gdalMetadata.ts'
import { readGrid } from './georeference.ts'
import { compressionName, readLayout } from './layout.ts'
import { type ReaderOf, alphaBand, readLevels } from './levels.ts'
import { type Calibration, type Level, fillRegion, sampleLevel, validPixels } from './pixels.ts'
import { planRegions } from './regions.ts'
import type { Samples } from './samples.ts'
import { readAuxiliary, readWorldFile } from './sidecar.ts'
import { type RawDirectory, readText, readTiffFile } from './structure.ts'

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

async function openTiff(file: RandomAccessFile, options: { nodata?: number }, readerOf: ReaderOf): Promise<GeotiffSource> {
  const tiff = await readTiffFile(file)
  const main = tiff.directories[0] as RawDirectory
  const layout = await readLayout(tiff, main)
  const findings: Finding[] = []
  const items = parseGdalMetadata((await readText(tiff, main, 42112)) ?? '')
  const alpha = alphaBand(layout, items)
  const levels = await readLevels(tiff, layout, readerOf, alpha, findings)
  const world = await readWorldFile(file.path)
  const auxiliary = await readAuxiliary(file.path)
  const beside = { transform: world?.content ?? null, wkt: auxiliary?.content.wkt ?? null }
  const grid = await readGrid(tiff, main, layout.width, layout.height, beside, findings)
  const bands = auxiliary?.content.bands ?? []
  const calibration = await readCalibration(tiff, layout, items, bands, options.nodata)
  const columns = columnsOf(layout, items, bands, calibration)
  noteValues(layout, calibration.nodata, alpha, findings)
  const rows = layout.width * layout.height
  if (rows > pixelsWithoutOverviews && levels.length === 1)
    findings.push({
      severity: 'info',
      code: 'NO_OVERVIEWS',
      message: 'This large file has no overviews, so the first view of the whole reads all of it.',
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
    nodata: calibration.nodata.slice(),
    metadataFields: [],
    matrixBytes: rows * layout.bands * 4,
    findings,
    details: {
      compression: compressionName[layout.compression] ?? String(layout.compression),
      interleave: layout.planar ? 'band' : 'pixel',
      blocks: layout.tiled
        ? `tiles of ${layout.blockWidth} × ${layout.blockHeight}`
        : `strips of ${layout.blockHeight} row${layout.blockHeight === 1 ? '' : 's'}`,
      overviews: levels.length - 1,
      mask: levels[0]?.mask != null,
      bigTiff: tiff.big,
      ...(calibration.calibrated ? { calibrated: true } : {}),
    },
  }
  const alongside = [auxiliary, world && grid.georeferenced ? world : null].flatMap((sidecar) => (sidecar ? [sidecar.path] : []))
  return source(file, report, levels, calibration, alongside)
}

function source(
  file: RandomAccessFile,
  report: SourceReport,
  levels: readonly Level[],
  calibration: Calibration,
  beside: readonly string[],
): GeotiffSource {
  const base = levels[0] as Level
  const { width, height } = base
  const allBands = report.columns.map((_, band) => band)
  const coarse = levels.length === 1 ? coarseCopy(base, calibration) : null

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
    ...(beside.length > 0 ? { files: [file.path, ...beside] } : {}),
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
      if (level === base && coarse && Math.min(window.width / window.outWidth, window.height / window.outHeight) >= coarse.step)
        return coarse.sample(bands, columns, rows, signal)
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
