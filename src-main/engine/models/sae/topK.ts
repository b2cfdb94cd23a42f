/**
 * TopK sparse autoencoder with an auxiliary loss against dead latents: Gao et al. 2024, arXiv 2406.04093
 *
 *   f = TopK(W_enc (x − b_pre) + b_enc),  no code below zero          x̂ = W_dec f + b_pre
 *   L(x) = E(x, x̂) + 1/32 · E(e, ê)                                   E(x, x̂) = Σ(x − x̂)² / Σ(x − x̄)²,  x̄ the mean row
 *   e = x − x̂ as it is, no gradient;  ê = W_dec f_aux,  f_aux the k_aux largest codes of dead latents;  0 when none is dead
 *   Multi-TopK:  E(x, x̂) + E(x, x̂ of 4k codes) / 8 in the place of E(x, x̂)
 *
 * Rows of W_dec, one per latent, have length one. At the start W_enc and W_dec are equal random directions, b_enc is zero and b_pre
 * the geometric median of rows to learn from. A latent is dead when it has not fired for `deadAfter` rows.
 *
 * Otherwise than in the paper: the encoder starts at length one, whose scaling made no difference there; errors are divided by the
 * spread of the batch, as its code does for the auxiliary loss, so that no number has to be known before; rows stand for tokens;
 * the step size falls along a cosine.
 * Held-out rows are judged by E(x, x̂) alone.
 *
 * Only the product x W_encᵀ touches all latents, see compute/sparse/ops.ts.
 * Shapes: B batch, D columns, M latents.  x, x̂, e [B, D] · W_enc, W_dec [M, D] · b_enc [M] · b_pre [D] · code [B, M]
 */
import { greater, mul, type Tensor2D } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { type Codes, codeSums, denseCodes } from '../../compute/sparse/ops.ts'
import { stopGradient } from '../../compute/special/gradientFlow.ts'
import { shareOfSpread } from '../../losses/reconstruction.ts'
import { totalOf } from '../../losses/terms.ts'
import { defineModel, type TensorMap } from '../define.ts'
import { batchSize, epochs, learningRate } from '../training.ts'
import { auxiliaryKOf, deadLatentsLoss, decoded, decodedCodes, firstDictionary, silentAfter, topCodes } from './dictionary.ts'
import {
  activeCodes,
  auxiliaryOfColumns,
  checkCodes,
  codeSize,
  deadAfter,
  dictionaryLayout,
  dictionaryPresets,
  dictionarySchedule,
  family,
  layers,
} from './params.ts'

export const saeTopK = defineModel({
  id: 'sae-topk',
  version: 2,
  title: 'Sparse autoencoder (TopK)',
  summary: 'Describes every row by a few of many directions: a dictionary learned from the data.',
  ...family,
  useWhen: 'Rows are mixtures of a few things out of many, and each thing shall have a code of its own that can be named and searched.',
  avoidWhen: 'A map or a clustering wants few numbers per row, or there are less rows than codes; take an autoencoder or PCA.',
  paper:
    'Gao et al. 2024, Scaling and evaluating sparse autoencoders, arXiv 2406.04093; Makhzani & Frey 2013, k-sparse autoencoders, arXiv 1312.5663',
  params: z.object({
    codeSize: codeSize(256),
    k: activeCodes(8),
    multiTopK: z.boolean().default(false).meta({
      title: 'Good with more codes too',
      paperTerm: 'Multi-TopK',
      group: layers,
      advanced: true,
      description: 'Also rewards reconstructions from four times as many codes, so that the order of codes carries on beyond k.',
    }),
    deadAfter,
    ...auxiliaryOfColumns,
    epochs: epochs(50),
    batchSize: batchSize(256),
    learningRate: learningRate(0.003),
    ...dictionarySchedule,
  }),
  presets: dictionaryPresets('k'),

  build({ codeSize: M, k, multiTopK, deadAfter: silentRows, auxiliaryWeight, ...params }, D) {
    checkCodes(k, M, params.batchSize)
    const auxiliaryK = auxiliaryKOf(params.auxiliaryK, M, D)
    const codesOf = (x: Tensor2D, w: TensorMap, count: number): Codes => topCodes(x, w, w.encoderBias, count)

    return {
      kind: 'gradient',
      stages: [
        {
          layout: dictionaryLayout(params, M, D, k),
          learningRate: params.learningRate,
          trains: ['encoder', 'encoderBias', 'decoder', 'preBias'],
          unitRows: ['decoder'],
          initialWeights: (initialiser, rows) => firstDictionary(initialiser, rows, M, D),
          buffers: { rowsSilent: { shape: [M], values: new Float32Array(M) } },

          loss(x, w, noise, { buffers }) {
            const codes = codesOf(x, w, k)
            const recon = decodedCodes(codes, w)
            const reconstruction = shareOfSpread(x, recon)
            if (!noise) return totalOf({ reconstruction })
            const fired = codeSums({ values: stopGradient(codes.values), index: codes.index }, M)
            const silent = silentAfter(fired, buffers.rowsSilent, x.shape[0])
            return {
              ...totalOf({
                reconstruction,
                ...(multiTopK && {
                  'four times k': mul(1 / 8, shareOfSpread(x, decodedCodes(codesOf(x, w, Math.min(M, 4 * k)), w))),
                }),
                ...(auxiliaryWeight > 0 && {
                  auxiliary: deadLatentsLoss(x, recon, greater(silent, silentRows), w, auxiliaryK, auxiliaryWeight),
                }),
              }),
              buffers: { rowsSilent: silent },
            }
          },
        },
      ],
      encode: (x, w) => denseCodes(codesOf(x, w, k), M),
      decode: decoded,
    }
  },
})
