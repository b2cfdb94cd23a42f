/** Apache Parquet (.parquet): columns of numbers, dates, texts and categories as a table, or a column of lists as vectors. */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'

const options = z.object({
  vectors: z.string().optional().meta({
    title: 'Vectors',
    description: 'Name of the column of lists to learn from; by default the first one. "none" reads the other columns as a table.',
  }),
})

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
    const [{ openRandomAccess }, { openColumns }, { columnarSource }] = await Promise.all([
      import('./randomAccess.ts'),
      import('./parquet/open.ts'),
      import('../columns/source.ts'),
    ])
    const file = await openRandomAccess(path)
    try {
      return await columnarSource(await openColumns(file, signal), options.parse(chosen).vectors, signal)
    } catch (thrown) {
      await file.close()
      throw thrown
    }
  },
}
