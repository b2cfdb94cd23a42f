/**
 * Importance weights of codes drawn from the posterior: Burda, Grosse & Salakhutdinov 2016, arXiv 1509.00519
 *
 *   ln w_k = ln p(x | z_k) + ln p(z_k) − ln q(z_k | x),   z_k ~ q(z|x),  k = 1 … K        ln p(x) ≈ ln 1/K Σ_k w_k
 *
 * Shapes: x [B, D] · z [B K, Z], draws of a row one after another · ln w [B, K]
 */
import { add, expandDims, neg, reshape, sub, sum, type Tensor, type Tensor2D, tile, zerosLike } from '@tensorflow/tfjs-core'
import { logNormal } from '../../losses/totalCorrelation.ts'
import type { GradientModel, Noise, TensorMap } from '../define.ts'
import { drawn, type Network, type Posterior } from './network.ts'

/** Every row K times, one after another. */
export const repeated = (t: Tensor2D, K: number): Tensor2D => reshape(tile(expandDims(t, 1), [1, K, 1]), [t.shape[0] * K, t.shape[1]])

/** ln N(z; μ, σ²) of every row. */
export const logDensity = (z: Tensor2D, { mu, logVariance }: Posterior): Tensor => sum(logNormal(z, mu, logVariance), 1)

export const standardNormal = (z: Tensor2D): Posterior => ({ mu: zerosLike(z), logVariance: zerosLike(z) })

/** @param prior  of the rows `x`; N(0, I) where it is left out */
export function logImportanceWeights(
  net: Pick<Network, 'posterior' | 'output' | 'negativeLog'>,
  x: Tensor2D,
  weights: TensorMap,
  noise: Noise | null,
  K: number,
  { prior, present }: { readonly prior?: (x: Tensor2D, weights: TensorMap) => Posterior; readonly present?: Tensor2D | undefined } = {},
): Tensor2D {
  const posterior = net.posterior(x, weights)
  const rows = repeated(x, K)
  const q = { mu: repeated(posterior.mu, K), logVariance: repeated(posterior.logVariance, K) }
  const sample = drawn(q, noise)
  const likelihood = neg<Tensor>(net.negativeLog(rows, net.output(sample, weights, rows), weights, !noise, present && repeated(present, K)))
  const p = prior ? prior(rows, weights) : standardNormal(sample)
  return reshape(sub(add(likelihood, logDensity(sample, p)), logDensity(sample, q)), [x.shape[0], K])
}

/** What every model of a network and a standard normal prior offers beside its loss. */
export const variationalFace = (net: Network) =>
  ({
    encode: (x, weights) => net.posterior(x, weights).mu,
    decode: net.decode,
    posterior: net.posterior,
    logImportanceWeights: (x, weights, noise, draws, present) => logImportanceWeights(net, x, weights, noise, draws, { present }),
    noiseVariance: net.noiseVariance,
  }) satisfies Partial<GradientModel>
