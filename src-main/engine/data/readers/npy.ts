/** NumPy arrays (.npy): every numeric dtype, either byte order, C or Fortran order, read by offset. */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { Reader } from '../dataset.ts'
import { isNpy } from './npy/header.ts'

export const npy: Reader = {
  id: 'npy',
  title: 'NumPy array',
  kind: 'embedding',
  extensions: ['npy'],
  options: z.object({}),
  probe: (head, path) => (isNpy(head) ? 2 : /\.npy$/i.test(path) ? 1 : 0),
  async open(path) {
    const [{ openRandomAccess }, { readNpyHeader }, { matrixSource }] = await Promise.all([
      import('./randomAccess.ts'),
      import('./npy/header.ts'),
      import('./npy/matrix.ts'),
    ])
    const file = await openRandomAccess(path)
    try {
      const bytes = { size: file.size, read: (offset: number, length: number) => file.read(offset, length, 'the array') }
      const header = await readNpyHeader(bytes, path, 'The array')
      if (!header.dtype)
        throw new StratumError('FORMAT_UNSUPPORTED', 'The array holds text, not numbers.', 'Save a numeric array.', { path })
      return matrixSource({
        path,
        sizeBytes: file.size,
        format: 'npy',
        formatTitle: 'NumPy array',
        header,
        open: () => bytes,
        metadataFields: [],
        details: {},
        close: () => file.close(),
      })
    } catch (thrown) {
      await file.close()
      throw thrown
    }
  },
}
