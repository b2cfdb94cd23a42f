/**
 * Gated sparse autoencoder: Rajamanoharan et al. 2024, arXiv 2404.16014
 *
 *   π = W_gate (x − b_pre) + b_gate           f = H(π) ⊙ ReLU(W_mag (x − b_pre) + b_mag),  W_mag = exp(r) ⊙ W_gate by rows
 *   x̂ = W_decᵀ f + b_pre
 *   L(x) = ‖x − x̂‖² + λ ‖ReLU(π)‖₁ + ‖x − x̂_frozen(ReLU(π))‖²          x̂_frozen decodes without a gradient for W_dec and b_pre
 *
 * Whether a code is used is decided apart from how large it is, so the penalty shrinks no code.
 *
 * Otherwise than in the paper: λ is led to the wanted number of codes per row by a controller, and that number falls to the wanted one
 * over the first three tenths of the steps (pullScalars in dictionary.ts). The step size falls along a cosine. Held-out rows are judged
 * by their share of spread, raised where they exceed the wanted number of codes. A gate that does not open learns nothing, so dead latents
 * begin anew as those of sae-relu do (resample.ts), with r and b_mag at zero.
 *
 * Shapes: see dictionary.ts; W_gate is `encoder`, b_gate `encoderBias`. r, b_mag [M]
 */
import {
  add,
  cast,
  exp,
  greater,
  matMul,
  mean,
  mul,
  relu,
  type Scalar,
  squaredDifference,
  sub,
  sum,
  type Tensor2D,
} from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { stopGradient } from '../../compute/special/gradientFlow.ts'
import { totalOf } from '../../losses/terms.ts'
import { defineModel, type TensorMap } from '../define.ts'
import { decoded, firstDictionary, heldOutError, pullBuffers, pullBuffersAfter, pullScalars } from './dictionary.ts'
import { checkCodes, dictionaryLayout, dictionaryPresets, family, pulledParams } from './params.ts'
import { type ResampleRule, resample } from './resample.ts'

/** ReLU(π) and f share one product with W_gate. */
function gated(x: Tensor2D, w: TensorMap): { readonly gates: Tensor2D; readonly f: Tensor2D } {
  const product = matMul(sub<Tensor2D>(x, w.preBias), w.encoder as Tensor2D, false, true)
  const pi = add<Tensor2D>(product, w.encoderBias)
  const size = relu(add<Tensor2D>(mul(product, exp(w.logGain)), w.sizeBias))
  return { gates: relu(pi), f: mul(cast(greater(stopGradient(pi), 0), 'float32'), size) }
}

/** f of one latent. */
const gatedCode: ResampleRule['code'] = (product, latent, { encoderBias, logGain, sizeBias }) =>
  product + encoderBias.values[latent] > 0 ? Math.max(0, product * Math.exp(logGain.values[latent]) + sizeBias.values[latent]) : 0

export const saeGated = defineModel({
  id: 'sae-gated',
  version: 3,
  title: 'Sparse autoencoder (gated)',
  summary: 'A dictionary that decides apart whether a code is used and how large it is.',
  ...family,
  useWhen: 'Results shall be compared with published gated dictionaries, or a penalty is wanted that shrinks no code.',
  avoidWhen: 'Nothing speaks for it in particular: TopK and JumpReLU reach as much with less.',
  paper: 'Rajamanoharan et al. 2024, Improving dictionary learning with gated sparse autoencoders, arXiv 2404.16014',
  params: z.object(pulledParams('the gates')),
  presets: [
    ...dictionaryPresets('targetCodes'),
    {
      id: 'long',
      title: 'Thorough',
      summary: 'More than twice the passes: gates settle late.',
      params: { epochs: 120 },
    },
  ],

  build({ codeSize: M, targetCodes: target, pull, resamplings: times, ...params }, D) {
    checkCodes(target, M, params.batchSize)
    const squaredError = (x: Tensor2D, recon: Tensor2D): Scalar => mean(sum(squaredDifference(x, recon), 1))
    return {
      kind: 'gradient',
      stages: [
        {
          layout: dictionaryLayout(params, M, D, target),
          learningRate: params.learningRate,
          trains: ['encoder', 'encoderBias', 'decoder', 'preBias', 'logGain', 'sizeBias'],
          unitRows: ['decoder'],
          initialWeights: (initialiser, rows) => ({
            ...firstDictionary(initialiser, rows, M, D),
            logGain: initialiser.constant([M], 0),
            sizeBias: initialiser.constant([M], 0),
          }),
          buffers: pullBuffers(M, pull),
          scalars: (step, steps) => pullScalars(step, steps, target, M),
          revise: (given) => resample(given, { times, deadAfter: params.deadAfter, D, code: gatedCode, zeroed: ['logGain', 'sizeBias'] }),

          loss(x, w, noise, { buffers, scalars }) {
            const { gates, f } = gated(x, w)
            const recon = decoded(f, w)
            if (!noise) return totalOf({ reconstruction: heldOutError(x, recon, f, target) })
            const frozen = { decoder: stopGradient(w.decoder), preBias: stopGradient(w.preBias) }
            return {
              ...totalOf({
                reconstruction: squaredError(x, recon),
                sparsity: mul(mul(buffers.pull, scalars.warmth), mean(sum(gates, 1))),
                gates: squaredError(x, decoded(gates, frozen)),
              }),
              buffers: pullBuffersAfter(f, buffers, scalars, target),
            }
          },
        },
      ],
      encode: (x, w) => gated(x, w).f,
      decode: decoded,
    }
  },
})
