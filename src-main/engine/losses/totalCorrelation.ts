/**
 * The Kullback-Leibler divergence of a posterior from the prior in three parts (Chen et al. 2018, arXiv 1802.04942, eq. 2)
 *
 *   E KL(q(z|x) ‖ p(z))  =  I(z; n)                        +  TC                        +  Σ_j KL
 *                           E ln q(z|x) − ln q(z)             E ln q(z) − Σ_j ln q(z_j)     E Σ_j ln q(z_j) − ln p(z_j)
 *                           what codes tell of which row      how they depend on each other   how each differs from the prior
 *
 * q(z) is the mean of q(z|n) over all N rows, estimated from the B of a batch:
 *   weighted     q(z_i) ≈ 1/(N B) Σ_j q(z_i | x_j)                                     (their eq. S3; biased)
 *   stratified   q(z_i) ≈ Σ_j w_ij q(z_i | x_j),  w_ii = 1/N,  w_i,i+1 = (N − M)/(N M),  else 1/M,  M = B − 1      (their eq. S6)
 *
 * With either, the three sum to a one-sample estimate of the divergence exactly, whatever the error of q(z).
 * Otherwise than in the authors' code: there the weights 1/N stand in the first column of the matrix instead of its diagonal.
 *
 * Memory: B² Z numbers. Shapes: z, mu, logVariance [B, Z] · N [] · results []
 */
import {
  add,
  exp,
  expandDims,
  eye,
  log,
  mean,
  mul,
  neg,
  type Scalar,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tensor2d,
  transpose,
} from '@tensorflow/tfjs-core'
import { logSumExp } from '../compute/special/logSumExp.ts'

export interface KlParts {
  readonly mutualInformation: Scalar
  readonly totalCorrelation: Scalar
  readonly dimensionWise: Scalar
}
export type Sampling = 'weighted' | 'stratified'

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI)

/** ln N(z; μ, e^lv), elementwise with broadcasting. */
export const logNormal = (z: Tensor, mu: Tensor, logVariance: Tensor): Tensor =>
  neg(add(add(mul(0.5, mul(square(sub(z, mu)), exp(neg(logVariance)))), mul(0.5, logVariance)), halfLogTwoPi))

/** ln of the weights [B, B], or [] where all are the same. */
function logWeights(sampling: Sampling, B: number, N: Scalar): Tensor {
  if (sampling === 'weighted' || B < 3) return neg(log(mul(N, B)))
  const M = B - 1
  const next = tensor2d(
    Float32Array.from({ length: B * B }, (_, at) => (at % B === (Math.floor(at / B) + 1) % B ? 1 : 0)),
    [B, B],
  )
  const own = eye(B)
  const inverse = exp(neg(log(N)))
  // (N − M)/(N M) = 1/M − 1/N; never zero or less, for a batch may hold every row
  const stratified = add(sub(1 / M, inverse), 1e-12)
  const rest = mul(1 / M, sub(sub(1, own), next))
  return log(add(add(mul(own, inverse), mul(next, stratified)), rest))
}

/** @param N  rows that q(z) is the mean over, at least B */
export function klParts(z: Tensor2D, mu: Tensor2D, logVariance: Tensor2D, N: Scalar, sampling: Sampling): KlParts {
  const B = z.shape[0]
  // [Z, B, B]: row i's code under row j's posterior, j last, so that whole rows are computed at once
  const [code, centre, spread] = [expandDims(transpose(z), 2), expandDims(transpose(mu), 1), expandDims(transpose(logVariance), 1)]
  const each = logNormal(code, centre, spread)
  const weights = logWeights(sampling, B, N)
  // A weight that is the same for all pairs is added to the sums.
  const weighted = (x: Tensor): Tensor => (weights.rank === 2 ? logSumExp(add(x, weights)) : add(logSumExp(x), weights))
  const logQ = weighted(sum(each, 0))
  const logProduct = sum(weighted(each), 0)
  const logPosterior = sum(logNormal(z, mu, logVariance), 1)
  const logPrior = sum(neg(add(mul(0.5, square(z)), halfLogTwoPi)), 1)
  return {
    mutualInformation: mean(sub(logPosterior, logQ)),
    totalCorrelation: mean(sub(logQ, logProduct)),
    dimensionWise: mean(sub(logProduct, logPrior)),
  }
}
