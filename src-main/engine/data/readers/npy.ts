/** NumPy arrays (.npy): every numeric dtype, either byte order, C or Fortran order, read by offset; vectors, a table, or an image. */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { Reader } from '../dataset.ts'
import { joinOptions } from '../join/options.ts'
import { isNpy } from './npy/header.ts'
import { layoutOption, layoutsByKind } from './npy/layout.ts'

const options = z.object({ layout: layoutOption, ...joinOptions })

export const npy: Reader = {
  id: 'npy',
  title: 'NumPy array',
  kind: 'embedding',
  extensions: ['npy'],
  options,
  readAs: layoutsByKind,
  probe: (head, path) => (isNpy(head) ? 2 : /\.npy$/i.test(path) ? 1 : 0),
  async open(path, chosen, signal) {
    const own = options.parse(chosen)
    const [{ openRandomAccess }, { readNpyHeader }, { matrixSource }, { cubeSource }, { inRowOrder }, { withMetadata }] = await Promise.all(
      [
        import('./randomAccess.ts'),
        import('./npy/header.ts'),
        import('./npy/matrix.ts'),
        import('./npy/cube.ts'),
        import('./npy/order.ts'),
        import('../join/join.ts'),
      ],
    )
    const file = await openRandomAccess(path)
    try {
      const bytes = { size: file.size, read: (offset: number, length: number) => file.read(offset, length, 'the array') }
      const header = await readNpyHeader(bytes, path, 'The array')
      if (!header.dtype)
        throw new StratumError('FORMAT_UNSUPPORTED', 'The array holds text, not numbers.', 'Save a numeric array.', { path })
      const { layout } = own
      const described = {
        path,
        sizeBytes: file.size,
        format: 'npy',
        formatTitle: 'NumPy array',
        ...inRowOrder({ header, open: () => bytes }, 'The array', path, layout === 'vectors' || layout === 'table' ? 2 : 1),
        metadataFields: [],
        details: { order: header.fortran ? 'Fortran' : 'C' },
        kind: layout === 'table' ? ('table' as const) : ('embedding' as const),
        close: () => file.close(),
      }
      const source = layout === 'vectors' || layout === 'table' ? matrixSource(described) : cubeSource(described, layout)
      return await withMetadata(source, path, own, signal)
    } catch (thrown) {
      await file.close()
      throw thrown
    }
  },
}
