import { abs, div, maximum, mean, mul, type Scalar, squaredDifference, sum, type Tensor2D } from '@tensorflow/tfjs-core'

/** mean over rows and columns of (x − x̂)² */
export const meanSquaredError = (x: Tensor2D, recon: Tensor2D): Scalar => mean(squaredDifference(x, recon))

/** Σ(x − x̂)² / Σ(x − x̄)², x̄ the mean row of the batch: 0 is perfect, 1 is as good as always giving the mean. */
export function shareOfSpread(x: Tensor2D, recon: Tensor2D): Scalar {
  const spread = meanSquaredError(x, mean<Tensor2D>(x, 0, true))
  return div(meanSquaredError(x, recon), maximum(spread, 1e-12))
}

/** λ · mean over rows of Σ|z|: pushes codes to zero (as Keras' L1 activity regulariser) */
export const codeSparsity = (z: Tensor2D, lambda: number): Scalar => mul(lambda, mean(sum(abs(z), 1)))
