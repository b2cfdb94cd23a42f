/** AnnData (.h5ad), dense or sparse by rows, of every version of the format; also bare HDF5 files with a matrix X. */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'

const options = z.object({
  layer: z.string().optional().meta({ title: 'Layer', description: 'X by default; raw, or the name of a layer.' }),
})

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]

export const h5ad: Reader = {
  id: 'h5ad',
  title: 'AnnData',
  kind: 'cells',
  extensions: ['h5ad', 'h5'],
  options,
  probe: (head, path) => (signature.every((byte, i) => head[i] === byte) ? 2 : /\.h5ad$/i.test(path) ? 1 : 0),
  async open(path, chosen) {
    const { openH5ad } = await import('./h5ad/open.ts')
    return openH5ad(path, options.parse(chosen).layer)
  },
}
