/**
 * Variational autoencoder: Kingma & Welling, ICLR 2014 (arXiv 1312.6114); β-VAE: Higgins et al., ICLR 2017
 *
 *   L(x) = −ln p(x | z) + β(t) · KL( q(z|x) ‖ N(0, I) )       q(z|x) = N(μ, σ²),  z = μ + σ ε,  ε ~ N(0, I)
 *   with a capacity C (Burgess et al. 2018, arXiv 1804.03599):   −ln p(x | z) + β · |KL − C(t)|
 *
 * β(t) and C(t) grow along a straight line to β and C over the first part of training, so that the code is used before it costs.
 * β = 1 at the end is the evidence lower bound; a larger β buys independent codes with reconstruction error.
 *
 * Sums over columns and codes, mean over rows, as in the papers, so β compares with theirs. Spread, variance and judging otherwise
 * than there: network.ts. Held-out rows are judged by the same bound at the end of the warm-up.
 *
 * Shapes: B batch, D columns, Z code.  x, x̂ [B, D] · mu, logVariance, z [B, Z] · loss []
 */
import { abs, mean, mul, type Scalar, sub } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { klBeyondFreeBits, klPerUnit, meanKl } from '../../losses/kl.ts'
import { totalOf } from '../../losses/terms.ts'
import { defineModel, variableGenes } from '../define.ts'
import { batchSize, epochs, learningRate, schedule } from '../training.ts'
import { variationalFace } from './importance.ts'
import { code, drawn, family, grownAt, network, networkParams, sized, warmup, wholeStage } from './network.ts'

export const vae = defineModel({
  id: 'vae',
  version: 1,
  title: 'Variational autoencoder',
  summary: 'Compresses every row to a cloud of codes instead of a point, so that near codes mean near rows.',
  ...family,
  useWhen: 'Codes shall vary smoothly, be compared as distances or drawn from, and superfluous ones shall switch themselves off.',
  avoidWhen: 'Only the reconstruction counts, or there are less than some thousand rows: a plain autoencoder is sharper.',
  paper:
    'Kingma & Welling 2014, Auto-encoding variational Bayes, arXiv 1312.6114; Higgins et al. 2017, β-VAE, ICLR; Rybkin et al. 2021, Simple and effective VAE training with calibrated decoders, arXiv 2006.13202',
  params: z.object({
    ...networkParams,
    beta: z.number().min(0).max(10_000).default(1).meta({
      title: 'Price of the code',
      paperTerm: 'β, weight of KL',
      group: code,
      description: 'Above 1, fewer and more independent codes and coarser reconstructions. 1 is the ordinary VAE.',
    }),
    warmup: warmup(0.1),
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
      params: sized.scene,
      scaling: 'z-score',
    },
    {
      id: 'cells',
      title: 'Cells',
      summary: 'Ten numbers per cell through one layer of 128; for log-normalised counts of selected genes.',
      params: { ...sized.cells, warmup: 0.25 },
      scaling: 'z-score',
      ...variableGenes,
    },
    {
      id: 'embedding',
      title: 'Embeddings',
      summary: 'Sixteen numbers through layers of 256 and 64: vectors of some hundred columns.',
      params: sized.embedding,
      scaling: 'z-score',
    },
    {
      id: 'series',
      title: 'Time series',
      summary: 'Six numbers per window through layers of 128 and 32.',
      params: sized.series,
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
    const { beta, capacity, freeBits } = params
    const net = network(params, inputDim)
    return {
      kind: 'gradient',
      stages: [
        {
          ...wholeStage(net, 'Variational autoencoder', params),
          scalars(step, steps): Record<string, number> {
            const grown = grownAt(params.warmup, step, steps)
            return capacity === null ? { price: beta * grown } : { price: beta, allowance: capacity * grown }
          },

          loss(x, weights, noise, { scalars: { price, allowance }, present }) {
            const q = net.posterior(x, weights)
            const o = net.output(drawn(q, noise), weights)
            const reconstruction = mean<Scalar>(net.negativeLog(x, o, weights, !noise, present))
            const perUnit = klPerUnit(q.mu, q.logVariance)
            const kl = freeBits > 0 ? klBeyondFreeBits(perUnit, freeBits) : meanKl(perUnit)
            return totalOf({ reconstruction, kl: mul(price, allowance ? abs(sub(kl, allowance)) : kl) })
          },
        },
      ],
      ...variationalFace(net),
      codePrice: capacity === null && freeBits === 0 ? beta : null,
    }
  },
})
