/**
 * ECOD — Li, Zhao, Hu, Botta, Ionescu & Chen, IEEE TKDE 2022 (arXiv 2201.00382)
 *
 *   O_j(x) = max( −ln F̂_j(x_j),  −ln Ĝ_j(x_j),  the one of them on the side where the tail of column j is long )     score(x) = Σ_j O_j(x)
 *   F̂_j(v) = #{x_ij ≤ v} / n    Ĝ_j(v) = #{x_ij ≥ v} / n     long tail: left where the skewness of the column is below 0, else right
 *
 * As in PyOD: the largest is taken column by column (in the paper of the three sums), and a column without any skew counts both tails.
 * A new row is counted along, (count + 1) / (n + 1), so that no tail is empty. Columns that do not vary add nothing for the rows
 * learned from. Memory: the sorted columns, four bytes a number.
 */
import { z } from 'zod'
import { createPace } from '../pace.ts'
import { defineDetector } from './define.ts'
import { countBelow, countUpTo, sortedColumn } from './sortedColumns.ts'

/** Sign of the third central moment; 0 where a column does not vary. */
function skewSign(column: Float32Array): number {
  const n = column.length
  let mean = 0
  for (const v of column) mean += v
  mean /= n
  let second = 0
  let third = 0
  for (const v of column) {
    const e = v - mean
    second += e * e
    third += e * e * e
  }
  return second === 0 ? 0 : Math.sign(third)
}

export const ecod = defineDetector({
  id: 'ecod',
  version: 1,
  title: 'ECOD',
  summary: 'How far out in the tails of its columns a row lies.',
  useWhen: 'Unusual rows have extreme values in single columns. It has nothing to choose, is fast, and says which columns it was.',
  paper: 'Li et al. 2022, ECOD: unsupervised outlier detection using empirical cumulative distribution functions, IEEE TKDE',
  params: z.object({}),
  mostRows: 200_000,
  async fit(X, n, d, _params, { signal, report }) {
    const pace = createPace(signal)
    const columns: Float32Array[] = []
    const skew = new Int8Array(d)
    for (let j = 0; j < d; j++) {
      const column = sortedColumn(X, n, d, j)
      columns.push(column)
      skew[j] = skewSign(column)
      report?.((j + 1) / d)
      if (pace.due()) await pace.rest()
    }

    function tail(v: number, j: number, isNew: boolean): number {
      const extra = isNew ? 1 : 0
      const left = -Math.log((countUpTo(columns[j], v) + extra) / (n + extra))
      const right = -Math.log((n - countBelow(columns[j], v) + extra) / (n + extra))
      return skew[j] === 0 ? left + right : Math.max(left, right)
    }

    const score = async (Y: Float32Array, m: number, own: Int32Array | undefined, put: (i: number, j: number, o: number) => void) => {
      for (let i = 0; i < m; i++) {
        const isNew = !own || own[i] < 0
        for (let j = 0; j < d; j++) put(i, j, tail(Y[i * d + j], j, isNew))
        if (pace.due()) await pace.rest()
      }
    }
    return {
      async score(Y, m, out, own) {
        out.fill(0, 0, m)
        await score(Y, m, own, (i, _, o) => {
          out[i] += o
        })
      },
      blame: (Y, m, out, own) =>
        score(Y, m, own, (i, j, o) => {
          out[i * d + j] = o
        }),
    }
  },
})
