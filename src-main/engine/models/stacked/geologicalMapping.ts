/**
 * The stacked autoencoder of arXiv 2404.02180 (remote sensing for geological mapping), as its released notebooks do it:
 *
 *   AE1  x → 6 → 4 → 2 → 4 → 6 → x̂₁            L = mean (x − x̂₁)² + 10⁻⁴ Σ|z₁|              10 passes, 64 rows per step
 *   AE2  y = [x̂₁ ⊕ x] → 5 → 2 → 5 → ŷ           keeps its first layer of 5 units, h           5 passes, 32
 *   AE3  w = [h ⊕ y] → 10 → 5 → 2 → 5 → 10 → ŵ   its 2 units are the code                      5 passes, 16
 *
 * SELU in all hidden layers, sigmoid outputs, so x must be scaled to 0 … 1; Adam with a step size that stays (which the
 * preset sets), mean squared error.
 * A row is given back from the code by AE3's decoder: x̂ is the slice of ŵ where x lies in w.
 * Departure: the activity term is the mean over rows of Σ|z₁|, as Keras computes it.
 */
import { concat, ones, slice, type Tensor2D } from '@tensorflow/tfjs-core'
import { denseChain, type DenseChain } from '../../layers/dense.ts'
import { codeSparsity, meanSquaredError } from '../../losses/reconstruction.ts'
import { totalOf } from '../../losses/terms.ts'
import type { GradientModel, Stage, TensorMap } from '../define.ts'

const activity = 1e-4
const learningRate = 1e-3

export function geologicalMapping(d: number): GradientModel {
  const ae1 = chain('ae1', d, [6, 4, 2, 4, 6])
  const ae2 = chain('ae2', 2 * d, [5, 2, 5])
  const ae3 = chain('ae3', 2 * d + 5, [10, 5, 2, 5, 10])

  const inputOf2 = (x: Tensor2D, weights: TensorMap): Tensor2D => concat([ae1.apply(x, weights), x], 1)
  const inputOf3 = (x: Tensor2D, weights: TensorMap): Tensor2D => {
    const y = inputOf2(x, weights)
    return concat([ae2.apply(y, weights, 0, 1), y], 1)
  }

  return {
    stages: [
      stage('AE1', ae1, [d, 6, 4, 2, 4, 6, d], 3, 10, 64, (x, weights, present) => {
        const code = ae1.apply(x, weights, 0, 3)
        return { reconstruction: meanSquaredError(x, ae1.apply(code, weights, 3), present), sparsity: codeSparsity(code, activity) }
      }),
      stage('AE2', ae2, [2 * d, 5, 2, 5, 2 * d], 2, 5, 32, (x, weights, present) => {
        const y = inputOf2(x, weights)
        return { reconstruction: meanSquaredError(y, ae2.apply(y, weights), knownBefore(present, d)) }
      }),
      stage('AE3', ae3, [2 * d + 5, 10, 5, 2, 5, 10, 2 * d + 5], 3, 5, 16, (x, weights, present) => {
        const w = inputOf3(x, weights)
        return { reconstruction: meanSquaredError(w, ae3.apply(w, weights), knownBefore(present, d + 5)) }
      }),
    ],
    encode: (x, weights) => ae3.apply(inputOf3(x, weights), weights, 0, 3),
    // w = [h (5) ⊕ x̂₁ (d) ⊕ x (d)]
    decode: (z, weights) => slice(ae3.apply(z, weights, 3), [0, 5 + d], [-1, d]),
  }
}

/** What stands before x in a stage's input is made by the stages before, and always known. */
const knownBefore = (present: Tensor2D | undefined, columns: number): Tensor2D | undefined =>
  present && concat([ones([present.shape[0], columns]), present], 1)

/** Dense layers there and back, initialised as Keras does by default. */
function chain(name: string, inputDim: number, hidden: readonly number[]): DenseChain {
  const layers = hidden.map((units) => ({ units, activation: 'selu', initialiser: 'glorotUniform' }) as const)
  return denseChain(name, inputDim, [...layers, { units: inputDim, activation: 'sigmoid' }])
}

function stage(
  title: string,
  ae: DenseChain,
  widths: number[],
  code: number,
  epochs: number,
  batchSize: number,
  terms: (x: Tensor2D, weights: TensorMap, present?: Tensor2D) => Parameters<typeof totalOf>[0],
): Stage {
  return {
    layout: { title, widths, code, epochs, batchSize },
    learningRate,
    trains: ae.weightNames,
    initialWeights: ae.initialWeights,
    loss: (x, weights, _noise, { present }) => totalOf(terms(x, weights, present)),
  }
}
