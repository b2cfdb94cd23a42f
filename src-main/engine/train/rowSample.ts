import type { RowReader } from '../compute/rowReader.ts'
import type { RowSample } from '../models/define.ts'

export interface SampleSize {
  readonly mostRows: number
  readonly mostValues: number
  /** How many places the rows are from, at most. */
  readonly stretches: number
}
const forWeights: SampleSize = { mostRows: 2048, mostValues: 2 ** 20, stretches: 32 }

/**
 * Rows for weights that start from the data, and for what else needs some: all of them when they are few, else stretches spread
 * evenly, which are cheap to read wherever rows are. Memory: the sample, for weights at most 2048 rows and 4 MB, but a row of each
 * stretch in any case.
 */
export async function sampleOf(reader: RowReader, { mostRows, mostValues, stretches }: SampleSize = forWeights): Promise<RowSample> {
  const { rows, columns } = reader
  const wanted = Math.max(stretches, Math.min(mostRows, Math.floor(mostValues / columns)))
  const [count, length] = rows <= wanted ? [1, rows] : [stretches, Math.floor(wanted / stretches)]
  const values = new Float32Array(count * length * columns)
  for (let i = 0; i < count; i++) {
    const from = count > 1 ? Math.floor((i * (rows - length)) / (count - 1)) : 0
    values.set((await reader.read(from, length)).subarray(0, length * columns), i * length * columns)
  }
  return { n: count * length, values }
}
