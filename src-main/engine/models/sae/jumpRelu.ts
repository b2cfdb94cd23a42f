/**
 * JumpReLU sparse autoencoder: Rajamanoharan et al. 2024, arXiv 2407.14435
 *
 *   π = ReLU(W_enc (x − b_pre) + b_enc)      f = π ⊙ H(π − θ),  θ = exp(t)         x̂ = W_decᵀ f + b_pre
 *   L(x) = E(x, x̂) + λ S(f)                  E(x, x̂) = Σ(x − x̂)² / Σ(x − x̄)²,  x̄ the mean row
 *   S = (‖f‖₀ / L0 − 1)²  where a number of codes L0 is wanted (their appendix), else  ‖f‖₀
 *
 * Thresholds learn through straight-through gradients over a band of width ε (compute/special/jumpRelu.ts). λ grows over the first
 * tenth of the steps.
 *
 * Otherwise than in the paper: errors are divided by the spread of the batch, where the paper scales the data to mean length one before; ε
 * and first thresholds are given for columns of spread one. Rows of W_dec keep length one by projection. Held-out rows are judged by
 * their share of spread, times how far they exceed the wanted number of codes.
 *
 * Shapes: see dictionary.ts. t, θ [M]
 */
import { div, exp, mean, mul, relu, type Scalar, square, sub, sum, type Tensor2D } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { jumpRelu, stepAbove } from '../../compute/special/jumpRelu.ts'
import { shareOfSpread } from '../../losses/reconstruction.ts'
import { totalOf } from '../../losses/terms.ts'
import { defineModel, type TensorMap } from '../define.ts'
import { batchSize, epochs, learningRate, schedule } from '../training.ts'
import {
  checkCodes,
  codeSize,
  decoded,
  firstDictionary,
  fits,
  group,
  heldOutError,
  preActivation,
  sparsity,
  targetCodes,
} from './dictionary.ts'

const warmUp = 0.1

export const saeJumpRelu = defineModel({
  id: 'sae-jumprelu',
  version: 1,
  title: 'Sparse autoencoder (JumpReLU)',
  summary: 'A dictionary in which every code has its own threshold, learned with it.',
  group,
  useWhen: 'Rows may use different numbers of codes, and codes shall keep their full size. Thresholds make each code easy to reason about.',
  avoidWhen: 'Every row shall have the same number of codes, or training has to be short: TopK learns faster.',
  paper: 'Rajamanoharan et al. 2024, Jumping ahead: improving reconstruction fidelity with JumpReLU sparse autoencoders, arXiv 2407.14435',
  fits,
  params: z.object({
    codeSize: codeSize(256),
    targetCodes: targetCodes(8, 'thresholds rise or fall until it is so.'),
    pull: z.number().positive().max(1e6).default(0.1).meta({
      title: 'Pull to sparsity',
      paperTerm: 'sparsity coefficient λ',
      group: sparsity,
      description: 'Weight of the number of codes in the loss.',
    }),
    bandwidth: z.number().positive().max(10).default(0.1).meta({
      title: 'Width of the band',
      paperTerm: 'KDE bandwidth ε',
      group: sparsity,
      advanced: true,
      description: 'How near to a threshold codes must lie to move it. Wider bands learn thresholds faster and less exactly.',
    }),
    firstThreshold: z.number().positive().max(10).default(0.1).meta({
      title: 'First threshold',
      paperTerm: 'initial θ',
      group: sparsity,
      advanced: true,
      description: 'Where every threshold starts, for columns of spread one.',
    }),
    epochs: epochs(50),
    batchSize: batchSize(256),
    learningRate: learningRate(0.001),
    ...schedule,
  }),
  presets: [
    { id: 'default', title: 'Balanced', summary: 'About eight of 256 codes per row. Tables of ten to a hundred columns.', params: {} },
    {
      id: 'long',
      title: 'Thorough',
      summary: 'Twice the passes: thresholds settle late.',
      params: { epochs: 120, learningRateSchedule: 'cosine' },
    },
    {
      id: 'embedding',
      title: 'Embeddings',
      summary: 'About 32 of 4096 codes per row: vectors of some hundred columns, from ten thousand rows on.',
      params: { codeSize: 4096, targetCodes: 32, batchSize: 1024, learningRate: 0.0005 },
    },
  ],

  build({ codeSize: M, targetCodes: target, pull, bandwidth, firstThreshold, ...params }, D) {
    checkCodes(target, M, params.batchSize)
    const thresholds = (w: TensorMap): Tensor2D => exp(w.logThreshold as Tensor2D)
    const codesOf = (x: Tensor2D, w: TensorMap): Tensor2D => jumpRelu(relu(preActivation(x, w)), thresholds(w), bandwidth) as Tensor2D
    return {
      kind: 'gradient',
      stages: [
        {
          layout: { title: 'Sparse autoencoder', widths: [D, M, D], code: 1, epochs: params.epochs, batchSize: params.batchSize },
          learningRate: params.learningRate,
          trains: ['encoder', 'encoderBias', 'decoder', 'preBias', 'logThreshold'],
          unitRows: ['decoder'],
          initialWeights: (initialiser, rows) => ({
            ...firstDictionary(initialiser, rows, M, D),
            logThreshold: initialiser.constant([M], Math.log(firstThreshold)),
          }),
          scalars: (step, steps) => ({ warmth: Math.min(1, (step + 1) / Math.max(1, warmUp * steps)) }),

          loss(x, w, noise, { scalars }) {
            const f = codesOf(x, w)
            const recon = decoded(f, w)
            if (!noise) return totalOf({ reconstruction: heldOutError(x, recon, f, target) })
            const active = stepAbove(relu(preActivation(x, w)), thresholds(w), bandwidth) as Tensor2D
            const l0: Scalar = mean(sum(active, 1))
            const excess = target === null ? l0 : square(sub(div(l0, target), 1))
            return totalOf({ reconstruction: shareOfSpread(x, recon), sparsity: mul(mul(pull, scalars.warmth), excess) })
          },
        },
      ],
      encode: codesOf,
      decode: decoded,
    }
  },
})
