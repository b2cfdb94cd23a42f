/**
 * Gradients that are too long, shortened. Weights on the sphere (unitRows.ts) have their gradient projected first, so that what the
 * constraint takes away anyway does not shorten the rest: openai/sparse_autoencoder and dictionary_learning have the same order.
 */
import { add, clipByValue as clipValues, div, minimum, mul, type Scalar, sqrt, square, sum, type Tensor } from '@tensorflow/tfjs-core'

/** All gradients shortened by one factor so that their common length is at most `limit` (Pascanu et al. 2013). */
export function clipByGlobalNorm(gradients: readonly Tensor[], limit: number): Tensor[] {
  const length: Scalar = sqrt(gradients.map((g) => sum(square(g)) as Scalar).reduce((a, b) => add(a, b)))
  const factor = minimum(1, div(limit, add(length, 1e-12)))
  return gradients.map((g) => mul(g, factor))
}

/** Every entry of every gradient between −limit and limit. It turns the direction, unlike the above. */
export const clipByValue = (gradients: readonly Tensor[], limit: number): Tensor[] => gradients.map((g) => clipValues(g, -limit, limit))
