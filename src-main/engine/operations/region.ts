/**
 * A region of interest: polygons (GeoJSON, GeoPackage, Shapefile), or a single-band raster on the grid of the scene in which pixels
 * that are 0 or no-data lie outside. Pixels outside are treated as no-data. Memory: one byte per pixel.
 */
import { resolve } from 'node:path'
import { z } from 'zod'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, RowChunk } from '../data/dataset.ts'
import { hashFile } from '../data/import.ts'
import { readerFor } from '../data/readers/registry.ts'
import { burn } from '../data/vector/burn.ts'
import { isVectorFile, openVector, parsePlace } from '../data/vector/open.ts'

export const regionParam = (what: string) =>
  z
    .string()
    .nullable()
    .default(null)
    .meta({
      title: 'Only inside',
      description: `A file of polygons (GeoJSON, GeoPackage, Shapefile), or a single-band raster on the same grid; ${what} only inside them, or where the raster is not 0. The whole scene when empty.`,
      advanced: true,
    })

/** The region's content belongs to the key of what is made with it: every file of a shapefile, the layer of a GeoPackage. */
export const regionIdentity = async (region: string | null): Promise<string> => (region === null ? '' : maskIdentity(region))

/** Stands in a key for a file wherever it lies: what it holds is told apart by its identity. */
export const keyedFile = 'a file'

/** Hashes of the files of a mask, polygons or raster. */
export async function maskIdentity(where: string): Promise<string> {
  if (!isVectorFile(where)) {
    const path = resolve(where)
    const source = await (await readerFor(path)).open(path, {})
    await source.close()
    return hashesOf(source.files ?? [path])
  }
  const place = parsePlace(where)
  const layer = await openVector(place)
  await layer.close()
  return (await hashesOf(layer.files)) + (place.layer === undefined ? '' : ` ${place.layer}`)
}

async function hashesOf(files: readonly string[]): Promise<string> {
  const hashes: string[] = []
  for (const file of files) hashes.push(await hashFile(file))
  return hashes.join(' ')
}

async function readRegion(region: string, meta: DatasetMeta, signal: AbortSignal): Promise<Uint8Array> {
  return isVectorFile(region) ? insidePolygons(region, meta, signal) : insideRaster(region, meta, signal)
}

async function insidePolygons(region: string, { grid }: DatasetMeta, signal: AbortSignal): Promise<Uint8Array> {
  const place = parsePlace(region)
  if (!grid)
    throw new StratumError('DATA_UNSUITABLE', 'The dataset is no raster, so polygons cannot be its region.', 'Leave the region empty.', {
      path: place.path,
      parameter: 'region',
    })
  const layer = await openVector(place)
  try {
    const inside = new Uint8Array(grid.width * grid.height)
    const put = (y: number, from: number, to: number): void => void inside.fill(1, y * grid.width + from, y * grid.width + to)
    await burn(layer, grid, () => 1, put, signal)
    return inside
  } finally {
    await layer.close()
  }
}

async function insideRaster(region: string, { grid }: DatasetMeta, signal: AbortSignal): Promise<Uint8Array> {
  const path = resolve(region)
  const reader = await readerFor(path)
  const source = await reader.open(path, {}, signal)
  try {
    const found = source.report.grid
    if (!grid || !found || found.width !== grid.width || found.height !== grid.height) {
      throw new StratumError(
        'DATA_UNSUITABLE',
        `The region is ${found ? `${found.width} × ${found.height}` : 'not a raster'}, and the scene is ${grid ? `${grid.width} × ${grid.height}` : 'not a raster'}.`,
        'Use a raster on the grid of the scene (gdalwarp or gdal_rasterize with -te and -ts).',
        { path, parameter: 'region' },
      )
    }
    const inside = new Uint8Array(grid.width * grid.height)
    for await (const { start, n, X } of source.chunks({ columns: [0], signal })) {
      for (let i = 0; i < n; i++) inside[start + i] = X[i] !== 0 && !Number.isNaN(X[i]) ? 1 : 0
    }
    return inside
  } finally {
    await source.close()
  }
}

/** The source with everything outside the region marked as not valid; the source itself when there is no region. */
export async function withinRegion(source: OpenSource, meta: DatasetMeta, region: string | null, signal: AbortSignal): Promise<OpenSource> {
  return region === null ? source : withinRows(source, await readRegion(region, meta, signal))
}

/** The source with rows marked as not valid where `inside` [rows] is 0. */
export function withinRows(source: OpenSource, inside: Uint8Array): OpenSource {
  async function* chunks(options?: ChunkOptions): AsyncIterable<RowChunk> {
    for await (const chunk of source.chunks(options)) {
      for (let i = 0; i < chunk.n; i++) chunk.valid[i] &= inside[chunk.start + i]
      yield chunk
    }
  }
  return { ...source, report: source.report, chunks, preview: source.preview.bind(source), close: () => source.close() }
}
