/** The activation functions a layer can have, each with the initialisation its authors pair it with. */
import { add, elu, erf, leakyRelu, mul, relu, selu, sigmoid, softplus, type Tensor, tanh } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import type { Initialiser } from '../models/define.ts'

interface ActivationDefinition {
  readonly apply: <T extends Tensor>(x: T) => T
  readonly initialiser: keyof Pick<Initialiser, 'glorotUniform' | 'lecunNormal' | 'heNormal'>
}

export const activations = {
  linear: { apply: (x) => x, initialiser: 'glorotUniform' },
  relu: { apply: relu, initialiser: 'heNormal' },
  'leaky-relu': { apply: (x) => leakyRelu(x, 0.2), initialiser: 'heNormal' },
  elu: { apply: elu, initialiser: 'heNormal' },
  /** Klambauer et al. 2017: keeps mean 0 and variance 1 through the layers. */
  selu: { apply: selu, initialiser: 'lecunNormal' },
  /** x·Φ(x) = x/2 · (1 + erf(x/√2)), exact (Hendrycks & Gimpel 2016) */
  gelu: { apply: (x) => mul(mul(x, 0.5), add(1, erf(mul(x, Math.SQRT1_2)))), initialiser: 'heNormal' },
  sigmoid: { apply: sigmoid, initialiser: 'glorotUniform' },
  tanh: { apply: tanh, initialiser: 'glorotUniform' },
  softplus: { apply: softplus, initialiser: 'heNormal' },
} as const satisfies Readonly<Record<string, ActivationDefinition>>

export const Activation = z.enum(Object.keys(activations) as [keyof typeof activations, ...(keyof typeof activations)[]])
export type Activation = z.output<typeof Activation>
export const activate = <T extends Tensor>(name: Activation, x: T): T => activations[name].apply(x)
