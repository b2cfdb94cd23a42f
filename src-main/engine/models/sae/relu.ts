/**
 * Sparse autoencoder with ReLU and an L1 penalty: Cunningham et al. 2023, arXiv 2309.08600; Bricken et al. 2023, Towards Monosemanticity
 *
 *   f = ReLU(W_enc (x − b_pre) + b_enc)                       x̂ = W_decᵀ f + b_pre
 *   L(x) = ‖x − x̂‖² + λ ‖f‖₁                                  mean over the batch
 *
 * Rows of W_dec have length one: what of a gradient would change a length is taken away, each step ends on the sphere. After passes
 * chosen by `resamplings`, latents that have not fired for `deadAfter` rows begin anew: their direction becomes that of a row that is
 * badly rebuilt, drawn by its squared loss, its encoder a fifth as long as the mean of those alive, its bias zero.
 *
 * Otherwise than in the papers: λ is led to the wanted number of codes per row (`targetCodes`) by a controller, since a useful λ depends
 * on the scale of the data; that number falls to the wanted one over the first three tenths of the steps (pullScalars in dictionary.ts).
 * The step size falls along a cosine. The rows that dead latents are sent to come from the sample that the centre is computed from (at
 * most 2048), not from 819 200. Held-out rows are judged by their share of spread, raised where they exceed the wanted number of codes.
 *
 * Shapes: see dictionary.ts. λ [] carried from step to step
 */
import { mean, mul, relu, type Scalar, squaredDifference, sum, type Tensor2D } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { totalOf } from '../../losses/terms.ts'
import { defineModel } from '../define.ts'
import { decoded, firstDictionary, heldOutError, preActivation, pullBuffers, pullBuffersAfter, pullScalars } from './dictionary.ts'
import { checkCodes, dictionaryLayout, dictionaryPresets, family, pulledParams } from './params.ts'
import { rectifiedCode, resample } from './resample.ts'

export const saeRelu = defineModel({
  id: 'sae-relu',
  version: 2,
  title: 'Sparse autoencoder (ReLU + L1)',
  summary: 'A dictionary whose codes are pushed to zero by their size: the first of its kind, and the one most papers compare with.',
  ...family,
  useWhen: 'Rows may use very different numbers of codes, or results shall be compared with published ReLU dictionaries.',
  avoidWhen: 'The rows shall be rebuilt well: the penalty shrinks every code; TopK and JumpReLU rebuild more with as few codes.',
  paper:
    'Cunningham et al. 2023, Sparse autoencoders find highly interpretable features in language models, arXiv 2309.08600; Bricken et al. 2023, Towards monosemanticity',
  params: z.object(pulledParams('the sum of codes')),
  presets: dictionaryPresets('targetCodes'),

  build({ codeSize: M, targetCodes: target, pull, resamplings: times, ...params }, D) {
    checkCodes(target, M, params.batchSize)
    const codesOf = (x: Tensor2D, w: Parameters<typeof preActivation>[1]): Tensor2D => relu(preActivation(x, w))
    return {
      kind: 'gradient',
      stages: [
        {
          layout: dictionaryLayout(params, M, D, target),
          learningRate: params.learningRate,
          trains: ['encoder', 'encoderBias', 'decoder', 'preBias'],
          unitRows: ['decoder'],
          initialWeights: (initialiser, rows) => firstDictionary(initialiser, rows, M, D),
          buffers: pullBuffers(M, pull),
          scalars: (step, steps) => pullScalars(step, steps, target, M),
          revise: (given) => resample(given, { times, deadAfter: params.deadAfter, D, code: rectifiedCode }),

          loss(x, w, noise, { buffers, scalars }) {
            const f = codesOf(x, w)
            const recon = decoded(f, w)
            if (!noise) return totalOf({ reconstruction: heldOutError(x, recon, f, target) })
            const reconstruction: Scalar = mean(sum(squaredDifference(x, recon), 1))
            const sizes: Scalar = mean(sum(f, 1))
            return {
              ...totalOf({ reconstruction, sparsity: mul(mul(buffers.pull, scalars.warmth), sizes) }),
              buffers: pullBuffersAfter(f, buffers, scalars, target),
            }
          },
        },
      ],
      encode: codesOf,
      decode: decoded,
    }
  },
})
