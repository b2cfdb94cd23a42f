/** Loom (.loom): a dense matrix of genes by cells with layers, and attributes of rows (genes) and columns (cells). */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'
import { isHdf5 } from '../hdf5/signature.ts'

const options = z.object({
  layer: z.string().optional().meta({ title: 'Layer', description: 'The main matrix by default, or the name of a layer such as spliced.' }),
  geneNames: z
    .string()
    .optional()
    .meta({ title: 'Gene names', description: 'Attribute of the rows that names the genes; Gene or the first of texts by default.' }),
})

export const loom: Reader = {
  id: 'loom',
  title: 'Loom',
  kind: 'cells',
  extensions: ['loom'],
  options,
  probe: (head, path) => (isHdf5(head) || /\.loom$/i.test(path) ? 1 : 0),
  async identify(path) {
    const { rootKeys } = await import('../hdf5/file.ts')
    const keys = await rootKeys(path)
    return keys.includes('matrix') && keys.includes('col_attrs') ? 2 : 0
  },
  async open(path, chosen) {
    const { openLoom } = await import('./loom/open.ts')
    return openLoom(path, options.parse(chosen))
  },
}
