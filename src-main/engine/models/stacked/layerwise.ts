/**
 * Greedy layer-wise training: Hinton & Salakhutdinov 2006; with noise as Vincent et al., JMLR 2010.
 *
 *   stage k:   hₖ = f(hₖ₋₁ + noise),  ĥₖ₋₁ = hₖ V + c,   L = mean (hₖ₋₁ − ĥₖ₋₁)² + λ Σ|hₖ|       h₀ = x, earlier stages frozen
 *   last:      all stages unrolled, x → h₁ → … → z → … → x̂,   L = mean (x − x̂)²              "fine-tuning"
 *
 * In its own stage a layer is given back linearly; unrolled, the inner layers of the way back have the bend of the way in.
 */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import type { Activation } from '../../layers/activations.ts'
import { type Corruption, corrupted } from '../../layers/corruption.ts'
import { denseChain } from '../../layers/dense.ts'
import { codeSparsity, meanSquaredError } from '../../losses/reconstruction.ts'
import { totalOf } from '../../losses/terms.ts'
import type { GradientModel, Noise, Stage, TensorMap } from '../define.ts'

export interface LayerwiseParams {
  readonly layers: readonly number[]
  readonly activation: Activation
  readonly codeActivation: Activation
  readonly outputActivation: Activation
  readonly layerEpochs: number
  readonly fineTuneEpochs: number
  readonly batchSize: number
  readonly learningRate: number
  readonly fineTuneLearningRate: number
  readonly firstGain: number
  readonly noise: 'none' | Corruption
  readonly noiseLevel: number
  readonly sparsity: number
}

export function layerwise(p: LayerwiseParams, inputDim: number): GradientModel {
  const widths = [inputDim, ...p.layers]
  const depth = p.layers.length
  const activationOf = (k: number): Activation => (k === depth - 1 ? p.codeActivation : p.activation)
  const gainOf = (k: number): number => (k === 0 ? p.firstGain : 1)
  const encoders = p.layers.map((units, k) =>
    denseChain(`layer${k + 1}/encoder`, widths[k], [{ units, activation: activationOf(k), gain: gainOf(k) }]),
  )
  const decoders = p.layers.map((units, k) =>
    denseChain(`layer${k + 1}/decoder`, units, [
      { units: widths[k], activation: k === 0 ? p.outputActivation : 'linear', initialiser: 'glorotUniform', gain: 1 / gainOf(k) },
    ]),
  )

  /** The same layers unrolled: of the same weights, the inner ones bent. */
  const unrolled = p.layers.map((units, k) =>
    k === 0 ? decoders[0] : denseChain(`layer${k + 1}/decoder`, units, [{ units: widths[k], activation: p.activation }]),
  )

  const encode = (x: Tensor2D, weights: TensorMap, layers = depth): Tensor2D =>
    encoders.slice(0, layers).reduce((h, encoder) => encoder.apply(h, weights), x)
  const decode = (z: Tensor2D, weights: TensorMap): Tensor2D => unrolled.reduceRight((h, decoder) => decoder.apply(h, weights), z)

  const layerStages = p.layers.map(
    (units, k): Stage => ({
      layout: {
        title: `Layer ${k + 1} of ${depth}`,
        widths: [widths[k], units, widths[k]],
        code: 1,
        epochs: p.layerEpochs,
        batchSize: p.batchSize,
      },
      learningRate: p.learningRate,
      trains: [...encoders[k].weightNames, ...decoders[k].weightNames],
      initialWeights: (initialiser) => ({ ...encoders[k].initialWeights(initialiser), ...decoders[k].initialWeights(initialiser) }),
      loss(x, weights, noise, { present }) {
        const target = encode(x, weights, k)
        const code = encoders[k].apply(corrupt(target, p, noise), weights)
        return totalOf({
          reconstruction: meanSquaredError(target, decoders[k].apply(code, weights), k === 0 ? present : undefined),
          ...(p.sparsity > 0 && { sparsity: codeSparsity(code, p.sparsity) }),
        })
      },
    }),
  )
  const fineTuning: Stage = {
    layout: {
      title: 'Fine-tuning',
      widths: [...widths, ...widths.slice(0, -1).reverse()],
      code: depth,
      epochs: p.fineTuneEpochs,
      batchSize: p.batchSize,
    },
    learningRate: p.fineTuneLearningRate,
    trains: [...encoders, ...decoders].flatMap(({ weightNames }) => weightNames),
    initialWeights: () => ({}),
    loss(x, weights, noise, { present }) {
      return totalOf({ reconstruction: meanSquaredError(x, decode(encode(corrupt(x, p, noise), weights), weights), present) })
    },
  }
  return { stages: p.fineTuneEpochs > 0 ? [...layerStages, fineTuning] : layerStages, encode: (x, weights) => encode(x, weights), decode }
}

const corrupt = (x: Tensor2D, { noise: kind, noiseLevel }: LayerwiseParams, noise: Noise | null): Tensor2D =>
  noise && kind !== 'none' ? corrupted(x, kind, noiseLevel, noise) : x
