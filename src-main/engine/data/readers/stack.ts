/**
 * Several GeoTIFF files as one raster: the bands of a scene kept one file each (Landsat `…_B1.TIF`), or the same bands on
 * several dates, which become columns `band@date`. Opens a folder, or a file together with those beside it that belong to it.
 * Differing extents and pixel sizes are brought to one grid.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Reader } from '../dataset.ts'

const options = z.object({
  files: z.array(z.string().min(1)).min(1).max(1024).optional().meta({
    title: 'Files',
    description: 'Names relative to the folder, in the order of the columns; by default all rasters whose names belong together.',
  }),
  extent: z
    .enum(['intersection', 'union', 'first'])
    .default('intersection')
    .meta({ title: 'Extent', description: 'Pixels that all files cover, that any covers, or those of the reference file.' }),
  reference: z
    .string()
    .optional()
    .meta({ title: 'Reference file', description: 'Whose grid the pixels are aligned on; by default the grid most files have.' }),
  resolution: z
    .enum(['reference', 'finest', 'coarsest'])
    .default('reference')
    .meta({ title: 'Resolution', description: 'Pixel size of the reference file, or the smallest or largest of all files.' }),
  pixelSize: z
    .number()
    .positive()
    .optional()
    .meta({ title: 'Pixel size', description: 'In units of the reference system; overrides the resolution.' }),
  resampling: z.enum(['nearest', 'bilinear', 'average']).default('nearest').meta({
    title: 'Resampling',
    description: 'Nearest pixel; between the four nearest; or the mean of all pixels inside, for files finer than the grid.',
  }),
  nodata: z
    .number()
    .optional()
    .meta({ title: 'No-data value', description: 'Stored value that means no data in every file; by default what each file says.' }),
  reproject: z
    .boolean()
    .default(false)
    .meta({ title: 'Reproject', description: 'Bring files of other coordinate systems to that of the reference file.' }),
})
export type StackOptions = z.output<typeof options>

const isRaster = (name: string): boolean => /\.(tiff?|jp2)$/i.test(name) && !name.startsWith('.')
/** One file per band, as Landsat and Sentinel-2 name them. */
const isBandFile = (name: string): boolean => /_(?:SR_|ST_)?B\d{1,2}A?(?:_\d+m)?\.(tiff?|jp2)$/i.test(name)

export const stack: Reader = {
  id: 'stack',
  title: 'Stack of rasters',
  kind: 'raster',
  extensions: [],
  options,
  probe: (_head, path) => (isRaster(path) ? 1 : 0),
  probeFolder(names, path) {
    const rasters = names.filter(isRaster)
    if (rasters.filter(isBandFile).length > 1) return 2
    if (rasters.length > 1) return 1
    return names.length <= 1024 && names.some((name) => rastersOfFolder(join(path, name)).some(isBandFile)) ? 2 : 0
  },
  async open(path, chosen, signal) {
    const { openStack } = await import('./stack/open.ts')
    return openStack(path, options.parse(chosen), signal)
  },
}

/** Names of the rasters in a folder, none where it is no folder or may not be read. */
function rastersOfFolder(path: string): string[] {
  try {
    return readdirSync(path).filter(isRaster)
  } catch {
    return []
  }
}
