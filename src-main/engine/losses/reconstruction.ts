import { abs, mean, mul, type Scalar, squaredDifference, sum, type Tensor2D } from '@tensorflow/tfjs-core'

/** mean over rows and columns of (x − x̂)² */
export const meanSquaredError = (x: Tensor2D, recon: Tensor2D): Scalar => mean(squaredDifference(x, recon))

/** λ · mean over rows of Σ|z|: pushes codes to zero (as Keras' L1 activity regulariser) */
export const codeSparsity = (z: Tensor2D, lambda: number): Scalar => mul(lambda, mean(sum(abs(z), 1)))
