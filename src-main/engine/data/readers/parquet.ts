/** Apache Parquet (.parquet): columns of numbers, dates, texts and categories as a table, or a column of lists as vectors. */
import { z } from 'zod'
import { vectorsOption } from '../columns/options.ts'
import type { Reader } from '../dataset.ts'
import { joinOptions } from '../join/options.ts'

const options = z.object({ vectors: vectorsOption, ...joinOptions })

export const parquet: Reader = {
  id: 'parquet',
  title: 'Parquet table',
  kind: 'table',
  extensions: ['parquet', 'pq'],
  options,
  probe(head, path) {
    const mark = String.fromCharCode(...head.subarray(0, 4))
    return mark === 'PAR1' || mark === 'PARE' ? 2 : /\.(?:parquet|pq)$/i.test(path) ? 1 : 0
  },
  async open(path, chosen, signal) {
    const own = options.parse(chosen)
    const [{ openRandomAccess }, { openColumns }, { columnarSource }, { withMetadata }] = await Promise.all([
      import('./randomAccess.ts'),
      import('./parquet/open.ts'),
      import('../columns/source.ts'),
      import('../join/join.ts'),
    ])
    const file = await openRandomAccess(path)
    try {
      return await withMetadata(await columnarSource(await openColumns(file, signal), own.vectors, signal), path, own, signal)
    } catch (thrown) {
      await file.close()
      throw thrown
    }
  },
}
