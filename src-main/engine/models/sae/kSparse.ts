/**
 * k-sparse autoencoder: Makhzani & Frey 2013, arXiv 1312.5663
 *
 *   z = W x + b            z_S = the k largest of z, all others zero            x̂ = Wᵀ z_S + b′            L = ‖x − x̂‖²
 *
 * The code is linear, the weights of both ways are one. Afterwards αk codes are kept instead of k, which the paper found to help
 * classifiers (α about 3). k falls from `firstK` over the first half of the steps, so that all latents learn before few are chosen.
 *
 * Otherwise than in the paper: codes below zero are never kept, which for k ≪ M are hardly ever among the largest. Adam with a step size
 * that falls along a cosine, instead of gradient descent with momentum.
 *
 * Shapes: B batch, D columns, M latents.  x, x̂ [B, D] · W [M, D] · b [M] · b′ [D] · z [B, M]
 */
import {
  add,
  cast,
  less,
  matMul,
  mean,
  mul,
  range,
  type Scalar,
  squaredDifference,
  sum,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { type Codes, denseCodes, sparseDecode, sparseEncode } from '../../compute/sparse/ops.ts'
import { totalOf } from '../../losses/terms.ts'
import { defineModel, type TensorMap } from '../define.ts'
import { batchSize, epochs, learningRate } from '../training.ts'
import { activeCodes, checkCodes, codeSize, dictionarySchedule, family, layers } from './params.ts'

export const kSparse = defineModel({
  id: 'k-sparse',
  version: 2,
  title: 'k-sparse autoencoder',
  summary: 'The plainest of sparse codes: one layer there and the same one back, of which the k largest codes are kept.',
  ...family,
  useWhen: 'Codes shall feed a simple classifier, or the plainest sparse model is wanted as a yardstick.',
  avoidWhen: 'The dictionary is large: without a remedy many of its codes die. Take TopK then.',
  paper: 'Makhzani & Frey 2013, k-sparse autoencoders, arXiv 1312.5663',
  params: z.object({
    codeSize: codeSize(256),
    k: activeCodes(8),
    alpha: z.number().min(1).max(10).default(1).meta({
      title: 'Codes kept afterwards',
      unit: 'times k',
      paperTerm: 'α',
      group: layers,
      description: 'How many times k codes a row keeps when it is encoded. The paper takes 3 for classifiers.',
    }),
    firstK: z.int().min(1).max(4096).nullable().default(null).meta({
      title: 'Codes per row at first',
      paperTerm: 'k schedule',
      group: layers,
      advanced: true,
      description: 'From how many codes k falls over the first half of the steps. Empty is four times k.',
    }),
    epochs: epochs(50),
    batchSize: batchSize(128),
    learningRate: learningRate(0.003),
    ...dictionarySchedule,
  }),
  presets: [
    { id: 'default', title: 'Balanced', summary: 'Eight of 256 codes per row.', params: {} },
    {
      id: 'classifier',
      title: 'For classifiers',
      summary: 'Ten of 512 codes, from a thousand rows on: a linear classifier tells more from them than from the columns.',
      params: { codeSize: 512, k: 10, epochs: 200 },
    },
  ],

  build({ codeSize: M, k, alpha, ...params }, D) {
    checkCodes(k, M, params.batchSize)
    const firstK = Math.min(M, Math.max(k, params.firstK ?? 4 * k))
    const afterwards = Math.min(M, Math.round(alpha * k))
    const codesOf = (x: Tensor2D, w: TensorMap, count: number): Codes =>
      sparseEncode(x, w.encoder as Tensor2D, w.encoderBias as Tensor1D, count)
    const error = (x: Tensor2D, codes: Codes, w: TensorMap): Scalar =>
      mean(sum(squaredDifference(x, add<Tensor2D>(sparseDecode(codes, w.encoder as Tensor2D), w.decoderBias)), 1))

    return {
      kind: 'gradient',
      stages: [
        {
          layout: {
            title: 'k-sparse autoencoder',
            widths: [D, M, D],
            code: 1,
            epochs: params.epochs,
            batchSize: params.batchSize,
            activeCodes: afterwards,
          },
          learningRate: params.learningRate,
          trains: ['encoder', 'encoderBias', 'decoderBias'],
          initialWeights: (initialiser) => ({
            encoder: initialiser.lecunNormal('encoder', [M, D]),
            encoderBias: initialiser.constant([M], 0),
            decoderBias: initialiser.constant([D], 0),
          }),
          scalars: (step, steps) => ({ k: k + Math.max(0, (firstK - k) * (1 - (2 * step) / steps)) }),

          loss(x, w, noise, { scalars }) {
            if (!noise) return totalOf({ reconstruction: error(x, codesOf(x, w, k), w) })
            const { values, index } = codesOf(x, w, firstK)
            const isKept = cast(less(range(0, firstK), scalars.k), 'float32')
            return totalOf({ reconstruction: error(x, { values: mul<Tensor2D>(values, isKept), index }, w) })
          },
        },
      ],
      encode: (x, w) => denseCodes(codesOf(x, w, afterwards), M),
      decode: (f, w) => add(matMul(f, w.encoder as Tensor2D), w.decoderBias),
    }
  },
})
