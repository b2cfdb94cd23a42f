/**
 * Principal components as a detector, in two ways.
 *
 *   residual:  score(x) = ‖ (I − V Vᵀ) (x − μ) ‖² / d        V: the leading components that hold a share of the variance (Jackson & Mudholkar,
 *              Technometrics 21, 1979: the Q statistic)
 *   weighted:  score(x) = Σ_k ‖ x′ − v_k ‖ / w_k             x′: the row standardised, v_k and w_k: all components of such rows and their
 *              shares of the variance (Shyu, Chen, Sarinnapakorn & Chang 2003, as PyOD computes it)
 *
 * PyOD's sum counts distances to the tips of the unit vectors, where the paper squares projections on them; it is here to compare with.
 * A component without variance counts with 10⁻¹² there. Of more than 256 columns the plane takes 128 components at most. Memory: d² numbers of eight bytes, five times that while they are decomposed.
 */
import { z } from 'zod'
import { Covariance } from '../../compute/linear/covariance.ts'
import { leadingEigenpairs } from '../../compute/linear/eigenvectors.ts'
import { createPace, type Pace } from '../pace.ts'
import { defineDetector, type FittedDetector } from './define.ts'

const rowsAtOnce = 256
const leastWeight = 1e-12
/** Columns up to which all components are looked for, and how many of more. */
const wholeUpTo = 256
const mostLeading = 128

async function momentsOf(
  X: Float32Array,
  n: number,
  d: number,
  pace: Pace,
  report: ((fraction: number) => void) | undefined,
): Promise<Covariance> {
  const moments = new Covariance(d)
  for (let from = 0; from < n; from += rowsAtOnce) {
    const to = Math.min(n, from + rowsAtOnce)
    moments.add(X.subarray(from * d, to * d), to - from)
    report?.(to / n)
    if (pace.due()) await pace.rest()
  }
  return moments
}

/** The components are the columns of `vectors` [d × all]; `kept` of them are taken off. */
function residualDetector(mean: Float64Array, vectors: Float64Array, all: number, kept: number, pace: Pace): FittedDetector {
  const d = mean.length
  const rest = new Float64Array(d)
  function residual(Y: Float32Array, i: number): void {
    for (let j = 0; j < d; j++) rest[j] = Y[i * d + j] - mean[j]
    for (let k = 0; k < kept; k++) {
      let along = 0
      for (let j = 0; j < d; j++) along += vectors[j * all + k] * rest[j]
      for (let j = 0; j < d; j++) rest[j] -= along * vectors[j * all + k]
    }
  }
  return {
    async score(Y, m, out) {
      for (let i = 0; i < m; i++) {
        residual(Y, i)
        let sum = 0
        for (const r of rest) sum += r * r
        out[i] = sum / d
        if (pace.due()) await pace.rest()
      }
    },
    async blame(Y, m, out) {
      for (let i = 0; i < m; i++) {
        residual(Y, i)
        for (let j = 0; j < d; j++) out[i * d + j] = (rest[j] * rest[j]) / d
        if (pace.due()) await pace.rest()
      }
    },
  }
}

/** ‖x′ − v‖² = ‖x′‖² + 1 − 2 x′ᵀv. */
function weightedDetector(
  mean: Float64Array,
  spread: Float64Array,
  vectors: Float64Array,
  weights: Float64Array,
  all: number,
  pace: Pace,
): FittedDetector {
  const d = mean.length
  const x = new Float64Array(d)
  return {
    async score(Y, m, out) {
      for (let i = 0; i < m; i++) {
        let norm = 0
        for (let j = 0; j < d; j++) {
          x[j] = (Y[i * d + j] - mean[j]) / spread[j]
          norm += x[j] * x[j]
        }
        let sum = 0
        for (let k = 0; k < weights.length; k++) {
          let along = 0
          for (let j = 0; j < d; j++) along += vectors[j * all + k] * x[j]
          sum += Math.sqrt(Math.max(0, norm + 1 - 2 * along)) / weights[k]
        }
        out[i] = sum
        if (pace.due()) await pace.rest()
      }
    },
  }
}

const group = 'Detector'

export const pca = defineDetector({
  id: 'pca',
  version: 1,
  title: 'Principal components',
  summary: 'How far a row lies from the plane in which most of the variance is.',
  useWhen: 'Columns rise and fall together, and what breaks that is unusual: telemetry, spectra. The baseline of every autoencoder.',
  paper:
    'Shyu, Chen, Sarinnapakorn & Chang 2003, A novel anomaly detection scheme based on principal component classifier; Jackson & Mudholkar 1979, Control procedures for residuals associated with principal component analysis, Technometrics 21',
  params: z.object({
    pcaScore: z
      .enum(['residual', 'weighted'])
      .default('residual')
      .meta({
        title: 'What counts',
        labels: { residual: 'Distance from the plane', weighted: 'All components, small ones most (PyOD)' },
        group,
        description: 'Distance from the plane takes rows on the scale they come in; the weighted sum standardises them itself.',
      }),
    explained: z
      .number()
      .min(1)
      .max(100)
      .default(90)
      .meta({
        title: 'Variance in the plane',
        unit: '%',
        group,
        showWhen: { pcaScore: ['residual'] },
        description: 'As many components are kept as explain this share of the variance; at least one is always left out.',
      }),
  }),
  mostRows: 1_000_000,
  async fit(X, n, d, { pcaScore, explained }, { signal, report }) {
    const pace = createPace(signal)
    const moments = await momentsOf(X, n, d, pace, report)
    const S = moments.matrix()
    const spread = new Float64Array(d).fill(1)
    if (pcaScore === 'weighted') {
      // Of n rows, not n − 1; a column that does not vary stays as it is.
      for (let j = 0; j < d; j++) spread[j] = Math.sqrt((S[j * d + j] * Math.max(1, n - 1)) / n) || 1
      for (let at = 0; at < S.length; at++) S[at] /= spread[Math.floor(at / d)] * spread[at % d]
    }
    let total = 0
    for (let j = 0; j < d; j++) total += S[j * d + j]
    const all = pcaScore === 'weighted' || d <= wholeUpTo ? d : Math.min(mostLeading, n)
    const { values, vectors } = await leadingEigenpairs(S, d, all, 0, signal ?? new AbortController().signal)
    if (pcaScore === 'weighted') {
      const weights = values.slice(0, Math.min(n, d)).map((value) => Math.max(leastWeight, total > 0 ? value / total : 0))
      return weightedDetector(moments.mean, spread, vectors, weights, all, pace)
    }
    let kept = 0
    for (let held = 0; kept < Math.min(all, d - 1) && held < (explained / 100) * total * (1 - 1e-12); kept++) held += values[kept]
    return residualDetector(moments.mean, vectors, all, kept, pace)
  },
})
