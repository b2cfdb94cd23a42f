/**
 * Kullback-Leibler divergence of a diagonal Gaussian posterior from the standard normal prior (Kingma & Welling 2014, appendix B)
 *
 *   KL( N(μ, σ²) ‖ N(0, 1) ) = ½ (μ² + σ² − 1 − ln σ²)          nats, for each number of the code
 *
 * Zero where the code says nothing about the row. Shapes: mu, logVariance [B, Z]
 */
import {
  add,
  exp,
  maximum,
  mean,
  mul,
  neg,
  type Scalar,
  square,
  squaredDifference,
  sub,
  sum,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core'

/** KL of every row and number of the code [B, Z]. */
export const klPerUnit = (mu: Tensor2D, logVariance: Tensor2D): Tensor2D =>
  mul(0.5, sub(add(square(mu), sub(exp(logVariance), 1)), logVariance))

/** KL( N(μ, σ²) ‖ N(m, s²) ) = ½ ( (σ² + (μ − m)²) / s² − 1 − ln σ² + ln s² ) of every row and number of the code [B, Z]. */
export function klBetween(
  { mu, logVariance }: { readonly mu: Tensor2D; readonly logVariance: Tensor2D },
  prior: { readonly mu: Tensor2D; readonly logVariance: Tensor2D },
): Tensor2D {
  const inverse = exp(neg(prior.logVariance))
  const scaled = mul<Tensor2D>(add<Tensor2D>(exp(logVariance), squaredDifference(mu, prior.mu)), inverse)
  return mul(0.5, add(sub(sub(scaled, 1), logVariance), prior.logVariance))
}

/** Mean over rows of the sum over the code: what the lower bound subtracts. */
export const meanKl = (perUnit: Tensor2D): Scalar => mean(sum(perUnit, 1))

/** Free bits (Kingma et al. 2016, arXiv 1606.04934): every number of the code may cost λ nats on average before it counts. */
export const klBeyondFreeBits = (perUnit: Tensor2D, lambda: number): Scalar => sum(maximum(mean<Tensor1D>(perUnit, 0), lambda))
