/** What the classifier sees of a row, and the score that it makes of it. */
import { type LogisticModel, logOdds } from '../../analysis/statistics/logistic.ts'
import type { Frame } from '../score/frame.ts'
import type { RowScorer } from '../score/scorer.ts'

/** Wider errors are told by their mean only: a weight for each column needs more known rows than anyone reviews. */
const mostErrorColumns = 256

export interface Features {
  readonly width: number
  /** [n × width]: code, sizes of errors, earlier score. */
  of(X: Float32Array, n: number, own: Int32Array | null, report?: (fraction: number) => void): Promise<Float64Array>
}

export function featuresFor(frame: Frame, base: RowScorer): Features {
  const Z = frame.widthOf('codes')
  const errors = frame.C <= mostErrorColumns ? frame.C : 1
  const width = Z + errors + 1
  return {
    width,
    async of(X, n, own, report) {
      const [codes, residual] = [await frame.inSpace('codes', X, n), await frame.inSpace('residual', X, n)]
      const V = base.space === 'codes' ? codes : base.space === 'residual' ? residual : await frame.inSpace(base.space, X, n)
      const scores = await base.score(V, n, X, own, report)
      const out = new Float64Array(n * width)
      for (let i = 0; i < n; i++) {
        const at = i * width
        for (let j = 0; j < Z; j++) out[at + j] = codes[i * Z + j]
        for (let j = 0; j < frame.C; j++) {
          const size = Math.abs(residual[i * frame.C + j])
          out[at + Z + (errors === 1 ? 0 : j)] += errors === 1 ? size / frame.C : size
        }
        out[at + width - 1] = scores[i]
      }
      return out
    },
  }
}

/** Of known rows: mean 0, deviation 1. Far beyond them a number counts as 10 deviations, so that no single one decides alone. */
export function scaleOf(F: Float64Array, n: number, d: number): (values: Float64Array) => Float64Array {
  const [mean, sd] = [new Float64Array(d), new Float64Array(d)]
  for (let at = 0; at < n * d; at++) mean[at % d] += F[at] / n
  for (let at = 0; at < n * d; at++) sd[at % d] += (F[at] - mean[at % d]) ** 2 / n
  for (let j = 0; j < d; j++) sd[j] = Math.sqrt(sd[j]) || 1
  return (values) => values.map((value, at) => Math.max(-10, Math.min(10, (value - mean[at % d]) / sd[at % d])))
}

export const ownOf = (frame: Frame, base: RowScorer, rows: Float64Array): Int32Array | null =>
  frame.latents.dataset === frame.model.dataset && base.ownOf.size > 0 ? Int32Array.from(rows, (row) => base.ownOf.get(row) ?? -1) : null

export function learnedScorer(
  frame: Frame,
  base: RowScorer,
  features: Features,
  scale: (values: Float64Array) => Float64Array,
  model: LogisticModel,
): RowScorer {
  return {
    id: 'reviewed',
    title: 'Logistic regression',
    paper: 'Das et al. 2016, Incorporating expert feedback into active anomaly discovery, ICDM',
    space: 'prepared',
    spaceTitle: 'codes, errors of the columns, earlier score',
    width: frame.C,
    fitRows: base.fitRows,
    reads: 'rows',
    ownOf: base.ownOf,
    async score(_, n, X, own, report) {
      if (!X) throw new Error('the classifier needs whole rows')
      return logOdds(model, scale(await features.of(X, n, own, report)), n)
    },
    blame: null,
  }
}
