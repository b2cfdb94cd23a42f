/**
 * A linear denoising autoencoder with as many codes as columns against the best linear way back, which is a regression of x on x̃:
 *
 *   x̂ = A x̃,   A = E[x x̃ᵀ] E[x̃ x̃ᵀ]⁻¹             for centred x with covariance S:
 *   gaussian   E[x x̃ᵀ] = S            E[x̃ x̃ᵀ] = S + σ² I
 *   masking    E[x x̃ᵀ] = (1 − p) S    E[x̃ x̃ᵀ] = (1 − p)² S + p (1 − p) diag S
 *   dropout    E[x x̃ᵀ] = S            E[x̃ x̃ᵀ] = S + p / (1 − p) diag S
 */
import { describe, expect, test } from 'vitest'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { openEncoder } from '#engine/train/encoder.ts'
import { modelById } from '#engine/models/registry.ts'
import { trainModel } from '#engine/train/train.ts'
import { trainOptions } from '../helpers/training.ts'

const [n, D] = [16_000, 3]
const draw = normalsOf(stepKey(8, 0), 'rows')
/** Two hidden numbers and one of their own each. */
const mixing = [
  [1, 0.2],
  [-0.6, 0.9],
  [0.4, 0.7],
]
const X = Float32Array.from({ length: n * D }, (_, at) => {
  const [i, j] = [Math.floor(at / D), at % D]
  return mixing[j][0] * draw(3 * i) + mixing[j][1] * draw(3 * i + 1) + 0.5 * draw(100_000 + at)
})
type Matrix = number[][]
const square = (of: (i: number, j: number) => number): Matrix =>
  Array.from({ length: D }, (_, i) => Array.from({ length: D }, (_v, j) => of(i, j)))
const S = square((i, j) => {
  let sum = 0
  for (let row = 0; row < n; row++) sum += X[row * D + i] * X[row * D + j]
  return sum / n
})

/** A of A M = K for symmetric M, by Gauss and Jordan. */
function solved(K: Matrix, M: Matrix): Matrix {
  const rows = M.map((row, i) => [...row, ...K.map((k) => k[i])])
  for (let p = 0; p < D; p++) {
    const pivot = rows[p][p]
    rows[p] = rows[p].map((value) => value / pivot)
    for (let i = 0; i < D; i++) {
      const factor = rows[i][p]
      if (i !== p) rows[i] = rows[i].map((value, j) => value - factor * rows[p][j])
    }
  }
  return square((i, j) => rows[j][D + i])
}

const level = 0.4
const cases = {
  gaussian: solved(
    S,
    square((i, j) => S[i][j] + (i === j ? level ** 2 : 0)),
  ),
  masking: solved(
    square((i, j) => (1 - level) * S[i][j]),
    square((i, j) => (1 - level) ** 2 * S[i][j] + (i === j ? level * (1 - level) * S[i][i] : 0)),
  ),
  dropout: solved(
    S,
    square((i, j) => S[i][j] + (i === j ? (level / (1 - level)) * S[i][i] : 0)),
  ),
} as const

describe('a linear denoising autoencoder finds the best linear way back', () => {
  test.each(Object.entries(cases))('from %s noise', async (noise, best) => {
    const params = {
      codeSize: D,
      encoder: [],
      activation: 'linear',
      noise,
      noiseLevel: level,
      epochs: 20,
      batchSize: 500,
      learningRate: 0.02,
      learningRateSchedule: 'cosine',
      patience: 0,
    }
    const rows = { train: X, trainRows: n, holdout: new Float32Array(0), holdoutRows: 0, inputDim: D }
    const { weights } = await trainModel(trainOptions('denoising', params, rows))
    const encoder = await openEncoder({ model: modelById('denoising'), params, inputDim: D, weights, threads: 1 })
    // The way of zero and of each unit row.
    const probes = Float32Array.from({ length: (D + 1) * D }, (_, at) => (Math.floor(at / D) === (at % D) + 1 ? 1 : 0))
    const back = await encoder.reconstruct(probes, D + 1)
    await encoder.close()
    const found = square((i, j) => back[(j + 1) * D + i] - back[i])
    for (let i = 0; i < D; i++) for (let j = 0; j < D; j++) expect(Math.abs(found[i][j] - best[i][j])).toBeLessThan(0.03)
  })
})
