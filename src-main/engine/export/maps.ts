/**
 * Class maps and score maps as GeoTIFF on the grid of the scene, with a QGIS style beside each.
 * Rows of a result are the pixels of its grid in reading order. Memory: about a megapixel and the writer's two strips.
 */
import { basename } from 'node:path'
import { throwIfCancelled } from '#common/errors.ts'
import type { LegendEntry } from '#common/domain/artifact.ts'
import type { Grid } from '#common/domain/grid.ts'
import { anomaly } from '#common/domain/palettes.ts'
import type { Compression, Samples } from './geotiff/compress.ts'
import { createGeotiff, type GeotiffOptions } from './geotiff/geotiff.ts'
import { type ExportedFile, writeOutputFile } from './outputFile.ts'
import { classQml, rampQml } from './qml.ts'

export interface MapExport {
  /** Of the GeoTIFF; the files beside it take its name. */
  readonly path: string
  readonly grid: Grid
  /** What the map shows and where it comes from, for the file's own description. */
  readonly description?: string
  /** Free items for the file's metadata, e.g. operation, model, seed. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Default 'deflate'. */
  readonly compression?: Compression
  readonly signal?: AbortSignal
  /** Share done, 0…1. */
  readonly report?: (fraction: number) => void
}

export interface ClassMapExport extends MapExport {
  /** Classes of pixels [from, to): 0 no data, 1 … */
  readonly labels: (from: number, to: number) => Uint16Array
  readonly legend: readonly LegendEntry[]
}

export interface ScoreMapExport extends MapExport {
  /** Scores of pixels [from, to), NaN where there is none. */
  readonly scores: (from: number, to: number) => Float32Array
  /** Limits of the colour ramp in the style. */
  readonly range: { readonly from: number; readonly to: number }
}

/** uint8, or uint16 beyond class 255; 0 is nodata; colour table, class names, overviews by the commonest class, .qml. */
export async function exportClassMap({ labels, legend, ...map }: ClassMapExport): Promise<ExportedFile[]> {
  const most = legend.reduce((largest, { id }) => Math.max(largest, id), 0)
  const Values = most > 255 ? Uint16Array : Uint8Array
  const nameOf = new Map(legend.map(({ id, name }) => [id, name]))
  const categoryNames = Array.from({ length: most + 1 }, (_, id) => (id === 0 ? 'No data' : (nameOf.get(id) ?? `Class ${id}`)))
  const colourTable = new Map(legend.map(({ id, colour }) => [id, colour]))
  const files = await writeMap(
    map,
    { dtype: most > 255 ? 'uint16' : 'uint8', nodata: 0, overviews: 'mode', colourTable, categoryNames, bandNames: ['Class'] },
    (from, to) => {
      const values = labels(from, to)
      const beyond = values.find((id) => id > most)
      if (beyond !== undefined) throw new RangeError(`expected classes up to ${most} as in the legend, found ${beyond}`)
      return Values === Uint16Array ? values : Uint8Array.from(values)
    },
  )
  return [...files.map((file, i) => (i === 0 ? { ...file, what: 'class map' } : file)), await writeStyle(map.path, classQml(legend))]
}

/** float32, NaN is nodata; overviews by the mean, .qml. */
export async function exportScoreMap({ scores, range, ...map }: ScoreMapExport): Promise<ExportedFile[]> {
  const files = await writeMap(map, { dtype: 'float32', nodata: Number.NaN, overviews: 'average', bandNames: ['Anomaly score'] }, scores)
  return [
    ...files.map((file) => ({ ...file, what: 'anomaly score map' })),
    await writeStyle(map.path, rampQml(anomaly, range.from, range.to)),
  ]
}

async function writeMap(
  { path, grid, description, metadata, compression, signal, report }: MapExport,
  options: Partial<GeotiffOptions> & Pick<GeotiffOptions, 'dtype'>,
  pixels: (from: number, to: number) => Samples,
): Promise<ExportedFile[]> {
  const rowsAtOnce = Math.max(1, Math.min(grid.height, Math.floor(2 ** 20 / grid.width)))
  const writer = await createGeotiff(path, { ...options, grid, bands: 1, description, metadata, compression })
  try {
    for (let row = 0; row < grid.height; row += rowsAtOnce) {
      if (signal) throwIfCancelled(signal)
      const n = Math.min(rowsAtOnce, grid.height - row)
      await writer.writeRows(pixels(row * grid.width, (row + n) * grid.width), n)
      report?.((row + n) / grid.height)
    }
  } catch (thrown) {
    await writer.abort()
    throw thrown
  }
  return writer.finish()
}

const stylePath = (path: string): string =>
  `${path.slice(0, path.length - basename(path).length)}${basename(path).replace(/\.[^.]+$/, '')}.qml`

const writeStyle = (path: string, qml: string): Promise<ExportedFile> =>
  writeOutputFile(stylePath(path), 'style for QGIS', async (file) => void (await file.append(new TextEncoder().encode(qml))))
