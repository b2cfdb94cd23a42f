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
 * spread of the batch, as its code does for the auxiliary loss, so that no number has to be known before; rows stand for tokens.
 * Held-out rows are judged by E(x, x̂) alone.
 *
 * Only the product x W_encᵀ touches all latents, see compute/sparse/ops.ts.
 * Shapes: B batch, D columns, M latents.  x, x̂, e [B, D] · W_enc, W_dec [M, D] · b_enc [M] · b_pre [D] · code [B, M]
 */
import {
  add,
  cast,
  fill,
  greater,
  matMul,
  max,
  mul,
  type Scalar,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { type Codes, codeSums, denseCodes, sparseDecode, sparseEncode } from '../compute/sparse/ops.ts'
import { stopGradient } from '../compute/special/gradientFlow.ts'
import { geometricMedian } from '../layers/geometricMedian.ts'
import { shareOfSpread } from '../losses/reconstruction.ts'
import { totalOf } from '../losses/terms.ts'
import { defineModel, type TensorMap, type Weight } from './define.ts'
import { batchSize, epochs, learningRate, schedule } from './training.ts'

const [layers, alive] = ['Layers', 'Dead codes']

/** A bias that keeps a latent out of every choice. */
const never = -1e30

export const saeTopK = defineModel({
  id: 'sae-topk',
  version: 1,
  title: 'Sparse autoencoder (TopK)',
  summary: 'Describes every row by a few of many directions: a dictionary learned from the data.',
  group: 'Sparse codes that can be read',
  useWhen: 'Rows are mixtures of a few things out of many, and each thing shall have a code of its own that can be named and searched.',
  avoidWhen: 'A map or a clustering wants few numbers per row, or there are less rows than codes; take an autoencoder or PCA.',
  paper:
    'Gao et al. 2024, Scaling and evaluating sparse autoencoders, arXiv 2406.04093; Makhzani & Frey 2013, k-sparse autoencoders, arXiv 1312.5663',
  fits: ['raster', 'table', 'cells', 'embedding', 'series'],
  params: z.object({
    codeSize: z.int().min(2).max(131_072).default(256).meta({
      title: 'Codes to choose from',
      paperTerm: 'number of latents n',
      group: layers,
      description: 'Size of the dictionary. Usually several times the number of columns.',
    }),
    k: z.int().min(1).max(4096).default(8).meta({
      title: 'Codes per row',
      paperTerm: 'k, active latents (L0)',
      group: layers,
      description: 'How many codes of the dictionary a row may use; all others are zero.',
    }),
    multiTopK: z.boolean().default(false).meta({
      title: 'Good with more codes too',
      paperTerm: 'Multi-TopK',
      group: layers,
      advanced: true,
      description: 'Also rewards reconstructions from four times as many codes, so that the order of codes carries on beyond k.',
    }),
    deadAfter: z.int().min(1).max(10_000_000).default(20_000).meta({
      title: 'Dead after',
      unit: 'rows',
      paperTerm: 'dead latent threshold',
      group: alive,
      advanced: true,
      description: 'A code that was not used by any row for so long counts as dead and is drawn to what is not yet explained.',
    }),
    auxiliaryK: z.int().min(1).max(4096).nullable().default(null).meta({
      title: 'Dead codes per row',
      paperTerm: 'k_aux',
      group: alive,
      advanced: true,
      description: 'How many dead codes try to explain what is left of a row. Empty is half the number of columns, at most 512.',
    }),
    auxiliaryWeight: z
      .number()
      .min(0)
      .max(10)
      .default(1 / 32)
      .meta({
        title: 'Pull on dead codes',
        paperTerm: 'AuxK coefficient α',
        group: alive,
        advanced: true,
        description: 'Weight of that attempt in the loss. 0 leaves dead codes dead.',
      }),
    epochs: epochs(50),
    batchSize: batchSize(256),
    learningRate: learningRate(0.001),
    ...schedule,
  }),
  presets: [
    { id: 'default', title: 'Balanced', summary: 'Eight of 256 codes per row. Tables of ten to a hundred columns.', params: {} },
    {
      id: 'scene',
      title: 'Scene',
      summary: 'Four of 64 codes per pixel: materials and their mixtures.',
      params: { codeSize: 64, k: 4, epochs: 20 },
      scaling: 'z-score',
    },
    {
      id: 'cells',
      title: 'Cells',
      summary: '32 of 1024 codes per cell: programs of genes.',
      params: { codeSize: 1024, k: 32 },
      scaling: 'z-score',
    },
    {
      id: 'embedding',
      title: 'Embeddings',
      summary: '32 of 4096 codes per row: vectors of some hundred columns, from ten thousand rows on.',
      params: { codeSize: 4096, k: 32, batchSize: 1024, learningRate: 0.0005, deadAfter: 100_000 },
    },
  ],

  build({ codeSize: M, k, multiTopK, deadAfter, auxiliaryWeight, ...params }, D) {
    if (k > M) {
      throw new StratumError('PARAMETER_INVALID', `A row cannot use ${k} of ${M} codes.`, `Choose at most ${M} codes per row.`, {
        parameter: 'k',
        codes: M,
      })
    }
    if (params.batchSize < 2) {
      throw new StratumError(
        'PARAMETER_INVALID',
        'A step of one row has no spread that its error could be compared with.',
        'Choose at least 2 rows per step, better some hundreds.',
        { parameter: 'batchSize' },
      )
    }
    const auxiliaryK = Math.min(M, params.auxiliaryK ?? Math.min(512, Math.ceil(D / 2)))

    const codesOf = (x: Tensor2D, w: TensorMap, bias: Tensor, k: number): Codes =>
      sparseEncode(sub<Tensor2D>(x, w.preBias), w.encoder as Tensor2D, bias as Tensor1D, k)
    const decoded = (codes: Codes, w: TensorMap): Tensor2D => add(sparseDecode(codes, w.decoder as Tensor2D), w.preBias)

    /** 1/32 · E(e, ê) */
    function auxiliary(x: Tensor2D, recon: Tensor2D, dead: Tensor, w: TensorMap): Scalar {
      const ofDead = codesOf(x, w, where(dead, w.encoderBias, fill([M], never)), auxiliaryK)
      const error = stopGradient(sub<Tensor2D>(x, recon))
      const anyDead = max<Scalar>(cast(dead, 'float32'))
      return mul(mul(auxiliaryWeight, anyDead), shareOfSpread(error, sparseDecode(ofDead, w.decoder as Tensor2D)))
    }

    return {
      kind: 'gradient',
      stages: [
        {
          layout: {
            title: 'Sparse autoencoder',
            widths: [D, M, D],
            code: 1,
            epochs: params.epochs,
            batchSize: params.batchSize,
            activeCodes: k,
          },
          learningRate: params.learningRate,
          trains: ['encoder', 'encoderBias', 'decoder', 'preBias'],
          unitRows: ['decoder'],
          initialWeights(initialiser, rows) {
            const directions = unitRows(initialiser.lecunNormal('decoder', [M, D]), D)
            const middle = rows && { shape: [D], values: Float32Array.from(geometricMedian(rows.values, rows.n, D)) }
            return {
              encoder: { shape: [M, D], values: directions.values.slice() },
              encoderBias: initialiser.constant([M], 0),
              decoder: directions,
              preBias: middle ?? initialiser.constant([D], 0),
            }
          },
          buffers: { rowsSilent: { shape: [M], values: new Float32Array(M) } },

          loss(x, w, noise, { buffers }) {
            const codes = codesOf(x, w, w.encoderBias, k)
            const recon = decoded(codes, w)
            const reconstruction = shareOfSpread(x, recon)
            if (!noise) return totalOf({ reconstruction })

            const fired = greater(codeSums({ values: stopGradient(codes.values), index: codes.index }, M), 0)
            const silent = where(fired, zerosLike(buffers.rowsSilent), add(buffers.rowsSilent, x.shape[0]))
            return {
              ...totalOf({
                reconstruction,
                ...(multiTopK && {
                  'four times k': mul(1 / 8, shareOfSpread(x, decoded(codesOf(x, w, w.encoderBias, Math.min(M, 4 * k)), w))),
                }),
                ...(auxiliaryWeight > 0 && { auxiliary: auxiliary(x, recon, greater(silent, deadAfter), w) }),
              }),
              buffers: { rowsSilent: silent },
            }
          },
        },
      ],
      encode: (x, w) => denseCodes(codesOf(x, w, w.encoderBias, k), M),
      decode: (f, w) => add(matMul(f, w.decoder as Tensor2D), w.preBias),
    }
  },
})

function unitRows({ shape, values }: Weight, d: number): Weight {
  const unit = values.slice()
  for (let at = 0; at < unit.length; at += d) {
    const row = unit.subarray(at, at + d)
    const length = Math.sqrt(row.reduce((sum, w) => sum + w * w, 0))
    for (let j = 0; j < d; j++) row[j] /= length
  }
  return { shape, values: unit }
}
