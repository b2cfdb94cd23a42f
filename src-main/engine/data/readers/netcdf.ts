/** NetCDF grids: the classic formats (CDF-1, 2 and 5) and NetCDF-4 (HDF5). Variables over the same two axes are bands, times further bands. */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'

const options = z.object({
  variables: z.array(z.string()).optional().meta({
    title: 'Variables',
    description: 'Names of the variables to read, all over the same two axes; by default all of the largest grid.',
  }),
  group: z.string().optional().meta({ title: 'Group', description: 'Group of a NetCDF-4 file to read; by default all.', advanced: true }),
})
export type NetcdfOptions = z.output<typeof options>

const hdf5Magic = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

export const netcdf: Reader = {
  id: 'netcdf',
  title: 'NetCDF grid',
  kind: 'raster',
  extensions: ['nc', 'nc4', 'cdf', 'netcdf'],
  options,
  probe(head, path) {
    const [c, d, f, version = 0] = head
    if (c === 0x43 && d === 0x44 && f === 0x46 && [1, 2, 5].includes(version)) return 2
    if (!/\.(nc|nc4|cdf|netcdf)$/i.test(path)) return 0
    return hdf5Magic.every((byte, i) => head[i] === byte) ? 2 : 1
  },
  async open(path, chosen, signal) {
    const { openNetcdf } = await import('./netcdf/open.ts')
    return openNetcdf(path, options.parse(chosen), signal)
  },
}
