/**
 * Logistic regression with a ridge, for two classes: scores are log-odds.
 *
 *   minimise Σᵢ ln(1 + exp(−yᵢ (w·xᵢ + b))) + ½ λ ‖w‖²      yᵢ ∈ {−1, 1}
 *
 * Newton's steps (iteratively reweighted least squares), halved until the sum falls; the intercept has no ridge, as in scikit-learn with
 * C = 1/λ. Memory: (d + 1)² numbers.
 */
import { raisedCholesky, solveLower, solveUpper } from '../cholesky.ts'
import { createPace } from '../pace.ts'

export interface LogisticModel {
  readonly weights: Float64Array
  readonly intercept: number
}

const mostSteps = 50
const enough = 1e-10

/**
 * @param X      [n × d] row-major, of like scales
 * @param y      [n] 1 or 0
 * @param weight [n] how much each row counts
 * @param alive  called now and then while it learns: nobody knows how many steps are left
 */
export async function fitLogistic(
  X: Float64Array,
  y: ArrayLike<number>,
  weight: ArrayLike<number>,
  n: number,
  d: number,
  lambda: number,
  signal?: AbortSignal,
  alive?: () => void,
): Promise<LogisticModel> {
  const pace = createPace(signal)
  const m = d + 1
  let w = new Float64Array(m)
  const oddsOf = (v: Float64Array, i: number): number => {
    let sum = v[d]
    for (let j = 0, at = i * d; j < d; j++, at++) sum += v[j] * X[at]
    return sum
  }
  const lossOf = (v: Float64Array): number => {
    let loss = 0
    for (let j = 0; j < d; j++) loss += 0.5 * lambda * v[j] * v[j]
    for (let i = 0; i < n; i++) {
      const t = oddsOf(v, i) * (y[i] === 1 ? 1 : -1)
      loss += weight[i] * (t > 0 ? Math.log1p(Math.exp(-t)) : -t + Math.log1p(Math.exp(t)))
    }
    return loss
  }
  let loss = lossOf(w)
  for (let step = 0; step < mostSteps; step++) {
    const gradient = new Float64Array(m)
    const H = new Float64Array(m * m)
    for (let j = 0; j < d; j++) {
      gradient[j] = lambda * w[j]
      H[j * m + j] = lambda
    }
    H[m * m - 1] = 1e-9
    for (let i = 0; i < n; i++) {
      const p = 1 / (1 + Math.exp(-oddsOf(w, i)))
      const error = weight[i] * (p - (y[i] === 1 ? 1 : 0))
      const curve = weight[i] * p * (1 - p)
      for (let j = 0; j < m; j++) {
        const xj = j < d ? X[i * d + j] : 1
        gradient[j] += error * xj
        for (let k = 0; k <= j; k++) H[j * m + k] += curve * xj * (k < d ? X[i * d + k] : 1)
      }
      if (!pace.due()) continue
      alive?.()
      await pace.rest()
    }
    const L = raisedCholesky(H, m, 0)
    const move = gradient
    solveLower(L, m, move)
    solveUpper(L, m, move)
    let share = 1
    let next = w
    let nextLoss = loss
    for (; share > 1e-6; share /= 2) {
      next = w.map((value, j) => value - share * move[j])
      nextLoss = lossOf(next)
      if (nextLoss <= loss) break
    }
    const gain = loss - nextLoss
    if (!(gain > 0)) break
    w = next
    loss = nextLoss
    if (gain < enough * (1 + Math.abs(loss))) break
  }
  return { weights: w.slice(0, d), intercept: w[d] }
}

export function logOdds({ weights, intercept }: LogisticModel, X: Float64Array, n: number): Float64Array {
  const d = weights.length
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = intercept
    for (let j = 0, at = i * d; j < d; j++, at++) sum += weights[j] * X[at]
    return sum
  })
}
