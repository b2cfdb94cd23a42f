/**
 * Codes of which a row has only k of M, kept as k values and where they stand: what a top-k sparse autoencoder computes with
 * (Makhzani & Frey 2013; Gao et al. 2024, arXiv 2406.04093).
 *
 *   encode   v = max(0, pre_j),  j = the k largest of pre = x Wᵀ + b          dW_j += dv·x    db_j += dv    dx = Σ_j dv W_j
 *   decode   y = Σ_j v W_j                                                    dW_j += v·dy    dv = dy·W_j
 *
 * Only the product x Wᵀ touches all M latents; everything else costs k/M of the dense way. The executor on the CPU does it so where
 * k is small against M (worthSparse in densely.ts), all others run the same operations densely; models need not care.
 *
 * A value of zero is an absent code: it gets no gradient. Equal numbers: the lower index goes first.
 * Shapes: B batch, D columns, M latents.  x, y [B, D] · W [M, D], one row per latent, of encoder and decoder alike · b [M]
 */
import { engine, type Tensor, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core'
import { scatterAlong } from '../special/alongAxis.ts'
import { stopGradient } from '../special/gradientFlow.ts'

export interface Codes {
  /** [B, k], falling, not negative. */
  readonly values: Tensor2D
  /** int32 [B, k]: latents 0 … M−1, in a row no one twice; where a code is absent, any. */
  readonly index: Tensor2D
}

/**
 * The k largest of x Wᵀ + b, rectified. A latent is kept out of the choice by a bias of −1e30 (auxiliary losses choose among dead
 * latents so); where fewer than k may be chosen, the rest are absent. The product is computed once for any number of biases.
 */
export function sparseEncode(x: Tensor2D, W: Tensor2D, b: Tensor1D, k: number): Codes {
  const [values, index] = engine().runKernel('SparseEncode', { x, W, b }, { k }) as unknown as [Tensor2D, Tensor2D]
  return { values, index: stopGradient(index) }
}

/** y = Σ_j v_j W_j. */
export function sparseDecode({ values, index }: Codes, W: Tensor2D): Tensor2D {
  return engine().runKernel('SparseDecode', { values, index, W })
}

/** Σ over the batch of every latent's values [M]: zero for those that did not fire. */
export function codeSums({ values, index }: Codes, M: number): Tensor1D {
  return engine().runKernel('SparseSums', { values, index }, { rows: M })
}

/** The same codes with their zeros [B, M], for those who want to see all latents. */
export const denseCodes = ({ values, index }: Codes, M: number): Tensor2D => scatterAlong(index as Tensor, values, M) as Tensor2D
