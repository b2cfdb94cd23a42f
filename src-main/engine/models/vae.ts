/**
 * Variational autoencoder: Kingma & Welling, ICLR 2014 (arXiv 1312.6114); β-VAE: Higgins et al., ICLR 2017
 *
 *   L(x) = −ln p(x | z) + β(t) · KL( q(z|x) ‖ N(0, I) )       q(z|x) = N(μ, σ²),  z = μ + σ ε,  ε ~ N(0, I)
 *   with a capacity C (Burgess et al. 2018, arXiv 1804.03599):   −ln p(x | z) + β · |KL − C(t)|
 *
 * β(t) and C(t) grow along a straight line to β and C over the first part of training, so that the code is used before it costs.
 * β = 1 at the end is the evidence lower bound; a larger β buys independent codes with reconstruction error.
 *
 * Sums over columns and codes, mean over rows, as in the papers, so β compares with theirs. Otherwise than there:
 * · the spread s of the likelihood is one learned number (Rybkin et al. 2021, arXiv 2006.13202), ln s = 5 θ and never below −6:
 *   an optimiser moves every weight by about its step size, and ln s has further to go;
 * · ln σ² = 10 tanh(h/10), h the layer: the identity near zero, but e^(ln σ²) stays finite for a row far outside;
 * · held-out rows are judged by the same bound at the end of the warm-up, with one draw of ε that is the same in every pass, and with
 *   the s that suits them best where it has a formula: else a few rows far outside would count more and more as s shrinks, and stop
 *   a model that still gets better.
 * The code is μ. Shapes: B batch, D columns, Z code.  x, x̂ [B, D] · mu, logVariance, z [B, Z] · loss []
 */
import { abs, add, exp, maximum, mean, mul, reshape, type Scalar, scalar, sub, tanh, type Tensor2D } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { stepKey } from '../compute/random/counter.ts'
import { randomNormal } from '../compute/random/kernel.ts'
import { Activation } from '../layers/activations.ts'
import { denseChain } from '../layers/dense.ts'
import { klBeyondFreeBits, klPerUnit, meanKl } from '../losses/kl.ts'
import { LikelihoodName, likelihoodOf } from '../losses/likelihoods.ts'
import { totalOf } from '../losses/terms.ts'
import { defineModel, type TensorMap } from './define.ts'
import { batchSize, epochs, learningRate, schedule } from './training.ts'

const widths = z.array(z.int().min(1).max(65_536)).max(12)
const [layers, data, code] = ['Layers', 'Noise of the data', 'Cost of the code']

export const vae = defineModel({
  id: 'vae',
  version: 1,
  title: 'Variational autoencoder',
  summary: 'Compresses every row to a cloud of codes instead of a point, so that near codes mean near rows.',
  group: 'Smooth and probabilistic codes',
  useWhen: 'Codes shall vary smoothly, be compared as distances or drawn from, and superfluous ones shall switch themselves off.',
  avoidWhen: 'Only the reconstruction counts, or there are less than some thousand rows: a plain autoencoder is sharper.',
  paper:
    'Kingma & Welling 2014, Auto-encoding variational Bayes, arXiv 1312.6114; Higgins et al. 2017, β-VAE, ICLR; Rybkin et al. 2021, Simple and effective VAE training with calibrated decoders, arXiv 2006.13202',
  fits: ['raster', 'table', 'cells', 'embedding', 'series'],
  params: z.object({
    codeSize: z.int().min(1).max(4096).default(8).meta({
      title: 'Numbers per row (code)',
      paperTerm: 'latent dimension',
      group: layers,
      description: 'To how many numbers each row is compressed. Those that are not needed stay at zero.',
    }),
    encoder: widths.default([64, 32]).meta({
      title: 'Layers down to the code',
      unit: 'units',
      paperTerm: 'encoder widths',
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
    beta: z.number().min(0).max(10_000).default(1).meta({
      title: 'Price of the code',
      paperTerm: 'β, weight of KL',
      group: code,
      description: 'Above 1, fewer and more independent codes and coarser reconstructions. 1 is the ordinary VAE.',
    }),
    warmup: z.number().min(0).max(1).default(0.1).meta({
      title: 'Warm-up of the price',
      unit: 'share of the training',
      paperTerm: 'KL warm-up (annealing)',
      group: code,
      advanced: true,
      description: 'Over this first share of all steps the price, or the allowance, grows from zero.',
    }),
    freeBits: z.number().min(0).max(100).default(0).meta({
      title: 'Free part of each code',
      unit: 'nats',
      paperTerm: 'free bits λ',
      group: code,
      advanced: true,
      description: 'What each number of the code may tell about a row before it costs. Keeps codes from switching off.',
    }),
    capacity: z.number().min(0).max(10_000).nullable().default(null).meta({
      title: 'Allowance for the whole code',
      unit: 'nats',
      paperTerm: 'capacity C',
      group: code,
      advanced: true,
      description: 'Holds the code at just so much information, with the price as strength (100 or more). Empty is none.',
    }),
    epochs: epochs(50),
    batchSize: batchSize(128),
    learningRate: learningRate(0.001),
    ...schedule,
  }),
  presets: [
    { id: 'default', title: 'Balanced', summary: 'Eight numbers per row, noise width learned. Measurements in tables.', params: {} },
    {
      id: 'scene',
      title: 'Scene',
      summary: 'Four numbers per pixel through layers of 64 and 16: multispectral and hyperspectral scenes.',
      params: { codeSize: 4, encoder: [64, 16], batchSize: 256, epochs: 20 },
      scaling: 'z-score',
    },
    {
      id: 'cells',
      title: 'Cells',
      summary: 'Ten numbers per cell through one layer of 128; for log-normalised counts of selected genes.',
      params: { codeSize: 10, encoder: [128], activation: 'relu', warmup: 0.25 },
      scaling: 'z-score',
    },
    {
      id: 'embedding',
      title: 'Embeddings',
      summary: 'Sixteen numbers through layers of 256 and 64: vectors of some hundred columns.',
      params: { codeSize: 16, encoder: [256, 64], activation: 'gelu' },
      scaling: 'z-score',
    },
    {
      id: 'independent',
      title: 'Independent codes (β = 4)',
      summary: 'A dearer code: fewer numbers are used, each for one thing.',
      params: { codeSize: 10, beta: 4 },
    },
    {
      id: 'outliers',
      title: 'Data with far-off values',
      summary: 'Student-t noise, so that broken sensors and spikes do not bend the model.',
      params: { likelihood: 'student-t' },
      scaling: 'z-score',
    },
    {
      id: 'shares',
      title: 'Shares and on/off values',
      summary: 'Bernoulli noise for columns between 0 and 1.',
      params: { likelihood: 'bernoulli' },
      scaling: 'min-max',
    },
  ],

  build(params, inputDim) {
    const { codeSize, activation, beta, capacity, freeBits } = params
    const back = params.decoder ?? [...params.encoder].reverse()
    const bent = (units: number) => ({ units, activation })
    const straight = (units: number) => [{ units, activation: 'linear' as const }]
    const trunkSize = params.encoder.at(-1) ?? inputDim
    const trunk = denseChain('encoder', inputDim, params.encoder.map(bent))
    const meanLayer = denseChain('encoder/mean', trunkSize, straight(codeSize))
    const varianceLayer = denseChain('encoder/variance', trunkSize, straight(codeSize))
    const decoder = denseChain('decoder', codeSize, [...back.map(bent), ...straight(inputDim)])
    const chains = [trunk, meanLayer, varianceLayer, decoder]

    const likelihood = likelihoodOf(params.likelihood, params.degreesOfFreedom)
    const spread = likelihood.spreads && params.learnedSpread ? ['spread'] : []
    /** ln s: learned, or fitted to rows and their o, or zero. */
    function logSpread(weights: TensorMap, heldOut: { x: Tensor2D; o: Tensor2D } | null): Scalar {
      if (spread.length === 0) return scalar(0)
      const fitted = heldOut && likelihood.bestLogSpread?.(heldOut.x, heldOut.o)
      return maximum(fitted ?? mul(5, reshape(weights.spread, []) as Scalar), -6)
    }

    function posterior(x: Tensor2D, weights: TensorMap): { mu: Tensor2D; logVariance: Tensor2D } {
      const h = trunk.apply(x, weights)
      return { mu: meanLayer.apply(h, weights), logVariance: mul(10, tanh(mul(0.1, varianceLayer.apply(h, weights)))) }
    }

    return {
      kind: 'gradient',
      stages: [
        {
          layout: {
            title: 'Variational autoencoder',
            widths: [inputDim, ...params.encoder, codeSize, ...back, inputDim],
            code: params.encoder.length + 1,
            epochs: params.epochs,
            batchSize: params.batchSize,
          },
          learningRate: params.learningRate,
          trains: [...chains.flatMap(({ weightNames }) => weightNames), ...spread],
          initialWeights: (initialiser) => ({
            ...Object.assign({}, ...chains.map((chain) => chain.initialWeights(initialiser))),
            ...Object.fromEntries(spread.map((name) => [name, initialiser.constant([1], 0)])),
          }),
          scalars(step, steps): Record<string, number> {
            const grown = params.warmup > 0 ? Math.min(1, step / (params.warmup * steps)) : 1
            return capacity === null ? { price: beta * grown } : { price: beta, allowance: capacity * grown }
          },

          loss(x, weights, noise, { scalars: { price, allowance } }) {
            const { mu, logVariance } = posterior(x, weights)
            const epsilon = noise ? noise.normal('code', mu.shape) : alwaysTheSame(mu.shape)
            const sample = add<Tensor2D>(mu, mul(exp(mul(0.5, logVariance)), epsilon))

            const o = decoder.apply(sample, weights)
            const reconstruction = mean<Scalar>(likelihood.negativeLog(x, o, logSpread(weights, noise ? null : { x, o })))
            const perUnit = klPerUnit(mu, logVariance)
            const kl = freeBits > 0 ? klBeyondFreeBits(perUnit, freeBits) : meanKl(perUnit)
            return totalOf({ reconstruction, kl: mul(price, allowance ? abs(sub(kl, allowance)) : kl) })
          },
        },
      ],
      encode: (x, weights) => posterior(x, weights).mu,
      decode: (sample, weights) => likelihood.mean(decoder.apply(sample, weights)),
      posterior,
    }
  },
})

const alwaysTheSame = (shape: readonly number[]) => randomNormal(scalar(stepKey(0, 0), 'int32'), shape, 'code')
