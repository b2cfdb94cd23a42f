/**
 * Hierarchical variational autoencoder of two levels: Dang, Tran, Nguyen & Ho, ICLR 2024, arXiv 2306.05023 (their Markovian MHVAE)
 *
 *   x → z₁ → z₂        q(z₁|x) = N(μ₁, σ₁²)    q(z₂|z₁) = N(μ₂, σ₂²)
 *   z₂ → z₁ → x        p(z₂) = N(0, I)         p(z₁|z₂) = N(m(z₂), I)        p(x | z₁)
 *   L(x) = −ln p(x | z₁) + β₁(t) · ( ln q(z₁|x) − ln p(z₁|z₂) ) + β₂(t) · KL( q(z₂|z₁) ‖ p(z₂) )       z₁, z₂ drawn together
 *
 * The first level describes a row, the second how first levels go together: a coarser code, of fewer numbers. They name
 * a learned σ₁ as the cause of an empty second level: the first then fits N(0, I) by itself. So σ₁ is fixed unless it is to be learned.
 *
 * Otherwise than in the paper: networks may bend; both prices grow over the first part of the training; σ₁ is 0.5 by default. Spread,
 * bounds of variances and the draw for judging: network.ts.
 *
 * The code is μ₁ followed by μ₂ of it; only the first is decoded. Shapes: B batch, D columns.  x, x̂ [B, D] · z₁ [B, Z₁] · z₂ [B, Z₂]
 */
import {
  add,
  concat,
  mean,
  mul,
  reshape,
  type Scalar,
  slice,
  squaredDifference,
  sub,
  tanh,
  type Tensor2D,
  zerosLike,
} from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { denseChain } from '../../layers/dense.ts'
import { klBetween, klPerUnit, meanKl } from '../../losses/kl.ts'
import { totalOf } from '../../losses/terms.ts'
import { defineModel, type TensorMap, variableGenes } from '../define.ts'
import { batchSize, epochs, learningRate, schedule } from '../training.ts'
import { logDensity, repeated, standardNormal } from './importance.ts'
import {
  code,
  codeWidth,
  drawn,
  family,
  grownAt,
  layers,
  network,
  networkParams,
  type Posterior,
  sized,
  warmup,
  widths,
} from './network.ts'

const { codeSize, codeWidth: _width, ...firstNetwork } = networkParams

export const hvae = defineModel({
  id: 'hvae',
  version: 1,
  title: 'Hierarchical variational autoencoder',
  summary: 'Two levels of codes: a detailed one that rebuilds the row, and a coarse one that says how details go together.',
  ...family,
  useWhen: 'Rows have structure at two levels, such as kinds and variants within a kind, and both shall have codes.',
  avoidWhen: 'One level tells all: look in the report whether the second is empty, then take the ordinary variational autoencoder.',
  paper:
    'Dang, Tran, Nguyen & Ho 2024, Beyond vanilla variational autoencoders: detecting posterior collapse in conditional and hierarchical variational autoencoders, ICLR, arXiv 2306.05023',
  params: z.object({
    codeSize: codeSize.meta({ ...codeSize.meta(), title: 'Numbers per row, first level' }),
    secondSize: z.int().min(1).max(4096).default(2).meta({
      title: 'Numbers per row, second level',
      paperTerm: 'dimension of z₂',
      group: layers,
      description: 'How many numbers summarise the first level; fewer than it has.',
    }),
    ...firstNetwork,
    between: widths.default([32]).meta({
      title: 'Layers between the levels',
      unit: 'units',
      paperTerm: 'widths of q(z₂|z₁) and p(z₁|z₂)',
      group: layers,
      advanced: true,
      description: 'Units of each layer from the first level to the second; the way back has them in reverse.',
    }),
    codeWidth: codeWidth('Width of the first level', 0.5),
    secondWidth: codeWidth('Width of the second level'),
    beta: z.number().min(0).max(10_000).default(1).meta({
      title: 'Price of the first level',
      paperTerm: 'β₁',
      group: code,
      description: 'What a nat of the first level costs beyond what the second foretells.',
    }),
    secondBeta: z.number().min(0).max(10_000).default(1).meta({
      title: 'Price of the second level',
      paperTerm: 'β₂',
      group: code,
      description: 'What a nat of the second level costs. Smaller keeps it in use.',
    }),
    warmup: warmup(0.2),
    epochs: epochs(50),
    batchSize: batchSize(128),
    learningRate: learningRate(0.001),
    ...schedule,
  }),
  presets: [
    { id: 'default', title: 'Balanced', summary: 'Eight numbers per row and two that summarise them. Measurements in tables.', params: {} },
    {
      id: 'scene',
      title: 'Scene',
      summary: 'Six numbers per pixel and two above them: multispectral and hyperspectral scenes.',
      params: { ...sized.scene, codeSize: 6 },
      scaling: 'z-score',
    },
    {
      id: 'cells',
      title: 'Cells',
      summary: 'Twelve numbers per cell, three above them; for log-normalised counts of selected genes.',
      params: { ...sized.cells, codeSize: 12, secondSize: 3 },
      scaling: 'z-score',
      ...variableGenes,
    },
    {
      id: 'embedding',
      title: 'Embeddings',
      summary: 'Sixteen numbers and four above them through layers of 256 and 64.',
      params: { ...sized.embedding, secondSize: 4 },
      scaling: 'z-score',
    },
    { id: 'series', title: 'Time series', summary: 'Six numbers per window and two above them.', params: sized.series, scaling: 'z-score' },
  ],

  build(params, inputDim) {
    const { codeSize: first, secondSize: second, activation } = params
    const net = network(params, inputDim)
    const bent = (units: number) => ({ units, activation })
    const straight = (units: number) => [{ units, activation: 'linear' as const }]
    const trunk = denseChain('second', first, params.between.map(bent))
    const meanLayer = denseChain('second/mean', params.between.at(-1) ?? first, straight(second))
    const varianceLayer = denseChain('second/variance', params.between.at(-1) ?? first, straight(second))
    const above = denseChain('prior', second, [...[...params.between].reverse().map(bent), ...straight(first)])
    const chains = [trunk, meanLayer, ...(params.secondWidth === null ? [varianceLayer] : []), above]
    const logSecond = params.secondWidth === null ? null : 2 * Math.log(params.secondWidth)

    function secondOf(z1: Tensor2D, weights: TensorMap): Posterior {
      const h = trunk.apply(z1, weights)
      const mu = meanLayer.apply(h, weights)
      const learned = (): Tensor2D => mul(10, tanh(mul(0.1, varianceLayer.apply(h, weights))))
      return { mu, logVariance: logSecond === null ? learned() : add(zerosLike(mu), logSecond) }
    }
    /** p(z₁|z₂) */
    function prior(z2: Tensor2D, weights: TensorMap): Posterior {
      const mu = above.apply(z2, weights)
      return { mu, logVariance: zerosLike(mu) }
    }
    const both = (q1: Tensor2D, q2: Tensor2D): Tensor2D => concat([q1, q2], 1)
    const firstOf = (codes: Tensor2D): Tensor2D => slice(codes, [0, 0], [codes.shape[0], first])
    function posterior(x: Tensor2D, weights: TensorMap): Posterior {
      const q1 = net.posterior(x, weights)
      const q2 = secondOf(q1.mu, weights)
      return { mu: both(q1.mu, q2.mu), logVariance: both(q1.logVariance, q2.logVariance) }
    }

    return {
      kind: 'gradient',
      stages: [
        {
          layout: layoutWith(net.layout('Hierarchical variational autoencoder', params), second),
          learningRate: params.learningRate,
          trains: [...net.weightNames, ...chains.flatMap(({ weightNames }) => weightNames)],
          initialWeights: (initialiser) => ({
            ...net.initialWeights(initialiser),
            ...Object.assign({}, ...chains.map((chain) => chain.initialWeights(initialiser))),
          }),
          scalars(step, steps) {
            const grown = grownAt(params.warmup, step, steps)
            return { price: params.beta * grown, secondPrice: params.secondBeta * grown }
          },

          loss(x, weights, noise, { scalars: { price, secondPrice }, present }) {
            const q1 = net.posterior(x, weights)
            const z1 = drawn(q1, noise)
            const q2 = secondOf(z1, weights)
            const z2 = drawn(q2, noise, 'second code')
            const reconstruction = mean<Scalar>(net.negativeLog(x, net.output(z1, weights), weights, !noise, present))
            return totalOf({
              reconstruction,
              kl: mul(price, meanKl(beyondSecond(z1, q1, prior(z2, weights)))),
              'second kl': mul(secondPrice, meanKl(klPerUnit(q2.mu, q2.logVariance))),
            })
          },
        },
      ],
      encode: (x, weights) => posterior(x, weights).mu,
      decode: (codes, weights) => net.decode(firstOf(codes), weights),
      posterior,
      /** Of the first level from what the second foretells, then of the second; with the means in place of draws, so that none is negative. */
      divergence(x, weights) {
        const q1 = net.posterior(x, weights)
        const q2 = secondOf(q1.mu, weights)
        return both(klBetween(q1, prior(q2.mu, weights)), klPerUnit(q2.mu, q2.logVariance))
      },
      logImportanceWeights(x, weights, noise, draws, present) {
        const given = net.posterior(x, weights)
        const [rows, q1] = [repeated(x, draws), { mu: repeated(given.mu, draws), logVariance: repeated(given.logVariance, draws) }]
        const z1 = drawn(q1, noise)
        const q2 = secondOf(z1, weights)
        const z2 = drawn(q2, noise, 'second code')
        const joint = add(logDensity(z1, prior(z2, weights)), logDensity(z2, standardNormal(z2)))
        const q = add(logDensity(z1, q1), logDensity(z2, q2))
        const likelihood = net.negativeLog(rows, net.output(z1, weights), weights, !noise, present && repeated(present, draws))
        return reshape(sub(sub(joint, likelihood), q), [x.shape[0], draws])
      },
      noiseVariance: net.noiseVariance,
      codePrice: params.beta,
    }
  },
})

/**
 * ln q(z₁|x) − ln N(z₁; m, I) of every number, at the z₁ that z₂ was drawn from, with the expected value of the first: ½ ((z₁ − m)² − 1 −
 * ln σ₁²). KL( q ‖ N(m, I) ) would be another thing: in it z₁ is drawn anew, and what z₂ knows of the draw would count as an error.
 */
const beyondSecond = (z1: Tensor2D, { logVariance }: Posterior, { mu: m }: Posterior): Tensor2D =>
  mul(0.5, sub(sub(squaredDifference(z1, m), 1), logVariance))

/** The code of both levels in place of the first. */
function layoutWith<L extends { readonly widths: readonly number[]; readonly code: number }>(
  layout: L,
  second: number,
): L & { widths: number[] } {
  return { ...layout, widths: layout.widths.map((width, i) => (i === layout.code ? width + second : width)) }
}
