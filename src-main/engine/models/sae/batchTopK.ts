/**
 * BatchTopK sparse autoencoder: Bussmann et al. 2024, arXiv 2412.06410
 *
 *   f = the k·B largest codes of the whole batch of ReLU(π), all others zero          x̂ = W_decᵀ f + b_pre
 *   L(x) = E(x, x̂) + α E(e, ê)                                                       as sae-topk, see topK.ts
 *   afterwards  f = π ⊙ H(π − θ),  θ the running mean of the least code that a batch kept
 *
 * So a row may use more codes where it needs them, and k is met on average.
 *
 * Otherwise than in the paper: a row uses at most 8k codes, so that the choice is among B · 8k numbers instead of B · M; k_aux = k and
 * α = 1/4 instead of half the columns and 1/32, with which a small dictionary misses a twelfth of known directions, because its few dead
 * latents share what is left among all of them; the step size falls along a cosine. Held-out rows are judged with θ, as they are encoded.
 *
 * Shapes: see dictionary.ts. θ []
 */
import {
  add,
  cast,
  greater,
  greaterEqual,
  maximum,
  mul,
  relu,
  reshape,
  type Scalar,
  slice,
  sub,
  type Tensor,
  type Tensor2D,
  topk,
} from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { type Codes, codeSums } from '../../compute/sparse/ops.ts'
import { stopGradient } from '../../compute/special/gradientFlow.ts'
import { shareOfSpread } from '../../losses/reconstruction.ts'
import { totalOf } from '../../losses/terms.ts'
import { defineModel, type TensorMap } from '../define.ts'
import { batchSize, epochs, learningRate } from '../training.ts'
import {
  deadLatentsLoss,
  decoded,
  decodedCodes,
  firstDictionary,
  heldOutError,
  preActivation,
  silentAfter,
  topCodes,
} from './dictionary.ts'
import {
  activeCodes,
  auxiliary,
  checkCodes,
  codeSize,
  deadAfter,
  dictionaryLayout,
  dictionaryPresets,
  dictionarySchedule,
  family,
} from './params.ts'

const mostTimesK = 8
/** Share of θ that is replaced by that of a step, once there were a hundred: until then θ is their mean, so that a short training has one too. */
const forgetting = 0.01

/** The least of the `count` largest of all codes, without a gradient; at least 0. */
function leastKept({ values }: Codes, count: number): Scalar {
  const all = reshape(stopGradient<Tensor>(values), [1, -1])
  return reshape(slice(topk(all, count).values, [0, count - 1], [1, 1]), [])
}

export const batchTopK = defineModel({
  id: 'batch-topk',
  version: 4,
  title: 'Sparse autoencoder (BatchTopK)',
  summary: 'TopK for the batch as a whole: hard rows use more codes than easy ones.',
  ...family,
  useWhen: 'Rows differ in how much is in them, and k codes shall be enough on average.',
  avoidWhen: 'Every row shall be described by exactly k codes, or steps are of few rows.',
  paper: 'Bussmann, Leask & Nanda 2024, BatchTopK sparse autoencoders, arXiv 2412.06410',
  params: z.object({
    codeSize: codeSize(256),
    k: activeCodes(8),
    deadAfter,
    ...auxiliary('the number of codes per row', 1 / 4),
    epochs: epochs(50),
    batchSize: batchSize(256),
    learningRate: learningRate(0.003),
    ...dictionarySchedule,
  }),
  presets: dictionaryPresets('k', { onAverage: true }),

  build({ codeSize: M, k, deadAfter: silentRows, auxiliaryWeight, ...params }, D) {
    checkCodes(k, M, params.batchSize)
    const auxiliaryK = Math.min(M, params.auxiliaryK ?? k)
    const mostPerRow = Math.min(M, mostTimesK * k)

    function above(x: Tensor2D, w: TensorMap, threshold: Tensor): Tensor2D {
      const codes = relu(preActivation(x, w))
      return mul(codes, cast(greater(stopGradient(codes), threshold), 'float32'))
    }

    return {
      kind: 'gradient',
      stages: [
        {
          layout: dictionaryLayout(params, M, D, k),
          learningRate: params.learningRate,
          trains: ['encoder', 'encoderBias', 'decoder', 'preBias'],
          unitRows: ['decoder'],
          initialWeights: (initialiser, rows) => ({
            ...firstDictionary(initialiser, rows, M, D),
            threshold: initialiser.constant([], 0),
          }),
          buffers: {
            rowsSilent: { shape: [M], values: new Float32Array(M) },
            threshold: { shape: [], values: new Float32Array(1) },
          },
          keeps: ['threshold'],
          scalars: (step) => ({ forgotten: Math.max(forgetting, 1 / (step + 1)) }),

          loss(x, w, noise, { buffers, scalars: { forgotten } }) {
            if (!noise) {
              const f = above(x, w, buffers.threshold)
              return totalOf({ reconstruction: heldOutError(x, decoded(f, w), f, k) })
            }
            const candidates = topCodes(x, w, w.encoderBias, mostPerRow)
            const least = leastKept(candidates, Math.min(k, mostPerRow) * x.shape[0])
            const kept = cast(greaterEqual(stopGradient<Tensor>(candidates.values), maximum(least, 1e-30)), 'float32')
            const codes = { values: mul<Tensor2D>(candidates.values, kept), index: candidates.index }
            const recon = decodedCodes(codes, w)
            const silent = silentAfter(codeSums({ ...codes, values: stopGradient(codes.values) }, M), buffers.rowsSilent, x.shape[0])
            return {
              ...totalOf({
                reconstruction: shareOfSpread(x, recon),
                ...(auxiliaryWeight > 0 && {
                  auxiliary: deadLatentsLoss(x, recon, greater(silent, silentRows), w, auxiliaryK, auxiliaryWeight),
                }),
              }),
              buffers: {
                rowsSilent: silent,
                threshold: add(buffers.threshold, mul(forgotten, sub(least, buffers.threshold))),
              },
            }
          },
        },
      ],
      encode: (x, w) => above(x, w, w.threshold),
      decode: decoded,
    }
  },
})
