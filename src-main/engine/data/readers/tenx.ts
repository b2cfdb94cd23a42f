/** The .h5 files of 10x Genomics' Cell Ranger: version 2 with a group per genome, version 3 with feature types. */
import { z } from 'zod'
import { featureOptions } from '../cells/features.ts'
import type { Reader } from '../dataset.ts'
import { isHdf5 } from '../hdf5/signature.ts'

const options = z.object({
  genome: z.string().optional().meta({
    title: 'Genome',
    description: 'Only features of this genome. By default all of a version 3 file, the first of a version 2 file.',
  }),
  ...featureOptions,
})

export const tenx: Reader = {
  id: 'tenx',
  title: '10x Genomics HDF5',
  kind: 'cells',
  extensions: ['h5'],
  options,
  probe: (head) => (isHdf5(head) ? 1 : 0),
  async identify(path) {
    const { looksLikeTenx } = await import('./tenx/open.ts')
    return (await looksLikeTenx(path)) ? 2 : 0
  },
  async open(path, chosen) {
    const { openTenx } = await import('./tenx/open.ts')
    return openTenx(path, options.parse(chosen))
  },
}
