/** GeoTIFF and BigTIFF: any band count, strips or tiles, integers and floats. A row is a pixel, a column a band. */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'

const options = z.object({
  /** Overrides the nodata value that the file states. */
  nodata: z
    .number()
    .optional()
    .meta({ title: 'No-data value', description: 'Stored value that means no data; by default what the file says.' }),
})

export const geotiff: Reader = {
  id: 'geotiff',
  title: 'GeoTIFF',
  kind: 'raster',
  extensions: ['tif', 'tiff', 'gtiff', 'geotiff'],
  options,
  probe(head, path) {
    const little = head[0] === 0x49 && head[1] === 0x49 && (head[2] === 42 || head[2] === 43) && head[3] === 0
    const big = head[0] === 0x4d && head[1] === 0x4d && head[2] === 0 && (head[3] === 42 || head[3] === 43)
    if (little || big) return 2
    return /\.g?tiff?$/i.test(path) ? 1 : 0
  },
  async open(path, chosen) {
    const { openGeotiff } = await import('./geotiff/open.ts')
    return openGeotiff(path, options.parse(chosen))
  },
}
