/** AnnData (.h5ad) of every version of the format, dense or sparse; also bare HDF5 files with a matrix X. */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'
import { isHdf5 } from '../hdf5/signature.ts'

const options = z.object({
  layer: z.string().optional().meta({ title: 'Layer', description: 'X by default; raw/X, layers/NAME or obsm/NAME.' }),
  geneNames: z
    .string()
    .optional()
    .meta({ title: 'Gene names', description: 'Column of the table of genes that names them; its index by default.' }),
})

export const h5ad: Reader = {
  id: 'h5ad',
  title: 'AnnData',
  kind: 'cells',
  extensions: ['h5ad', 'h5'],
  options,
  probe: (head, path) => (isHdf5(head) || /\.h5ad$/i.test(path) ? 1 : 0),
  identify: async (path) => {
    const { rootKeys } = await import('../hdf5/file.ts')
    const keys = await rootKeys(path)
    return keys.includes('obs') || keys.includes('X') ? 2 : 0
  },
  async open(path, chosen) {
    const { openH5ad } = await import('./h5ad/open.ts')
    return openH5ad(path, options.parse(chosen))
  },
}
