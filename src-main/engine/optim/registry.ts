/** Every optimiser, in the order of the choice. Adding one is adding its file and a line here. */
import { adam } from './adam.ts'
import type { Optimiser, OptimiserDefinition } from './define.ts'
import { lion } from './lion.ts'
import { rmsprop } from './rmsprop.ts'
import { sgd } from './sgd.ts'

export const optimisers = { adam, sgd, rmsprop, lion } as const satisfies Readonly<Record<string, OptimiserDefinition>>

export type OptimiserId = keyof typeof optimisers

/** What a model's parameters say; null is what the optimiser's authors chose. */
export interface OptimiserChoice {
  readonly optimiser: OptimiserId
  readonly momentum: number | null
  readonly gradientMemory: number | null
  readonly optimiserEpsilon: number | null
  readonly nesterov: boolean
}

export function optimiserOf({ optimiser, momentum, gradientMemory, optimiserEpsilon, nesterov }: OptimiserChoice): Optimiser {
  const { defaults, with: withSettings } = optimisers[optimiser]
  return withSettings({
    momentum: momentum ?? defaults.momentum,
    memory: gradientMemory ?? defaults.memory,
    epsilon: optimiserEpsilon ?? defaults.epsilon,
    nesterov,
  })
}
