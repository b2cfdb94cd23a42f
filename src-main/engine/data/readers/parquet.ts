/**
 * Apache Parquet (.parquet): columns of numbers, dates, texts and categories as a table, or a column of lists as vectors;
 * a folder of parts is one table.
 */
import { z } from 'zod'
import { missingOption, vectorOption } from '../columns/options.ts'
import type { Reader } from '../dataset.ts'
import { joinOptions } from '../join/options.ts'

const options = z.object({ vector: vectorOption, missing: missingOption, ...joinOptions })

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
  probeFolder: (names) => (partsOf(names).length > 0 && partsOf(names).length >= names.filter(isShown).length / 2 ? 2 : 0),
  async open(path, chosen, signal) {
    const own = options.parse(chosen)
    const [{ openParquet }, { columnarSource }, { withMetadata }] = await Promise.all([
      import('./parquet/parts.ts'),
      import('../columns/source.ts'),
      import('../join/join.ts'),
    ])
    const columns = await openParquet(path, partsOf, signal)
    try {
      return await withMetadata(await columnarSource(columns, own, signal), path, own, signal)
    } catch (thrown) {
      await columns.close()
      throw thrown
    }
  },
}

/** Spark writes _SUCCESS and .crc files beside the parts. */
const isShown = (name: string): boolean => !/^[._]/.test(name)
const partsOf = (names: readonly string[]): string[] => names.filter((name) => isShown(name) && /\.(?:parquet|pq)$/i.test(name)).sort()
