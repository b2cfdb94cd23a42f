/**
 * A chain of dense layers: hₖ = fₖ(hₖ₋₁ Wₖ + bₖ).
 * Weights are called `<name>/<k>/kernel` [in, out] and `<name>/<k>/bias` [out].
 */
import { add, matMul, type Tensor2D } from '@tensorflow/tfjs-core'
import type { Initialiser, TensorMap, Weights } from '../models/define.ts'
import { type Activation, activate, activations } from './activations.ts'
import { observed } from './observe.ts'

export interface DenseLayer {
  readonly units: number
  readonly activation: Activation
  /** Instead of the one that goes with the activation. */
  readonly initialiser?: 'glorotUniform'
  /** Multiplies the initial kernel; default 1. */
  readonly gain?: number
}

export interface DenseChain {
  readonly weightNames: readonly string[]
  initialWeights(initialiser: Initialiser): Weights
  /** Through layers from … to−1; default all. */
  apply(x: Tensor2D, weights: TensorMap, from?: number, to?: number): Tensor2D
}

/** @param tiedTo  layers that use another chain's kernels transposed: layer index → kernel name. They have only a bias. */
export function denseChain(
  name: string,
  inputDim: number,
  layers: readonly DenseLayer[],
  tiedTo: Readonly<Record<number, string>> = {},
): DenseChain {
  const kernelName = (k: number): string => tiedTo[k] ?? `${name}/${k}/kernel`
  const biasName = (k: number): string => `${name}/${k}/bias`
  const unitsBefore = (k: number): number => (k === 0 ? inputDim : layers[k - 1].units)
  return {
    weightNames: layers.flatMap((_, k) => (k in tiedTo ? [biasName(k)] : [kernelName(k), biasName(k)])),

    initialWeights: (initialiser) =>
      Object.fromEntries(
        layers.flatMap(({ units, activation, initialiser: chosen, gain = 1 }, k) => {
          const bias = [biasName(k), initialiser.constant([units], 0)] as const
          if (k in tiedTo) return [bias]
          const drawn = initialiser[chosen ?? activations[activation].initialiser](kernelName(k), [unitsBefore(k), units])
          return [
            [kernelName(k), { shape: drawn.shape, values: gain === 1 ? drawn.values : drawn.values.map((w) => w * gain) }] as const,
            bias,
          ]
        }),
      ),

    apply(x, weights, from = 0, to = layers.length) {
      let h = x
      for (let k = from; k < to; k++)
        h = observed(
          `${name}/${k}`,
          activate(layers[k].activation, add(matMul(h, weights[kernelName(k)] as Tensor2D, false, k in tiedTo), weights[biasName(k)])),
        )
      return h
    },
  }
}
