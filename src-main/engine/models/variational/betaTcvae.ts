/**
 * β-TCVAE: Chen et al. 2018, Isolating sources of disentanglement, arXiv 1802.04942
 *
 *   L(x) = −ln p(x | z) + α I(z; n) + β(t) TC(z) + γ Σ_j KL( q(z_j) ‖ p(z_j) )                 losses/totalCorrelation.ts
 *
 * Only the dependence among codes is made dear, not what they tell: codes become independent at less cost than with a dear KL. With
 * α = β = γ = 1 it is the ordinary VAE.
 *
 * Otherwise than in the paper: β grows over the first part of the training. Spread, variance and the draw for judging: network.ts.
 * Held-out rows are judged by the same sum over pieces of at most 256 of them, each taken for a whole data set.
 *
 * Shapes: B batch, D columns, Z code.  x [B, D] · z [B, Z] · loss []
 */
import { add, mean, mul, type Scalar, scalar, slice, type Tensor2D } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { totalOf } from '../../losses/terms.ts'
import { type KlParts, klParts } from '../../losses/totalCorrelation.ts'
import { defineModel, variableGenes } from '../define.ts'
import { batchSize, epochs, learningRate, schedule } from '../training.ts'
import { variationalFace } from './importance.ts'
import {
  code,
  drawn,
  embeddingPreset,
  family,
  grownAt,
  network,
  networkParams,
  type Posterior,
  sized,
  warmup,
  wholeStage,
} from './network.ts'

/** Rows that are compared with each other when judging. */
const pieceRows = 256

export const betaTcvae = defineModel({
  id: 'beta-tcvae',
  version: 2,
  title: 'Variational autoencoder with independent codes (β-TCVAE)',
  summary: 'A variational autoencoder in which codes that depend on each other are dear, so that each stands for one thing.',
  ...family,
  useWhen: 'Rows vary in a few independent ways, and each shall end up in a number of its own.',
  avoidWhen: 'Causes go together in the data: they cannot be told apart, and forcing it makes codes less useful.',
  paper: 'Chen, Li, Grosse & Duvenaud 2018, Isolating sources of disentanglement in variational autoencoders, arXiv 1802.04942',
  params: z.object({
    ...networkParams,
    beta: z.number().min(0).max(10_000).default(6).meta({
      title: 'Price of dependent codes',
      paperTerm: 'β, weight of total correlation',
      group: code,
      description: 'Above 1, codes become independent; far above, they tell less.',
    }),
    alpha: z.number().min(0).max(1000).default(1).meta({
      title: 'Price of what codes tell',
      paperTerm: 'α, weight of mutual information',
      group: code,
      advanced: true,
      description: '0 lets codes tell as much as they can.',
    }),
    gamma: z.number().min(0).max(1000).default(1).meta({
      title: 'Price of each code’s shape',
      paperTerm: 'γ, weight of dimension-wise KL',
      group: code,
      advanced: true,
      description: 'How strongly each code is held to a bell curve around zero.',
    }),
    sampling: z
      .enum(['weighted', 'stratified'])
      .default('weighted')
      .meta({
        title: 'How q(z) is estimated',
        labels: { weighted: 'Weighted', stratified: 'Stratified' },
        paperTerm: 'minibatch weighted or stratified sampling',
        group: code,
        advanced: true,
        description: 'Weighted is what the paper used for its results; stratified is unbiased.',
      }),
    warmup: warmup(0.1),
    epochs: epochs(50),
    batchSize: batchSize(256),
    learningRate: learningRate(0.002),
    ...schedule,
  }),
  presets: [
    { id: 'default', title: 'Balanced', summary: 'Eight numbers per row, dependence six times as dear as the rest.', params: {} },
    {
      id: 'scene',
      title: 'Scene',
      summary: 'Four numbers per pixel, each for one influence: illumination, moisture, mineral.',
      params: sized.scene,
      scaling: 'z-score',
    },
    {
      id: 'cells',
      title: 'Cells',
      summary: 'Ten numbers per cell, each for one programme of genes; for log-normalised counts of selected genes.',
      params: { ...sized.cells, warmup: 0.25 },
      scaling: 'z-score',
      ...variableGenes,
    },
    embeddingPreset,
    {
      id: 'series',
      title: 'Time series',
      summary: 'Six numbers per window, each for one way in which windows differ.',
      params: sized.series,
      scaling: 'z-score',
    },
    { id: 'strict', title: 'Very independent', summary: 'β = 15: few codes, each for one thing.', params: { beta: 15, codeSize: 10 } },
  ],

  build(params, inputDim) {
    if (params.batchSize < 8)
      throw new StratumError(
        'PARAMETER_INVALID',
        `Whether codes depend on each other cannot be seen in ${params.batchSize} rows.`,
        'Choose at least 8 rows per step, better some hundreds.',
        { parameter: 'batchSize' },
      )
    const net = network(params, inputDim)

    /** Of nearly equal pieces, weighted by their rows. */
    function inPieces(sample: Tensor2D, q: Posterior): KlParts {
      const [B, Z] = sample.shape
      const count = Math.ceil(B / pieceRows)
      const parts = Array.from({ length: count }, (_, i) => {
        const [from, to] = [Math.floor((i * B) / count), Math.floor(((i + 1) * B) / count)]
        const piece = (t: Tensor2D): Tensor2D => slice(t, [from, 0], [to - from, Z])
        return { share: (to - from) / B, ...klParts(piece(sample), piece(q.mu), piece(q.logVariance), scalar(to - from), 'weighted') }
      })
      const total = (of: keyof KlParts): Scalar => parts.map((part) => mul<Scalar>(part[of], part.share)).reduce((a, b) => add(a, b))
      return {
        mutualInformation: total('mutualInformation'),
        totalCorrelation: total('totalCorrelation'),
        dimensionWise: total('dimensionWise'),
      }
    }

    return {
      kind: 'gradient',
      stages: [
        {
          ...wholeStage(net, 'β-TCVAE', params),
          scalars: (step, steps) => ({
            price: 1 + (params.beta - 1) * grownAt(params.warmup, step, steps),
            // steps are as many as make the passes
            rows: Math.max(params.batchSize, (steps * params.batchSize) / params.epochs),
          }),

          loss(x, weights, noise, { scalars: { price, rows }, present }) {
            const q = net.posterior(x, weights)
            const sample = drawn(q, noise)
            const o = net.output(sample, weights)
            const reconstruction = mean<Scalar>(net.negativeLog(x, o, weights, !noise, present))
            const parts = noise ? klParts(sample, q.mu, q.logVariance, rows as Scalar, params.sampling) : inPieces(sample, q)
            return totalOf({
              reconstruction,
              'mutual information': mul(params.alpha, parts.mutualInformation),
              'total correlation': mul(price, parts.totalCorrelation),
              'dimension-wise KL': mul(params.gamma, parts.dimensionWise),
            })
          },
        },
      ],
      ...variationalFace(net),
      // Codes that are independent cost I + Σ KL whatever β.
      codePrice: params.alpha === params.gamma ? params.alpha : null,
    }
  },
})
