/** The face of an optimiser: a pure step on one vector of weights, and the numbers that depend on the step alone. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { TensorMap } from '../compute/step.ts'

export interface Optimiser {
  /** Names of the vectors kept beside each vector of weights, all zero at first: 'first', 'second'. */
  readonly slots: readonly string[]
  /** What `step` reads, worked out on the host in float64 for the steps t = 1, 2, … Always the same names. */
  scalars(learningRate: number, t: number): Readonly<Record<string, number>>
  /** One step; weight decay has been applied to `theta` already. All shapes are that of theta. */
  step(theta: Tensor, gradient: Tensor, slots: TensorMap, scalars: TensorMap): { readonly theta: Tensor; readonly slots: TensorMap }
}
