/**
 * InfoVAE, with α = 1 the MMD-VAE: Zhao, Song & Ermon 2017, arXiv 1706.02262
 *
 *   L(x) = −ln p(x | z) + (1 − α) KL( q(z|x) ‖ p(z) ) + (α + λ − 1) MMD²( q(z), p(z) )              losses/mmd.ts
 *
 * The codes of all rows together are held to the prior, not each row's: a strong decoder cannot make it pay to leave the code empty.
 *
 * Otherwise than in the paper: spread, variance and the draw for judging, see network.ts; λ grows over the first part of the training.
 * Held-out rows are compared with a fixed draw of the prior, in pieces of at most 1024.
 *
 * Shapes: B batch, D columns, Z code.  x [B, D] · z [B, Z] · loss []
 */
import { mean, mul, type Scalar, type Tensor2D } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { klPerUnit, meanKl } from '../../losses/kl.ts'
import { totalOf } from '../../losses/terms.ts'
import { defineModel, variableGenes } from '../define.ts'
import { batchSize, epochs, learningRate, schedule } from '../training.ts'
import { variationalFace } from './importance.ts'
import { code, drawn, embeddingPreset, family, grownAt, network, networkParams, sized, warmup, wholeStage } from './network.ts'
import { checkPairs, kernel, towardsPrior } from './prior.ts'

export const infoVae = defineModel({
  id: 'infovae',
  version: 2,
  title: 'Variational autoencoder that uses its code (InfoVAE)',
  summary: 'Holds the codes of all rows together to a bell curve instead of each row’s, so that they stay informative.',
  ...family,
  useWhen: 'An ordinary variational autoencoder leaves its code empty, or codes shall tell as much as they can and still be smooth.',
  avoidWhen: 'A likelihood bound is to be compared between models: this loss is none.',
  paper: 'Zhao, Song & Ermon 2017, InfoVAE: balancing learning and inference in variational autoencoders, arXiv 1706.02262',
  params: z.object({
    ...networkParams,
    alpha: z.number().min(-10).max(1).default(1).meta({
      title: 'Freedom of each row’s code',
      paperTerm: 'α',
      group: code,
      description: '1 leaves each row’s code free (MMD-VAE); 0 prices it as an ordinary variational autoencoder does.',
    }),
    lambda: z.number().min(0).max(1e6).default(100).meta({
      title: 'Hold of all codes together',
      paperTerm: 'λ',
      group: code,
      description: 'How strongly the codes of all rows are held to the bell curve.',
    }),
    kernel,
    warmup: warmup(0.1),
    epochs: epochs(50),
    batchSize: batchSize(256),
    learningRate: learningRate(0.001),
    ...schedule,
  }),
  presets: [
    { id: 'default', title: 'Balanced', summary: 'Eight numbers per row, the MMD-VAE of the paper.', params: {} },
    { id: 'scene', title: 'Scene', summary: 'Four numbers per pixel that all stay in use.', params: sized.scene, scaling: 'z-score' },
    {
      id: 'cells',
      title: 'Cells',
      summary: 'Ten numbers per cell that all stay in use; for log-normalised counts of selected genes.',
      params: sized.cells,
      scaling: 'z-score',
      ...variableGenes,
    },
    embeddingPreset,
    {
      id: 'series',
      title: 'Time series',
      summary: 'Six numbers per window that all stay in use.',
      params: sized.series,
      scaling: 'z-score',
    },
    {
      id: 'between',
      title: 'Half way',
      summary: 'Half the price of an ordinary variational autoencoder beside it.',
      params: { alpha: 0.5 },
    },
  ],

  build(params, inputDim) {
    checkPairs(params.batchSize)
    const net = network(params, inputDim)
    const hold = params.alpha + params.lambda - 1
    return {
      kind: 'gradient',
      stages: [
        {
          ...wholeStage(net, 'InfoVAE', params),
          scalars: (step, steps) => ({ grown: grownAt(params.warmup, step, steps) }),

          loss(x, weights, noise, { scalars: { grown }, present }) {
            const q = net.posterior(x, weights)
            const sample: Tensor2D = drawn(q, noise)
            const o = net.output(sample, weights)
            return totalOf({
              reconstruction: mean<Scalar>(net.negativeLog(x, o, weights, !noise, present)),
              ...(params.alpha !== 1 && { kl: mul(mul(1 - params.alpha, grown), meanKl(klPerUnit(q.mu, q.logVariance))) }),
              mmd: mul(mul(hold, grown), towardsPrior(sample, params.kernel, noise)),
            })
          },
        },
      ],
      ...variationalFace(net),
      codePrice: hold === 0 ? 1 - params.alpha : null,
    }
  },
})
