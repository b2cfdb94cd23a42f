/** How well the classifier tells rows that it did not see: cross-validation. */
import { rocAuc } from '../../analysis/evaluation/roc.ts'
import { fitLogistic, logOdds } from '../../analysis/statistics/logistic.ts'
import { rowHash } from '../../data/rowHash.ts'
import type { RescoreContext } from './params.ts'

const parts = 5

/** Log-odds of each row by a model that did not see it. */
export async function leftOut(
  { params: { ridge }, seed, signal }: RescoreContext,
  F: Float64Array,
  y: Uint8Array,
  weights: Float64Array,
  rows: Float64Array,
  d: number,
  report: (fraction: number) => void,
): Promise<Float64Array> {
  const n = rows.length
  const part = partsOf(y, rows, seed)
  const out = new Float64Array(n)
  for (let p = 0; p < parts; p++) {
    const weight = weights.map((one, i) => (part[i] === p ? 0 : one))
    const model = await fitLogistic(F, y, weight, n, d, ridge, signal, () => report((p + 0.5) / parts))
    const odds = logOdds(model, F, n)
    for (let i = 0; i < n; i++) if (part[i] === p) out[i] = odds[i]
    report((p + 1) / parts)
  }
  return out
}

/** The same share of both kinds in each part, drawn by seed. */
function partsOf(y: Uint8Array, rows: Float64Array, seed: number): Uint8Array {
  const part = new Uint8Array(rows.length)
  for (const kind of [0, 1]) {
    const order = Array.from(rows.keys())
      .filter((i) => y[i] === kind)
      .sort((a, b) => rowHash(seed, rows[a]) - rowHash(seed, rows[b]) || a - b)
    for (const [place, i] of order.entries()) part[i] = place % parts
  }
  return part
}

export function aucAt(scores: Float64Array, anomalous: Uint8Array, at: Uint32Array): number | null {
  const positive = Uint8Array.from(at, (i) => anomalous[i])
  const count = positive.reduce((sum, one) => sum + one, 0)
  return count > 0 && count < positive.length
    ? rocAuc(
        Float32Array.from(at, (i) => scores[i]),
        positive,
      )
    : null
}
