/**
 * Importance-weighted autoencoder: Burda, Grosse & Salakhutdinov 2016, arXiv 1509.00519
 *
 *   L_K(x) = −ln 1/K Σ_k w_k,   w_k = p(x | z_k) p(z_k) / q(z_k | x),   z_k ~ q(z|x),  k = 1 … K
 *
 * A tighter bound the larger K; K = 1 is the ordinary VAE, and no K larger makes it worse on average. The posterior may be wrong where
 * it costs nothing, so codes are richer.
 *
 * Otherwise than in the paper: spread, variance and the draw for judging, see network.ts. Held-out rows are judged with at most 8 draws.
 * Shapes: B batch, D columns, Z code, K draws.  x [B, D] · z [B K, Z], draws of a row one after another · ln w [B, K]
 */
import { mean, neg, type Scalar } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { logMeanExp } from '../../compute/special/logSumExp.ts'
import { totalOf } from '../../losses/terms.ts'
import { defineModel, variableGenes } from '../define.ts'
import { batchSize, epochs, learningRate, schedule } from '../training.ts'
import { logImportanceWeights, variationalFace } from './importance.ts'
import { code, embeddingPreset, family, network, networkParams, sized, wholeStage } from './network.ts'

const mostJudgedDraws = 8

export const iwae = defineModel({
  id: 'iwae',
  version: 1,
  title: 'Importance-weighted autoencoder',
  summary: 'A variational autoencoder with several draws per row: a tighter bound and richer codes.',
  ...family,
  useWhen: 'How likely rows are matters (anomalies, comparison of models), or an ordinary variational autoencoder uses too few codes.',
  avoidWhen: 'Time is short: every row costs as many times as there are draws.',
  paper: 'Burda, Grosse & Salakhutdinov 2016, Importance weighted autoencoders, arXiv 1509.00519',
  params: z.object({
    ...networkParams,
    draws: z.int().min(1).max(256).default(8).meta({
      title: 'Draws per row',
      paperTerm: 'k, importance samples',
      group: code,
      description: 'More draws, tighter bound, proportionally more time.',
    }),
    epochs: epochs(50),
    batchSize: batchSize(128),
    learningRate: learningRate(0.001),
    ...schedule,
  }),
  presets: [
    { id: 'default', title: 'Balanced', summary: 'Eight numbers and eight draws per row.', params: {} },
    {
      id: 'scene',
      title: 'Scene',
      summary: 'Four numbers and five draws per pixel, for scores that say how likely it is.',
      params: { ...sized.scene, draws: 5 },
      scaling: 'z-score',
    },
    {
      id: 'cells',
      title: 'Cells',
      summary: 'Ten numbers per cell through one layer of 128; for log-normalised counts of selected genes.',
      params: sized.cells,
      scaling: 'z-score',
      ...variableGenes,
    },
    embeddingPreset,
    {
      id: 'series',
      title: 'Time series',
      summary: 'Six numbers per window, for scores that say how likely it is.',
      params: sized.series,
      scaling: 'z-score',
    },
    { id: 'tight', title: 'Tight bound', summary: 'Fifty draws, as the paper’s best.', params: { draws: 50, batchSize: 64 } },
  ],

  build(params, inputDim) {
    const net = network(params, inputDim)
    const judged = Math.min(params.draws, mostJudgedDraws)
    return {
      kind: 'gradient',
      stages: [
        {
          ...wholeStage(net, 'Importance-weighted autoencoder', params),
          loss(x, weights, noise, { present }) {
            const logWeights = logImportanceWeights(net, x, weights, noise, noise ? params.draws : judged, { present })
            return totalOf({ bound: neg(mean<Scalar>(logMeanExp(logWeights))) })
          },
        },
      ],
      ...variationalFace(net),
      codePrice: 1,
    }
  },
})
