/**
 * What variational autoencoders share: a network to a Gaussian posterior and one back to a likelihood.
 *
 *   q(z|x) = N(μ, σ²)        z = μ + σ ε,  ε ~ N(0, I)        −ln p(x | z) by a likelihood of losses/likelihoods.ts
 *
 * Otherwise than in the papers, for all of them:
 * · the spread s of the likelihood is one learned number (Rybkin et al. 2021, arXiv 2006.13202), ln s = 5 θ and never below −6:
 *   an optimiser moves every weight by about its step size, and ln s has further to go;
 * · ln σ² = 10 tanh(h/10), h the layer: the identity near zero, but e^(ln σ²) stays finite for a row far outside;
 * · held-out rows are judged with one draw of ε that is the same in every pass, and with the s that suits them best where it has a
 *   formula: else a few rows far outside would count more and more as s shrinks, and stop a model that still gets better.
 *
 * Where C conditions c are given, they go into both networks and are not rebuilt: q(z|x, c), p(x | z, c).
 *
 * The code is μ. Shapes: B batch, D columns, C of them conditions, Z code.  x [B, D] · x̂ [B, D − C] · mu, logVariance, z [B, Z]
 */
import {
  add,
  concat,
  exp,
  fill,
  maximum,
  mul,
  reshape,
  type Scalar,
  scalar,
  tanh,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core'
import { z } from 'zod'
import type { StageLayout } from '#common/domain/results.ts'
import { stepKey } from '../../compute/random/counter.ts'
import { randomNormal } from '../../compute/random/kernel.ts'
import { Activation } from '../../layers/activations.ts'
import { denseChain } from '../../layers/dense.ts'
import { LikelihoodName, likelihoodOf } from '../../losses/likelihoods.ts'
import { type Conditions, conditionsOf } from '../conditions.ts'
import type { Initialiser, Noise, TensorMap, Weights } from '../define.ts'

export const widths = z.array(z.int().min(1).max(65_536)).max(12)
export const [layers, data, code] = ['Layers', 'Noise of the data', 'Cost of the code'] as const

/** What every model of the family says of itself. */
export const family = {
  group: 'Smooth and probabilistic codes',
  fits: ['raster', 'table', 'cells', 'embedding', 'series'],
  takesMissing: true,
  /** The width of the noise and the price of codes settle one after the other: 500 steps explain half of what 2000 do. */
  leastSteps: 2000,
} as const

/** σ of q(z|x), where it is not to be learned. */
export function codeWidth(title: string, value: number | null = null) {
  return z.number().positive().max(100).nullable().default(value).meta({
    title,
    paperTerm: 'encoder variance, fixed or learned',
    group: code,
    advanced: true,
    description:
      'How uncertain each number is, as a standard deviation; the codes of all rows together have about 1. Empty learns it for each row and number.',
  })
}

/** Layers and likelihood; the same choice for every model of the family. */
export const networkParams = {
  codeSize: z.int().min(1).max(4096).default(8).meta({
    title: 'Numbers per row (code)',
    paperTerm: 'latent dimension',
    automatic: 'code',
    group: layers,
    description: 'To how many numbers each row is compressed. Those that are not needed stay at zero.',
  }),
  encoder: widths.default([64, 32]).meta({
    title: 'Layers down to the code',
    unit: 'units',
    paperTerm: 'encoder widths',
    automatic: 'hidden',
    group: layers,
    description: 'Units of each layer between the input and the code.',
  }),
  decoder: widths.nullable().default(null).meta({
    title: 'Layers back from the code',
    unit: 'units',
    paperTerm: 'decoder widths',
    group: layers,
    advanced: true,
    description: 'Units of each layer between the code and the output; empty mirrors the way down.',
  }),
  activation: Activation.default('elu').meta({
    title: 'Bend of the layers',
    paperTerm: 'activation',
    group: layers,
    description: 'The function that makes layers more than a matrix.',
  }),
  likelihood: LikelihoodName.default('gaussian').meta({
    title: 'Shape of the noise',
    paperTerm: 'likelihood p(x|z)',
    labels: { gaussian: 'Gaussian', laplace: 'Laplace', 'student-t': 'Student-t', bernoulli: 'Bernoulli' },
    group: data,
    description:
      'Gaussian for ordinary measurements; Laplace or Student-t when single values are far off; Bernoulli for shares and on/off values, with data scaled to 0 … 1.',
  }),
  learnedSpread: z
    .boolean()
    .default(true)
    .meta({
      title: 'Learn the width of the noise',
      paperTerm: 'decoder variance',
      group: data,
      advanced: true,
      showWhen: { likelihood: ['gaussian', 'laplace', 'student-t'] },
      description: 'One width for all columns, learned with the model. Otherwise it is 1 in prepared units. Bernoulli has none.',
    }),
  degreesOfFreedom: z
    .number()
    .min(1.5)
    .max(1000)
    .default(4)
    .meta({
      title: 'Tails of Student-t',
      paperTerm: 'degrees of freedom ν',
      group: data,
      advanced: true,
      showWhen: { likelihood: ['student-t'] },
      description: 'Small: far-off values are expected. Large: nearly Gaussian. Only for Student-t.',
    }),
  codeWidth: codeWidth('Width of each code'),
}
const Params = z.object(networkParams)
export type NetworkParams = z.output<typeof Params>

/** Layers that suit a kind of data, for the presets of the family. */
const suited = <P extends Partial<NetworkParams> & { readonly batchSize?: number; readonly epochs?: number }>(params: P): P => params
export const sized = {
  scene: suited({ codeSize: 4, encoder: [64, 16], batchSize: 256, epochs: 20 }),
  cells: suited({ codeSize: 10, encoder: [128], activation: 'relu' }),
  embedding: suited({ codeSize: 16, encoder: [256, 64], activation: 'gelu' }),
  series: suited({ codeSize: 6, encoder: [128, 32] }),
}

export const embeddingPreset = {
  id: 'embedding',
  title: 'Embeddings',
  summary: 'Sixteen numbers through layers of 256 and 64.',
  params: sized.embedding,
  scaling: 'z-score',
} as const

/** Share of the training over which a price grows from zero. */
export const warmup = (value: number) =>
  z.number().min(0).max(1).default(value).meta({
    title: 'Warm-up of the price',
    unit: 'share of the training',
    paperTerm: 'KL warm-up (annealing)',
    group: code,
    advanced: true,
    description: 'Over this first share of all steps the price, or the allowance, grows from zero.',
  })

/** How far a warm-up has come at a step: 0 … 1. */
export const grownAt = (share: number, step: number, steps: number): number => (share > 0 ? Math.min(1, step / (share * steps)) : 1)

const leastLogSpread = -6

export interface Posterior {
  readonly mu: Tensor2D
  readonly logVariance: Tensor2D
}

export interface Network {
  readonly conditions: Conditions
  readonly weightNames: readonly string[]
  initialWeights(initialiser: Initialiser): Weights
  posterior(x: Tensor2D, weights: TensorMap): Posterior
  /** What the likelihood makes x̂ of. `x` for its conditions; without it typical ones. */
  output(z: Tensor2D, weights: TensorMap, x?: Tensor2D): Tensor2D
  /** −ln p(x | z) of every row [B], over what is `present`. `judged`: with the spread that suits these rows best. */
  negativeLog(x: Tensor2D, o: Tensor2D, weights: TensorMap, judged: boolean, present?: Tensor2D): Tensor1D
  decode(z: Tensor2D, weights: TensorMap, x?: Tensor2D): Tensor2D
  /** As GradientModel says. */
  noiseVariance(weights: Weights): number | null
  layout(title: string, training: { readonly epochs: number; readonly batchSize: number }): StageLayout
}

export function network(params: NetworkParams, inputDim: number, conditionCount = 0): Network {
  const { codeSize, activation } = params
  const conditions = conditionsOf(inputDim, conditionCount)
  const rebuilt = inputDim - conditionCount
  const back = params.decoder ?? [...params.encoder].reverse()
  const bent = (units: number) => ({ units, activation })
  const straight = (units: number) => [{ units, activation: 'linear' as const }]
  const trunkSize = params.encoder.at(-1) ?? inputDim
  const trunk = denseChain('encoder', inputDim, params.encoder.map(bent))
  const meanLayer = denseChain('encoder/mean', trunkSize, straight(codeSize))
  const varianceLayer = denseChain('encoder/variance', trunkSize, straight(codeSize))
  const decoder = denseChain('decoder', codeSize + conditionCount, [...back.map(bent), ...straight(rebuilt)])
  const logWidth = params.codeWidth === null ? null : 2 * Math.log(params.codeWidth)
  const chains = [trunk, meanLayer, ...(logWidth === null ? [varianceLayer] : []), decoder]

  const likelihood = likelihoodOf(params.likelihood, params.degreesOfFreedom)
  const spread = likelihood.spreads && params.learnedSpread ? ['spread'] : []
  /** ln s: learned, or fitted to rows and their o, or zero. */
  function logSpread(weights: TensorMap, heldOut: { x: Tensor2D; o: Tensor2D; present?: Tensor2D | undefined } | null): Scalar {
    if (spread.length === 0) return scalar(0)
    const fitted = heldOut && likelihood.bestLogSpread?.(heldOut.x, heldOut.o, heldOut.present)
    return maximum(fitted ?? mul(5, reshape(weights.spread, []) as Scalar), leastLogSpread)
  }

  function output(sample: Tensor2D, weights: TensorMap, x?: Tensor2D): Tensor2D {
    const c = conditions.givenOrTypical(sample.shape[0], weights, x)
    return decoder.apply(c ? concat([sample, c], 1) : sample, weights)
  }

  return {
    conditions,
    weightNames: [...chains.flatMap(({ weightNames }) => weightNames), ...spread],
    initialWeights: (initialiser) => ({
      ...Object.assign({}, ...chains.map((chain) => chain.initialWeights(initialiser))),
      ...Object.fromEntries(spread.map((name) => [name, initialiser.constant([1], 0)])),
      ...conditions.initialWeights(initialiser),
    }),
    posterior(x, weights) {
      const h = trunk.apply(x, weights)
      const mu = meanLayer.apply(h, weights)
      const logVariance =
        logWidth === null ? mul<Tensor2D>(10, tanh(mul(0.1, varianceLayer.apply(h, weights)))) : (fill(mu.shape, logWidth) as Tensor2D)
      return { mu, logVariance }
    },
    output,
    negativeLog(given, o, weights, judged, present) {
      const x = conditions.rebuilt(given)
      return likelihood.negativeLog(x, o, logSpread(weights, judged ? { x, o, present } : null), present)
    },
    decode: (sample, weights, x) => likelihood.mean(output(sample, weights, x)),
    noiseVariance({ spread: learned }) {
      if (params.likelihood !== 'gaussian') return null
      return learned ? Math.exp(2 * Math.max(5 * learned.values[0], leastLogSpread)) : 1
    },
    layout: (title, { epochs, batchSize }) => ({
      title,
      widths: [inputDim, ...params.encoder, codeSize, ...back, rebuilt],
      code: params.encoder.length + 1,
      epochs,
      batchSize,
    }),
  }
}

/** Of a stage that trains all of a network. */
export const wholeStage = (
  net: Network,
  title: string,
  params: { readonly epochs: number; readonly batchSize: number; readonly learningRate: number },
) => ({
  layout: net.layout(title, params),
  learningRate: params.learningRate,
  trains: net.weightNames,
  initialWeights: net.initialWeights,
})

/** z = μ + σ ε; without noise with the one ε that is the same for every judgement. */
export function drawn({ mu, logVariance }: Posterior, noise: Noise | null, site = 'code'): Tensor2D {
  const epsilon = noise ? noise.normal(site, mu.shape) : alwaysTheSame(mu.shape, site)
  return add<Tensor2D>(mu, mul(exp(mul(0.5, logVariance)), epsilon))
}

export const alwaysTheSame = (shape: readonly number[], site = 'code'): Tensor => randomNormal(scalar(stepKey(0, 0), 'int32'), shape, site)
