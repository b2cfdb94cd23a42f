/**
 * Squared Mahalanobis distance (Mahalanobis 1936) under the shrunk covariance of Ledoit & Wolf 2004.
 *
 *   score(x) = (x − μ)ᵀ P (x − μ)      P = Σ*⁻¹
 *   blame_j  = (P (x − μ))_j² / P_jj   how much smaller the score were, had column j the value that the others lead one to expect
 *
 * In residuals it counts an error by how unusual it is for its column and beside the other errors; in prepared columns it is the global RX
 * detector (Reed & Yu 1990) with shrinkage. Blame is exact column by column and need not add up to the score where columns go together.
 * Memory: 24 d² bytes.
 */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { defineDetector } from '../detectors/define.ts'
import { inverseOf, ledoitWolf } from './ledoitWolf.ts'
import { createPace } from '../pace.ts'

const mostColumns = 2048

export const mahalanobis = defineDetector({
  id: 'mahalanobis',
  version: 2,
  title: 'Mahalanobis distance (RX)',
  summary: 'How far from the mean, counted by how columns vary and go together.',
  useWhen:
    'Of residuals: where some columns are rebuilt less well than others anyway. Of codes or columns: where ordinary rows are one cloud.',
  paper: 'Ledoit & Wolf 2004, A well-conditioned estimator for large-dimensional covariance matrices, J. Multivariate Analysis 88',
  params: z.object({}),
  mostRows: 200_000,
  async fit(X, n, d, _, { signal }) {
    if (d > mostColumns)
      throw new StratumError(
        'DATA_UNSUITABLE',
        `A covariance of ${d} columns is too large; ${mostColumns} are possible.`,
        'Score the codes instead, or choose another score.',
        { columns: d },
      )
    const { mean, covariance } = await ledoitWolf(X, n, d, signal)
    const P = await inverseOf(covariance, d, signal)
    const pace = createPace(signal)
    const centred = new Float64Array(d)
    const weighed = new Float64Array(d)
    const weigh = (Y: Float32Array, i: number): void => {
      for (let j = 0; j < d; j++) centred[j] = Y[i * d + j] - mean[j]
      for (let j = 0; j < d; j++) {
        let sum = 0
        for (let k = 0, at = j * d; k < d; k++, at++) sum += P[at] * centred[k]
        weighed[j] = sum
      }
    }
    return {
      async score(Y, m, out) {
        for (let i = 0; i < m; i++) {
          weigh(Y, i)
          let sum = 0
          for (let j = 0; j < d; j++) sum += centred[j] * weighed[j]
          out[i] = sum
          if (pace.due()) await pace.rest()
        }
      },
      async blame(Y, m, out) {
        for (let i = 0; i < m; i++) {
          weigh(Y, i)
          for (let j = 0; j < d; j++) out[i * d + j] = weighed[j] ** 2 / P[j * d + j]
          if (pace.due()) await pace.rest()
        }
      },
    }
  },
})
