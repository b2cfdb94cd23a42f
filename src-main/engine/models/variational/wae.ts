/**
 * Wasserstein autoencoder: Tolstikhin, Bousquet, Gelly & Schölkopf 2018, arXiv 1711.01558
 *
 *   L(x) = ‖x − x̂‖² + λ D( q(z), p(z) )            z = encoder(x), without noise;  p(z) = N(0, I)
 *   MMD:   D = MMD²(q, p) with the inverse multiquadratic kernel                                    losses/mmd.ts
 *   GAN:   D = −E ln T(z),   T = σ(d(z)) a network that learns to tell codes from draws of p(z):
 *          L_T = −E ln T(z_p) − E ln(1 − T(z)),  z held still                                       Goodfellow et al. 2014
 *
 * The codes of all rows together have the shape of a bell curve, so that one can draw from it and go from code to code; each row
 * keeps a code of its own. For GAN both players step at once, each along its own gradient.
 *
 * Otherwise than in the paper: λ is times the mean squared length of a row over the code size, so that one value suits few and many
 * columns; MMD² also leaves the pair of the i-th code and the i-th draw out (losses/mmd.ts), and compares in pieces of at most 1024;
 * held-out rows are judged by ‖x − x̂‖² + λ MMD² in both cases, for what a discriminator says changes as it learns.
 *
 * Shapes: B batch, D columns, Z code.  x, x̂ [B, D] · z [B, Z] · d [B, 1] · loss []
 */
import { add, mean, mul, neg, type Scalar, softplus, squaredDifference, sum, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { stopGradient } from '../../compute/special/gradientFlow.ts'
import { mapValues } from '../../compute/step.ts'
import { denseChain } from '../../layers/dense.ts'
import { totalOf } from '../../losses/terms.ts'
import { defineModel, type TensorMap, variableGenes } from '../define.ts'
import { batchSize, epochs, learningRate, schedule } from '../training.ts'
import { code, embeddingPreset, family, layers, networkParams, sized, widths } from './network.ts'
import { checkPairs, kernel, towardsPrior } from './prior.ts'

const { codeSize, encoder, decoder, activation } = networkParams

export const wae = defineModel({
  id: 'wae',
  version: 2,
  title: 'Wasserstein autoencoder',
  summary: 'A plain autoencoder whose codes together have the shape of a bell curve.',
  ...family,
  useWhen: 'Sharp reconstructions and codes that can be drawn from are both wanted, without noise on each code.',
  avoidWhen: 'How certain a code is matters, or superfluous codes shall switch off: a variational autoencoder does that.',
  paper: 'Tolstikhin, Bousquet, Gelly & Schölkopf 2018, Wasserstein auto-encoders, arXiv 1711.01558',
  params: z.object({
    codeSize,
    encoder,
    decoder,
    activation,
    penalty: z
      .enum(['mmd', 'gan'])
      .default('mmd')
      .meta({
        title: 'How the shape is held',
        labels: { mmd: 'Distance of samples (MMD)', gan: 'A second network (GAN)' },
        paperTerm: 'WAE-MMD, WAE-GAN',
        group: code,
        description: 'A distance is steady; a second network notices finer differences and is harder to train.',
      }),
    lambda: z.number().min(0).max(1e6).default(10).meta({
      title: 'Hold of the shape',
      paperTerm: 'λ',
      group: code,
      description: 'How strongly the codes of all rows are held to the bell curve.',
    }),
    kernel,
    discriminator: widths.default([64, 64]).meta({
      title: 'Layers of the second network',
      unit: 'units',
      paperTerm: 'discriminator widths',
      group: layers,
      advanced: true,
      showWhen: { penalty: ['gan'] },
      description: 'Units of each layer that tells codes from draws.',
    }),
    epochs: epochs(50),
    batchSize: batchSize(256),
    learningRate: learningRate(0.001),
    ...schedule,
  }),
  presets: [
    { id: 'default', title: 'Balanced', summary: 'Eight numbers per row, shape held by MMD.', params: {} },
    {
      id: 'scene',
      title: 'Scene',
      summary: 'Four sharp numbers per pixel that together have the shape of a bell curve.',
      params: sized.scene,
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
      summary: 'Six numbers per window through layers of 128 and 32.',
      params: sized.series,
      scaling: 'z-score',
    },
    {
      id: 'gan',
      title: 'Adversarial',
      summary: 'Shape held by a second network; smaller steps.',
      params: { penalty: 'gan', lambda: 1, learningRate: 0.0005 },
    },
  ],

  build(params, inputDim) {
    checkPairs(params.batchSize)
    const back = params.decoder ?? [...params.encoder].reverse()
    const bent = (units: number) => ({ units, activation: params.activation })
    const straight = (units: number) => ({ units, activation: 'linear' as const })
    const down = denseChain('encoder', inputDim, [...params.encoder.map(bent), straight(params.codeSize)])
    const up = denseChain('decoder', params.codeSize, [...back.map(bent), straight(inputDim)])
    const teller = denseChain('discriminator', params.codeSize, [...params.discriminator.map(bent), straight(1)])
    const chains = params.penalty === 'gan' ? [down, up, teller] : [down, up]
    const lambda = (params.lambda * inputDim) / params.codeSize

    /** −ln σ(d) and −ln(1 − σ(d)), means over the batch. */
    const asDrawn = (d: Tensor): Scalar => mean(softplus(neg(d)))
    const asCode = (d: Tensor): Scalar => mean(softplus(d))
    const held = (weights: TensorMap): TensorMap =>
      mapValues(weights, (weight, name) => (name.startsWith('discriminator') ? stopGradient(weight) : weight))

    return {
      kind: 'gradient',
      stages: [
        {
          layout: {
            title: 'Wasserstein autoencoder',
            widths: [inputDim, ...params.encoder, params.codeSize, ...back, inputDim],
            code: params.encoder.length + 1,
            epochs: params.epochs,
            batchSize: params.batchSize,
          },
          learningRate: params.learningRate,
          trains: chains.flatMap(({ weightNames }) => weightNames),
          initialWeights: (initialiser) => Object.assign({}, ...chains.map((chain) => chain.initialWeights(initialiser))),

          loss(x, weights, noise, { present }) {
            const codes = down.apply(x, weights)
            const squares = squaredDifference<Tensor2D>(x, up.apply(codes, weights))
            const reconstruction: Scalar = mean(sum(present ? mul<Tensor2D>(present, squares) : squares, 1))
            if (!noise || params.penalty === 'mmd')
              return totalOf({ reconstruction, mmd: mul(lambda, towardsPrior(codes, params.kernel, noise)) })
            const prior = noise.normal('prior', codes.shape) as Tensor2D
            return totalOf({
              reconstruction,
              adversary: mul(lambda, asDrawn(teller.apply(codes, held(weights)))),
              discriminator: add<Scalar>(asDrawn(teller.apply(prior, weights)), asCode(teller.apply(stopGradient(codes), weights))),
            })
          },
        },
      ],
      encode: (x, weights) => down.apply(x, weights),
      decode: (codes, weights) => up.apply(codes, weights),
    }
  },
})
