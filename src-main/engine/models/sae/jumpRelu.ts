/**
 * JumpReLU sparse autoencoder: Rajamanoharan et al. 2024, arXiv 2407.14435
 *
 *   π = ReLU(W_enc (x − b_pre) + b_enc)      f = π ⊙ H(π − θ),  θ = exp(t)         x̂ = W_decᵀ f + b_pre
 *   L(x) = E(x, x̂) + λ S(f)                  E(x, x̂) = Σ(x − x̂)² / Σ(x − x̄)²,  x̄ the mean row
 *   S = (‖f‖₀ / L0 − 1)²  where a number of codes L0 is wanted (their appendix), ‖f‖₀ the mean of the batch, else  ‖f‖₀
 *
 * Thresholds learn through straight-through gradients over a band of width ε (compute/special/jumpRelu.ts). λ grows over the first
 * tenth of the steps where no number is wanted.
 *
 * Otherwise than in the paper:
 *   - errors are divided by the spread of the batch, where the paper scales the data to mean length one before;
 *   - thresholds start where rows use L0 codes, and ε is a share of each threshold, instead of 0.001 for both: these hold for any scale
 *     of the data, and a few thousand steps do, where thresholds that start near zero lose a fifth of a known dictionary;
 *   - a part + α E(e, ê) is added, e and ê as in topK.ts, with k_aux = L0 and α = 1/4: a latent below its threshold learns nothing else
 *     (SynthSAEBench, arXiv 2602.14687, reports the same remedy). With half the columns as k_aux, dead latents share what is left among
 *     them in codes too small for any threshold;
 *   - rows of W_dec keep length one by projection; the step size falls along a cosine.
 * Held-out rows are judged by their share of spread, raised where they exceed the wanted number of codes.
 *
 * Shapes: see dictionary.ts. t, θ [M]
 */
import { div, exp, greater, mean, mul, relu, type Scalar, square, sub, sum, type Tensor2D } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { jumpRelu, stepAbove } from '../../compute/special/jumpRelu.ts'
import { shareOfSpread } from '../../losses/reconstruction.ts'
import { totalOf } from '../../losses/terms.ts'
import { defineModel, type RowSample, type TensorMap, type Weights } from '../define.ts'
import { batchSize, epochs, learningRate } from '../training.ts'
import { deadLatentsLoss, decoded, firstDictionary, heldOutError, preActivation, silentAfter } from './dictionary.ts'
import {
  auxiliary,
  checkCodes,
  codeSize,
  deadAfter,
  dictionaryLayout,
  dictionaryPresets,
  dictionarySchedule,
  firstPull,
  family,
  sparsity,
  targetCodes,
} from './params.ts'

const warmUp = 0.1
/** Codes per row that thresholds start from where no number is wanted. */
const usualCodes = 8

/** Products of a row with a direction that first thresholds are judged by, as numbers multiplied: 0.1 s of work. */
const mostProducts = 2 ** 27

/** The code that is exceeded by `count` codes per row, in rows spread over the sample; null where it is not positive. */
function exceededBy(count: number, { n, values }: RowSample, { encoder, preBias }: Weights): number | null {
  const [D, M] = [preBias.values.length, encoder.shape[0]]
  const taken = Math.max(1, Math.min(n, Math.floor(mostProducts / (M * D))))
  const codes = new Float32Array(taken * M)
  for (let i = 0; i < taken; i++) {
    const row = Math.floor((i * n) / taken) * D
    for (let m = 0; m < M; m++) {
      let code = 0
      for (let j = 0; j < D; j++) code += (values[row + j] - preBias.values[j]) * encoder.values[m * D + j]
      codes[i * M + m] = code
    }
  }
  codes.sort()
  const found = codes[Math.max(0, codes.length - 1 - Math.round(count * taken))]
  return found > 0 ? found : null
}

export const saeJumpRelu = defineModel({
  id: 'sae-jumprelu',
  version: 2,
  title: 'Sparse autoencoder (JumpReLU)',
  summary: 'A dictionary in which every code has its own threshold, learned with it.',
  ...family,
  useWhen: 'Rows may use different numbers of codes, and codes shall keep their full size. Thresholds make each code easy to reason about.',
  avoidWhen: 'Every row shall have the same number of codes, or training has to be short: TopK learns faster.',
  paper: 'Rajamanoharan et al. 2024, Jumping ahead: improving reconstruction fidelity with JumpReLU sparse autoencoders, arXiv 2407.14435',
  params: z.object({
    codeSize: codeSize(256),
    targetCodes: targetCodes(8, 'thresholds rise or fall until it is so.'),
    pull: firstPull('how far codes per row are from the number wanted', '; where none is wanted, of their number: about 0.001', 1),
    bandwidth: z.number().positive().max(1.9).default(1.5).meta({
      title: 'Width of the band',
      unit: 'times the threshold',
      paperTerm: 'KDE bandwidth ε',
      group: sparsity,
      advanced: true,
      description: 'How near to a threshold codes must lie to move it. Wider bands learn thresholds faster and less exactly.',
    }),
    firstThreshold: z.number().positive().max(1e6).nullable().default(null).meta({
      title: 'First threshold',
      paperTerm: 'initial θ',
      group: sparsity,
      advanced: true,
      description:
        'Where every threshold starts, in the units of the prepared columns. Empty is where rows use the wanted number of codes.',
    }),
    deadAfter,
    ...auxiliary('the number of codes wanted per row', 1 / 4),
    epochs: epochs(50),
    batchSize: batchSize(256),
    learningRate: learningRate(0.003),
    ...dictionarySchedule,
  }),
  presets: [
    ...dictionaryPresets('targetCodes'),
    {
      id: 'long',
      title: 'Thorough',
      summary: 'More than twice the passes: thresholds settle late.',
      params: { epochs: 120 },
    },
  ],

  build({ codeSize: M, targetCodes: target, pull, bandwidth, firstThreshold, deadAfter: silentRows, auxiliaryWeight, ...params }, D) {
    checkCodes(target, M, params.batchSize)
    const auxiliaryK = Math.min(M, params.auxiliaryK ?? Math.ceil(target ?? usualCodes))
    const width = { shareOfThreshold: bandwidth }
    const thresholds = (w: TensorMap): Tensor2D => exp(w.logThreshold as Tensor2D)
    const codesOf = (x: Tensor2D, w: TensorMap): Tensor2D => jumpRelu(relu(preActivation(x, w)), thresholds(w), width) as Tensor2D
    return {
      kind: 'gradient',
      stages: [
        {
          layout: dictionaryLayout(params, M, D, target),
          learningRate: params.learningRate,
          trains: ['encoder', 'encoderBias', 'decoder', 'preBias', 'logThreshold'],
          unitRows: ['decoder'],
          initialWeights: (initialiser, rows) => {
            const dictionary = firstDictionary(initialiser, rows, M, D)
            const first = firstThreshold ?? (rows && exceededBy(target ?? usualCodes, rows, dictionary)) ?? 1
            return { ...dictionary, logThreshold: initialiser.constant([M], Math.log(first)) }
          },
          buffers: { rowsSilent: { shape: [M], values: new Float32Array(M) } },
          scalars: (step, steps) => ({ warmth: target === null ? Math.min(1, (step + 1) / Math.max(1, warmUp * steps)) : 1 }),

          loss(x, w, noise, { buffers, scalars }) {
            const f = codesOf(x, w)
            const recon = decoded(f, w)
            if (!noise) return totalOf({ reconstruction: heldOutError(x, recon, f, target) })
            const active = stepAbove(relu(preActivation(x, w)), thresholds(w), width) as Tensor2D
            const l0: Scalar = mean(sum(active, 1))
            const excess = target === null ? l0 : square(sub(div(l0, target), 1))
            const silent = silentAfter(sum(f, 0), buffers.rowsSilent, x.shape[0])
            return {
              ...totalOf({
                reconstruction: shareOfSpread(x, recon),
                sparsity: mul(mul(pull, scalars.warmth), excess),
                ...(auxiliaryWeight > 0 && {
                  auxiliary: deadLatentsLoss(x, recon, greater(silent, silentRows), w, auxiliaryK, auxiliaryWeight),
                }),
              }),
              buffers: { rowsSilent: silent },
            }
          },
        },
      ],
      encode: codesOf,
      decode: decoded,
    }
  },
})
