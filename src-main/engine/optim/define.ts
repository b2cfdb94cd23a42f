/** The face of an optimiser: a pure step on one vector of weights, and the numbers that depend on the step alone. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { TensorMap } from '../compute/step.ts'

export interface Optimiser {
  /** Names of the vectors kept beside each vector of weights, all zero at first: 'first', 'second'. */
  readonly slots: readonly string[]
  /** What `step` reads, worked out on the host in float64 for the steps t = 1, 2, … Always the same names. */
  scalars(learningRate: number, t: number): Readonly<Record<string, number>>
  /** One step; weight decay has been applied to `theta` already. All shapes are that of theta. */
  step(theta: Tensor, gradient: Tensor, slots: TensorMap, scalars: TensorMap): Stepped
}
export interface Stepped {
  readonly theta: Tensor
  readonly slots: TensorMap
}

/** The numbers optimisers have between them; each reads those that its formula names. */
export interface OptimiserSettings {
  /** How much of the direction before is kept, 0 … <1: μ of SGD and RMSprop, β₁ of Adam and Lion. */
  readonly momentum: number
  /** How long the past is remembered, 0 … <1: β₂ of Adam and Lion, α of RMSprop. */
  readonly memory: number
  /** ε, added to a root before it divides. */
  readonly epsilon: number
  /** SGD only: the gradient is taken where the momentum is about to lead. */
  readonly nesterov: boolean
}

/** An optimiser with its authors' numbers, and with others. */
export interface OptimiserDefinition extends Optimiser {
  readonly id: string
  /** For people, as short as a choice in a form. */
  readonly title: string
  readonly paper: string
  readonly defaults: OptimiserSettings
  with(settings: Partial<OptimiserSettings>): Optimiser
}

interface Declared extends Pick<OptimiserDefinition, 'id' | 'title' | 'paper'> {
  /** Those that the formula has; the rest is without effect. */
  readonly defaults: Partial<OptimiserSettings>
  create(settings: OptimiserSettings): Optimiser
}

export function defineOptimiser({ id, title, paper, defaults: own, create }: Declared): OptimiserDefinition {
  const defaults = { momentum: 0, memory: 0, epsilon: 0, nesterov: false, ...own }
  return { id, title, paper, defaults, ...create(defaults), with: (settings) => create({ ...defaults, ...settings }) }
}
