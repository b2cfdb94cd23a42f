/**
 * Mahalanobis distance, in remote sensing the RX detector — Mahalanobis 1936; Reed & Yu, IEEE TASSP 38, 1990
 *
 *   score(x) = (x − μ)ᵀ Σ_s⁻¹ (x − μ)        Σ_s = (1 − s) Σ + s · tr Σ / d · I        μ, Σ: mean and covariance of the rows learned from
 *
 * With s = 0 it is the textbook's; a millionth lets Σ be inverted whatever the data, and a row that leaves a plane all others lie in
 * scores high. Blame is Garthwaite & Koch's (Austral. & N. Z. J. Stat. 58, 2016): w = (P^−½ Σ_s P^−½)^−½ P^−½ (x − μ), P = diag Σ_s, has
 * one entry for each column and as close to it as can be, and Σ_j w_j² = score. Memory: d² numbers of eight bytes, for blame five times that.
 */
import { z } from 'zod'
import { Covariance } from '../../compute/linear/covariance.ts'
import { leadingEigenpairs } from '../../compute/linear/eigenvectors.ts'
import { createPace } from '../pace.ts'
import { defineDetector } from './define.ts'
import { ellipsoidOf } from './ellipsoid.ts'

const rowsAtOnce = 256

/** w of the header as a matrix [d × d] that is multiplied with x − μ. */
async function columnParts(S: Float64Array, d: number, signal: AbortSignal | undefined): Promise<Float64Array> {
  const spread = Float64Array.from({ length: d }, (_, j) => Math.sqrt(S[j * d + j]))
  const correlation = S.map((value, at) => value / (spread[Math.floor(at / d)] * spread[at % d]))
  const { values, vectors } = await leadingEigenpairs(correlation, d, d, 0, signal ?? new AbortController().signal)
  const parts = new Float64Array(d * d)
  for (let r = 0; r < d; r++)
    for (let i = 0; i < d; i++) {
      const weight = vectors[i * d + r] / Math.sqrt(values[r])
      for (let j = 0; j < d; j++) parts[i * d + j] += (weight * vectors[j * d + r]) / spread[j]
    }
  return parts
}

export const mahalanobis = defineDetector({
  id: 'mahalanobis',
  version: 1,
  title: 'Mahalanobis distance (RX)',
  summary: 'How far a row lies from the mean, in units of how the rows spread in that direction.',
  useWhen: 'Ordinary rows form one cloud: a scene with one background (there it is called RX), or residuals of a model.',
  paper: 'Reed & Yu 1990, Adaptive multiple-band CFAR detection of an optical pattern with unknown spectral distribution, IEEE TASSP 38',
  params: z.object({
    shrinkage: z.number().min(1e-9).max(1).default(1e-6).meta({
      title: 'Shrinkage',
      unit: 'share of the mean variance',
      paperTerm: 's',
      group: 'Detector',
      advanced: true,
      description: 'How much of a round cloud is mixed in, so that directions without spread can be judged. 1 leaves plain distances.',
    }),
  }),
  mostRows: 1_000_000,
  async fit(X, n, d, { shrinkage }, { signal, report }) {
    const pace = createPace(signal)
    const moments = new Covariance(d)
    for (let from = 0; from < n; from += rowsAtOnce) {
      const to = Math.min(n, from + rowsAtOnce)
      moments.add(X.subarray(from * d, to * d), to - from)
      report?.(to / n)
      if (pace.due()) await pace.rest()
    }
    const S = moments.matrix()
    let round = 0
    for (let j = 0; j < d; j++) round += S[j * d + j] / d
    // Rows that are all alike have no spread to measure with: plain distances then.
    if (round === 0) round = 1
    for (let at = 0; at < S.length; at++) S[at] *= 1 - shrinkage
    for (let j = 0; j < d; j++) S[j * d + j] += shrinkage * round
    const ellipsoid = await ellipsoidOf(moments.mean, S, d, signal)
    let parts: Promise<Float64Array> | undefined
    return {
      async score(Y, m, out) {
        for (let i = 0; i < m; i++) {
          out[i] = ellipsoid.squaredDistance(Y, i)
          if (pace.due()) await pace.rest()
        }
      },
      async blame(Y, m, out) {
        parts ??= columnParts(S, d, signal)
        const W = await parts
        for (let i = 0; i < m; i++) {
          for (let c = 0; c < d; c++) {
            let w = 0
            for (let j = 0; j < d; j++) w += W[c * d + j] * (Y[i * d + j] - moments.mean[j])
            out[i * d + c] = w * w
          }
          if (pace.due()) await pace.rest()
        }
      },
    }
  },
})
