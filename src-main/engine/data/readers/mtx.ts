/** Matrix Market counts: the folders of Cell Ranger and STARsolo (matrix.mtx, barcodes.tsv, features.tsv or genes.tsv, also .gz), and any sparse .mtx. */
import { z } from 'zod'
import { featureOptions } from '../cells/features.ts'
import type { Reader } from '../dataset.ts'

const options = z.object({
  orientation: z
    .enum(['auto', 'genes by cells', 'cells by genes'])
    .default('auto')
    .meta({ title: 'Orientation', description: 'What the rows of the file are; found from the tables beside it by default.' }),
  ...featureOptions,
})

const banner = /^%%MatrixMarket/i
export const isMatrixName = (name: string): boolean => /\.mtx(?:\.gz)?$/i.test(name)

export const mtx: Reader = {
  id: 'mtx',
  title: 'Matrix Market counts',
  kind: 'cells',
  extensions: ['mtx', 'mtx.gz'],
  options,
  probe(head, path) {
    if (banner.test(new TextDecoder('latin1').decode(head.subarray(0, 32)))) return 2
    return isMatrixName(path) ? (head[0] === 0x1f && head[1] === 0x8b ? 2 : 1) : 0
  },
  probeFolder(names) {
    const matrices = names.filter(isMatrixName)
    if (matrices.length === 0) return 0
    return matrices.length === 1 || matrices.some((name) => /^matrix\.mtx(?:\.gz)?$/i.test(name)) ? 2 : 1
  },
  async open(path, chosen, signal) {
    const { openMtx } = await import('./mtx/open.ts')
    return openMtx(path, options.parse(chosen), signal)
  },
}
