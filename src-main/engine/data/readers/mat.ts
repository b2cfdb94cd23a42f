/** MATLAB files: version 4, version 5 to 7 (own formats) and 7.3 (HDF5). A cube is a raster without a place, a matrix a table; label arrays go along. */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'

const options = z.object({
  variable: z
    .string()
    .optional()
    .meta({ title: 'Variable', description: 'Name of the array to read; by default the largest cube, or the matrix called X or data.' }),
  layout: z.enum(['auto', 'raster', 'table']).default('auto').meta({
    title: 'Layout',
    description: 'A raster has a pixel per row, a table a line of the matrix. By default cubes and label maps are rasters.',
  }),
  bandAxis: z.enum(['last', 'first']).default('last').meta({
    title: 'Axis of the bands',
    description: 'Which axis of a cube counts the bands: the last (lines × samples × bands) or the first.',
    advanced: true,
  }),
})
export type MatOptions = z.output<typeof options>

const hdf5Magic = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

export const mat: Reader = {
  id: 'mat',
  title: 'MATLAB file',
  kind: 'raster',
  extensions: ['mat'],
  options,
  readAs: { raster: { layout: 'raster' }, table: { layout: 'table' } },
  probe(head, path) {
    if (/^MATLAB [57]\.\d/.test(new TextDecoder('latin1').decode(head.subarray(0, 16))) && head.length >= 128) return 2
    if (!/\.mat$/i.test(path)) return 0
    return hdf5Magic.every((byte, i) => head[i] === byte) ? 2 : 1
  },
  async open(path, chosen, signal) {
    const { openMat } = await import('./mat/open.ts')
    return openMat(path, options.parse(chosen), signal)
  },
}
