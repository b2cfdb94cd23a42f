import { abs, div, maximum, mean, mul, type Scalar, squaredDifference, sum, type Tensor2D } from '@tensorflow/tfjs-core'

/**
 * mean over rows and columns of (x − x̂)²
 * @param present  [B, D] 1 where x is known, 0 where it is missing and does not count; without it all are known
 */
export const meanSquaredError = (x: Tensor2D, recon: Tensor2D, present?: Tensor2D): Scalar =>
  present ? knownMean(squaredDifference(x, recon), present) : mean(squaredDifference(x, recon))

/** Σ m t / Σ m, m 1 or 0 */
export const knownMean = (t: Tensor2D, present: Tensor2D): Scalar => div(sum(mul(present, t)), maximum(sum(present), 1))

/** Σ(x − x̂)² / Σ(x − x̄)², x̄ the mean row of the batch: 0 is perfect, 1 is as good as always giving the mean. */
export function shareOfSpread(x: Tensor2D, recon: Tensor2D): Scalar {
  const spread = meanSquaredError(x, mean<Tensor2D>(x, 0, true))
  return div(meanSquaredError(x, recon), maximum(spread, 1e-12))
}

/** λ · mean over rows of Σ|z|: pushes codes to zero (as Keras' L1 activity regulariser) */
export const codeSparsity = (z: Tensor2D, lambda: number): Scalar => mul(lambda, mean(sum(abs(z), 1)))
