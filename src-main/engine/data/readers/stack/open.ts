/** Opens the files of a stack, chooses their grid and gives them as one source: a column per file and band. */
import { basename, relative } from 'node:path'
import type { Column, Finding, SourceReport } from '#common/domain/dataset.ts'
import { nounFor } from '#common/domain/words.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, RowChunk } from '../../dataset.ts'
import { blockCache } from '../geotiff/blocks.ts'
import { type GeotiffSource, openGeotiff } from '../geotiff/open.ts'
import { type Region, validPixels } from '../geotiff/pixels.ts'
import type { StackOptions } from '../stack.ts'
import { stackFiles } from './files.ts'
import { type StackName, readNames } from './names.ts'
import { type Placement, placementOf } from './placement.ts'
import { readRegion } from './resample.ts'
import { crsName, referenceOf, sameCrs, targetGrid } from './target.ts'
import { viewLayer } from './view.ts'

/** Decoded blocks of all files together, so that a row of tiles is decoded once while chunks pass through it. */
const cacheBytes = 256 << 20
const defaultChunkBytes = 32 << 20

interface Layer extends StackName {
  readonly source: GeotiffSource
  readonly grid: NonNullable<SourceReport['grid']>
  readonly place: Placement
}
/** Column of the stack → band of a layer. */
interface Origin {
  readonly layer: Layer
  readonly band: number
}

/** Memory: 256 MB of decoded blocks, the block tables of every file, and what the arguments of each method ask for. */
export async function openStack(path: string, options: StackOptions, signal?: AbortSignal): Promise<OpenSource> {
  const { nodata } = options
  const { paths, chosen, folder } = await stackFiles(path, options.files)
  const names = readNames(paths, chosen)
  refuseJpeg2000(names)
  const cache = blockCache(cacheBytes)
  const opened: Omit<Layer, 'place'>[] = []
  const close = async (): Promise<void> => void (await Promise.all(opened.map(({ source }) => source.close())))
  try {
    for (const name of names) {
      if (signal) throwIfCancelled(signal)
      const source = await openGeotiff(name.path, nodata === undefined ? {} : { nodata }, cache)
      opened.push({ ...name, source, grid: source.report.grid as Layer['grid'] })
    }
    const reference = referenceOf(opened, options.reference)
    if (!options.reproject) refuseOtherSystems(opened, reference)
    const target = targetGrid(
      opened.filter(({ grid }) => sameCrs(grid, reference.grid)),
      { ...options, reference: reference.path },
    )
    const layers: Layer[] = []
    for (const layer of opened) layers.push({ ...layer, place: await placementOf(layer.grid, target, layer.path) })
    return stackSource(path, folder, layers, reference.path, target, options, close)
  } catch (thrown) {
    await close()
    throw thrown
  }
}

function stackSource(
  path: string,
  folder: string,
  layers: readonly Layer[],
  referencePath: string,
  grid: Layer['grid'],
  { resampling, extent }: StackOptions,
  close: () => Promise<void>,
): OpenSource {
  const { width, height } = grid
  const dates = [...new Set(layers.map(({ date }) => date))]
  const origins: Origin[] = layers.flatMap((layer) => layer.source.report.columns.map((_, band) => ({ layer, band })))
  const columns = uniqueNames(origins.map((origin) => columnOf(origin, dates.length > 1)))
  const types = new Set(layers.map(({ source }) => source.report.dtype))
  const report: SourceReport = {
    path,
    sizeBytes: layers.reduce((sum, { source }) => sum + source.report.sizeBytes, 0),
    format: 'stack',
    formatTitle: 'Stack of rasters',
    kind: 'raster',
    rows: width * height,
    columns,
    dtype: types.size === 1 ? ([...types][0] as string) : 'mixed',
    grid,
    nodata: origins.map(({ layer, band }) => layer.source.report.nodata[band] ?? null),
    metadataFields: [],
    matrixBytes: width * height * columns.length * 4,
    findings: findingsOf(layers, grid, folder),
    details: {
      files: layers.length,
      dates: dates.filter((date) => date !== null).length,
      reference: relative(folder, referencePath) || basename(referencePath),
      extent,
      resampling,
    },
  }

  /** Values of the wanted columns, plane after plane, each file read once. */
  async function planes(
    wanted: readonly number[],
    area: number,
    read: (layer: Layer, bands: readonly number[]) => Promise<Float32Array>,
    place: (column: number, plane: Float32Array) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    for (const layer of new Set(wanted.map((column) => (origins[column] as Origin).layer))) {
      if (signal) throwIfCancelled(signal)
      const own = wanted.flatMap((column, i) => (origins[column]?.layer === layer ? [{ i, band: (origins[column] as Origin).band }] : []))
      const values = await read(
        layer,
        own.map(({ band }) => band),
      )
      for (const [k, { i }] of own.entries()) place(i, values.subarray(k * area, (k + 1) * area))
    }
  }

  async function rows(wanted: readonly number[], region: Region, signal?: AbortSignal): Promise<Float32Array> {
    const area = (region.x1 - region.x0) * (region.y1 - region.y0)
    const X = new Float32Array(area * wanted.length)
    await planes(
      wanted,
      area,
      (layer, bands) => readRegion(layer.source, layer.place, bands, region, resampling, signal),
      (column, plane) => {
        for (let i = 0, at = column; i < area; i++, at += wanted.length) X[at] = plane[i] as number
      },
      signal,
    )
    return X
  }

  async function* chunks({ columns: wanted, maxBytes = defaultChunkBytes, signal }: ChunkOptions = {}): AsyncGenerator<RowChunk> {
    const own = wanted ?? columns.map((_, column) => column)
    for (const region of regionsOf(width, height, Math.max(1, Math.floor(maxBytes / (4 * Math.max(1, own.length)))))) {
      if (signal) throwIfCancelled(signal)
      const X = await rows(own, region, signal)
      const n = (region.x1 - region.x0) * (region.y1 - region.y0)
      yield { start: region.y0 * width + region.x0, n, X, valid: validPixels(X, n, own.length) }
    }
  }

  return {
    report,
    files: layers.map((layer) => layer.path),
    chunks,
    async preview(offset, limit, maxColumns) {
      const shown = columns.slice(0, maxColumns).map((_, column) => column)
      const first = Math.max(0, Math.min(offset, report.rows))
      const n = Math.max(0, Math.min(limit, report.rows - first))
      const lines: (number | null)[][] = []
      while (lines.length < n) {
        const y = Math.floor((first + lines.length) / width)
        const x = (first + lines.length) % width
        const count = Math.min(n - lines.length, width - x)
        const X = await rows(shown, { x0: x, x1: x + count, y0: y, y1: y + 1 })
        for (let i = 0; i < count; i++) {
          const values = X.subarray(i * shown.length, (i + 1) * shown.length)
          lines.push([x + i, y, ...Array.from(values, (value) => (Number.isFinite(value) ? value : null))])
        }
      }
      return { names: ['column', 'row', ...shown.map((column) => (columns[column] as Column).name)], rows: lines }
    },
    async readWindow(bands, window, signal) {
      const { x, y, outWidth, outHeight } = window
      const area = outWidth * outHeight
      const output = new Float32Array(bands.length * area)
      const whole = [x, y, window.width, window.height].every(Number.isInteger) && window.width === outWidth && window.height === outHeight
      await planes(
        bands,
        area,
        (layer, own) =>
          whole
            ? readRegion(layer.source, layer.place, own, { x0: x, y0: y, x1: x + outWidth, y1: y + outHeight }, resampling, signal)
            : viewLayer(layer.source, layer.place, own, window, signal),
        (i, plane) => output.set(plane, i * area),
        signal,
      )
      return output
    },
    close,
  }
}

/** Whole lines where they fit, parts of a line otherwise. */
function* regionsOf(width: number, height: number, mostPixels: number): Iterable<Region> {
  const lines = Math.floor(mostPixels / width)
  if (lines >= 1) {
    for (let y0 = 0; y0 < height; y0 += lines) yield { x0: 0, x1: width, y0, y1: Math.min(height, y0 + lines) }
    return
  }
  for (let y0 = 0; y0 < height; y0++)
    for (let x0 = 0; x0 < width; x0 += mostPixels) yield { x0, x1: Math.min(width, x0 + mostPixels), y0, y1: y0 + 1 }
}

function columnOf({ layer, band }: Origin, dated: boolean): Column {
  const own = layer.source.report.columns[band] as Column
  const name = layer.source.report.columns.length === 1 ? layer.band : `${layer.band} ${own.name}`
  return { ...own, name: dated && layer.date ? `${name}@${layer.date}` : name, wavelengthNm: own.wavelengthNm ?? layer.wavelengthNm }
}

function uniqueNames(columns: readonly Column[]): Column[] {
  const seen = new Map<string, number>()
  return columns.map((column) => {
    const times = (seen.get(column.name) ?? 0) + 1
    seen.set(column.name, times)
    return times === 1 ? column : { ...column, name: `${column.name} (${times})` }
  })
}

function findingsOf(layers: readonly Layer[], grid: Layer['grid'], folder: string): Finding[] {
  const findings: Finding[] = []
  const listed = (some: readonly Layer[]): string =>
    some
      .slice(0, 6)
      .map(({ path }) => relative(folder, path))
      .join(', ') + (some.length > 6 ? ` and ${some.length - 6} more` : '')
  const moved = layers.filter(({ place: { straight } }) => {
    if (!straight) return true
    const { scaleX, scaleY, shiftX, shiftY } = straight
    return scaleX !== 1 || scaleY !== 1 || !Number.isInteger(shiftX) || !Number.isInteger(shiftY)
  })
  if (moved.length > 0)
    findings.push({
      severity: 'info',
      code: 'RESAMPLED',
      message: `${moved.length} of ${layers.length} files ${nounFor(moved.length, 'has other pixels than the stack and is', 'have other pixels than the stack and are')} resampled: ${listed(moved)}.`,
      hint: 'Reference file, resolution and resampling can be chosen.',
    })
  const quality = layers.filter(({ band }) => /(^|_)(b?qa|qa_pixel|scl|qa_radsat|cloud|mask)\w*$/i.test(band))
  if (quality.length > 0)
    findings.push({
      severity: 'info',
      code: 'QUALITY_BAND',
      message: `Flags rather than measurements: ${listed(quality)}.`,
      hint: 'Leave them out of the columns to learn from.',
    })
  const codes = new Set<string>()
  for (const { path, source } of layers) {
    for (const finding of source.report.findings) {
      if (codes.has(finding.code)) continue
      codes.add(finding.code)
      findings.push({ ...finding, where: { ...finding.where, path } })
    }
  }
  return grid.georeferenced ? findings : findings.filter(({ code }) => code !== 'RESAMPLED')
}

function refuseOtherSystems(layers: readonly Omit<Layer, 'place'>[], reference: Omit<Layer, 'place'>): void {
  const other = layers.find(({ grid }) => !sameCrs(grid, reference.grid))
  if (!other) return
  throw new StratumError(
    'DATA_UNSUITABLE',
    `'${basename(other.path)}' lies in the system ${crsName(other.grid.crs)}, '${basename(reference.path)}' in ${crsName(reference.grid.crs)}.`,
    `Choose the option reproject, or bring it to one system with GDAL first: gdalwarp -t_srs ${reference.grid.crs?.code ?? 'EPSG:…'} "${other.path}" warped.tif`,
    { path: other.path },
  )
}

function refuseJpeg2000(names: readonly StackName[]): void {
  const found = names.find(({ path }) => /\.jp2$/i.test(path))
  if (!found) return
  throw new StratumError(
    'FORMAT_UNSUPPORTED',
    `'${basename(found.path)}' is JPEG 2000, which is not read.`,
    'Convert the files with GDAL in their folder: for f in *.jp2; do gdal_translate -co TILED=YES -co COMPRESS=DEFLATE "$f" "$(basename "$f" .jp2).tif"; done',
    { path: found.path },
  )
}
