/**
 * Numbers that stand for "no value": the least or greatest value of a column, repeated, and apart from all others.
 * An unusual number needs a gap as wide as all other values together; one of those that programs and instruments write
 * (−200, −9999, 999 …) needs a tenth of that. An unusual number that most rows hold is what is usual, and the others are the exceptions:
 * the zeros of a unit that seldom fires are no missing values.
 */
import type { Column, ColumnSummary } from '#common/domain/dataset.ts'
import type { Sentinel } from '#common/domain/examination.ts'
import type { ColumnTally } from './columnTally.ts'

const customary = new Set(
  [-1e30, -1e20, -99999, -32768, -9999, -9998, -999.25, -999, -998, -888, -777, -200, -99, -88, -77, 77, 88, 99, 777, 888, 998, 999]
    .concat([9998, 9999, 32767, 65535, 99999, 999999, 1e20, 1e30, 3.4028234663852886e38, -3.4028234663852886e38])
    .map(Math.fround),
)
const fewestRows = 3
const leastShare = 1e-4

export function sentinelsOf(columns: readonly Column[], summaries: readonly ColumnSummary[], tally: ColumnTally): Sentinel[] {
  return summaries.flatMap(({ min, max, valid }, column) => {
    const { type } = columns[column]
    if (min === null || max === null || (type !== 'number' && type !== 'integer')) return []
    const [next, previous] = [tally.next[column], tally.previous[column]]
    const ends = [
      { value: min, rows: tally.atMin[column], gap: next - min, others: max - next },
      { value: max, rows: tally.atMax[column], gap: max - previous, others: previous - min },
    ]
    return ends
      .filter(({ value, rows, gap, others }) => {
        // At least three different values: of two, neither is the exception.
        if (!(others > 0) || !Number.isFinite(gap) || rows < Math.max(fewestRows, leastShare * valid)) return false
        const isCustomary = customary.has(Math.fround(value))
        return (isCustomary || rows <= valid / 2) && gap > (isCustomary ? 0.1 : 1) * others
      })
      .map(({ value, rows }) => ({ column, value, rows, share: rows / valid }))
  })
}
