/**
 * What models with conditions share: the two parts of a row, and conditions to stand in where a code is decoded without its row.
 *
 * Shapes: x [B, D] = [columns to rebuild [B, D − C] ⊕ conditions c [B, C]]
 */
import { add, mean, mul, reshape, slice, sub, type Tensor, type Tensor2D, tile } from '@tensorflow/tfjs-core'
import { stopGradient } from '../compute/special/gradientFlow.ts'
import type { Initialiser, Stage, StepContext, TensorMap, Weights } from './define.ts'

export interface Conditions {
  /** The columns to rebuild [B, D − C]. */
  rebuilt(x: Tensor2D): Tensor2D
  /** c [B, C]; null where there are none. */
  given(x: Tensor2D): Tensor2D | null
  /** c of the row, or without it the mean of all rows that were learned from. */
  givenOrTypical(rows: number, weights: TensorMap, x?: Tensor2D): Tensor2D | null
  /* What the stage that learns adds to its own, so that this mean, over all steps so far, is kept among the weights. */
  readonly stage: Pick<Stage, 'buffers' | 'keeps'>
  initialWeights(initialiser: Initialiser): Weights
  scalars(step: number): Readonly<Record<string, number>>
  /** After this step. */
  buffers(x: Tensor2D, now: StepContext): TensorMap
}

const name = 'conditions/mean'

export function conditionsOf(D: number, C: number): Conditions {
  const part = (x: Tensor2D, from: number, count: number): Tensor2D => slice(x, [0, from], [x.shape[0], count])
  const given = (x: Tensor2D): Tensor2D => part(x, D - C, C)
  if (C === 0)
    return {
      rebuilt: (x) => x,
      given: () => null,
      givenOrTypical: () => null,
      stage: {},
      initialWeights: () => ({}),
      scalars: () => ({}),
      buffers: () => ({}),
    }
  return {
    rebuilt: (x) => part(x, 0, D - C),
    given,
    givenOrTypical: (rows, weights, x) => (x ? given(x) : tile(reshape(weights[name], [1, C]) as Tensor2D, [rows, 1])),
    stage: { buffers: { [name]: { shape: [C], values: new Float32Array(C) } }, keeps: [name] },
    initialWeights: (initialiser) => ({ [name]: initialiser.constant([C], 0) }),
    scalars: (step) => ({ conditionShare: 1 / (step + 1) }),
    buffers(x, { buffers, scalars }) {
      const before = buffers[name]
      const difference = sub<Tensor>(mean(stopGradient(given(x)), 0), before)
      return { [name]: add(before, mul(scalars.conditionShare, difference)) }
    },
  }
}
