/**
 * The k largest of each row, exactly k: of equal numbers those of lower index. x [..., M], 1 ≤ k ≤ M.
 */
import { onesLike, type Tensor, topk } from '@tensorflow/tfjs-core'
import { gatherAlong, scatterAlong } from './alongAxis.ts'
import { stopGradient, straightThrough } from './gradientFlow.ts'

export interface TopK {
  /** [..., k], falling. Its gradient goes to the places taken. */
  readonly values: Tensor
  /** int32 [..., k] */
  readonly index: Tensor
}

export function topK(x: Tensor, k: number): TopK {
  const index = topk(stopGradient(x), k).indices
  return { values: gatherAlong(x, index), index }
}

/** x with all but the k largest of each row at zero; the gradient goes to those kept. */
export function keepTopK(x: Tensor, k: number): Tensor {
  const { values, index } = topK(x, k)
  return scatterAlong(index, values, x.shape.at(-1) as number)
}

/** 1 at the k largest of each row, else 0; no gradient. */
export function topKMask(x: Tensor, k: number): Tensor {
  const { values, indices } = topk(stopGradient(x), k)
  return scatterAlong(indices, onesLike(values), x.shape.at(-1) as number)
}

/** The same mask, whose gradient goes to x as if the mask were x. */
export function straightTopKMask(x: Tensor, k: number): Tensor {
  return straightThrough(topKMask(x, k), x)
}
