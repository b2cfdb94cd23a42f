/**
 * Dense autoencoder: Hinton & Salakhutdinov, Science 2006
 *
 *   L(x) = mean (x − x̂)² + λ · Σ|z|        z = encoder(x + σ ε),  x̂ = decoder(z),  ε ~ N(0, I)
 *
 * With linear layers it finds the plane of PCA; bends in the layers let it follow curved data.
 * Shapes: B batch, D columns, Z code.  x, recon [B, D] · z [B, Z] · loss [] (mean over B and D)
 */
import { add, mul, type Tensor2D } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { Activation } from '../layers/activations.ts'
import { denseChain } from '../layers/dense.ts'
import { codeSparsity, meanSquaredError } from '../losses/reconstruction.ts'
import { totalOf } from '../losses/terms.ts'
import { defineModel } from './define.ts'
import { batchSize, epochs, learningRate, schedule } from './training.ts'

const widths = z.array(z.int().min(1).max(65_536)).max(12)
const group = 'Layers'

export const autoencoder = defineModel({
  id: 'autoencoder',
  version: 1,
  title: 'Autoencoder',
  summary: 'Compresses every row to a few numbers and back through bent layers.',
  group: 'Good first choices',
  useWhen: 'Rows lie on a curved surface: mixtures, saturating sensors, illumination. A first model that trains in seconds.',
  avoidWhen: 'The relations are straight lines, where PCA does as well and is exact.',
  paper: 'Hinton & Salakhutdinov 2006, Reducing the dimensionality of data with neural networks, Science 313',
  fits: ['raster', 'table', 'cells', 'embedding', 'series'],
  params: z.object({
    codeSize: z.int().min(1).max(4096).default(4).meta({
      title: 'Numbers per row (code)',
      paperTerm: 'latent dimension',
      group,
      description: 'To how many numbers each row is compressed.',
    }),
    encoder: widths.default([64, 16]).meta({
      title: 'Layers down to the code',
      unit: 'units',
      paperTerm: 'encoder widths',
      group,
      description: 'Units of each layer between the input and the code.',
    }),
    decoder: widths.nullable().default(null).meta({
      title: 'Layers back from the code',
      unit: 'units',
      paperTerm: 'decoder widths',
      group,
      advanced: true,
      description: 'Units of each layer between the code and the output; empty mirrors the way down.',
    }),
    activation: Activation.default('elu').meta({
      title: 'Bend of the layers',
      paperTerm: 'activation',
      group,
      description: 'The function that makes layers more than a matrix. Linear gives a PCA found by steps.',
    }),
    codeActivation: Activation.default('linear').meta({
      title: 'Bend of the code',
      paperTerm: 'code activation',
      group,
      advanced: true,
      description: 'Linear leaves the code free.',
    }),
    outputActivation: Activation.default('linear').meta({
      title: 'Bend of the output',
      paperTerm: 'output activation',
      group,
      advanced: true,
      description: 'Sigmoid suits data scaled to 0 … 1.',
    }),
    tied: z.boolean().default(false).meta({
      title: 'Way back uses the same weights',
      paperTerm: 'tied weights',
      group,
      advanced: true,
      description: 'The decoder uses the transposed weights of the encoder: half as many to learn. Needs mirrored layers.',
    }),
    inputNoise: z.number().min(0).max(10).default(0).meta({
      title: 'Noise on the input',
      unit: 'standard deviations',
      paperTerm: 'gaussian input noise',
      group: 'Regularisation',
      advanced: true,
      description: 'Noise added to every row in training only; the model learns to take it away.',
    }),
    sparsity: z.number().min(0).max(100).default(0).meta({
      title: 'Pull of the code to zero',
      paperTerm: 'L1 activity',
      group: 'Regularisation',
      advanced: true,
      description: 'Weight of the sum of absolute code values in the loss.',
    }),
    epochs: epochs(30),
    batchSize: batchSize(256),
    learningRate: learningRate(0.001),
    ...schedule,
  }),
  presets: [
    { id: 'default', title: 'Balanced', summary: 'Two bent layers each way, four numbers per row.', params: {} },
    {
      id: 'linear',
      title: 'Linear',
      summary: 'No bends: the plane of PCA, found by steps.',
      params: { activation: 'linear', encoder: [] },
    },
  ],

  build(params, inputDim) {
    const mirrored = [...params.encoder].reverse()
    const back = params.decoder ?? mirrored
    if (params.tied && `${back}` !== `${mirrored}`) {
      throw new StratumError(
        'PARAMETER_INVALID',
        `Layers of ${back.join(', ') || 'no'} units cannot use the weights of ${params.encoder.join(', ') || 'no'} units the other way round.`,
        'Leave the layers back from the code empty, or let them have weights of their own.',
        { parameter: 'decoder' },
      )
    }
    const encoder = denseChain('encoder', inputDim, [
      ...params.encoder.map((units) => ({ units, activation: params.activation })),
      { units: params.codeSize, activation: params.codeActivation },
    ])
    const depth = params.encoder.length
    const tiedTo = params.tied ? Object.fromEntries(Array.from({ length: depth + 1 }, (_, k) => [k, `encoder/${depth - k}/kernel`])) : {}
    const decoder = denseChain(
      'decoder',
      params.codeSize,
      [...back.map((units) => ({ units, activation: params.activation })), { units: inputDim, activation: params.outputActivation }],
      tiedTo,
    )

    return {
      kind: 'gradient',
      stages: [
        {
          layout: {
            title: 'Autoencoder',
            widths: [inputDim, ...params.encoder, params.codeSize, ...back, inputDim],
            code: depth + 1,
            epochs: params.epochs,
            batchSize: params.batchSize,
          },
          learningRate: params.learningRate,
          trains: [...encoder.weightNames, ...decoder.weightNames],
          initialWeights: (initialiser) => ({ ...encoder.initialWeights(initialiser), ...decoder.initialWeights(initialiser) }),
          loss(x, weights, noise) {
            const noisy = noise && params.inputNoise > 0 ? add<Tensor2D>(x, mul(params.inputNoise, noise.normal('input', x.shape))) : x
            const code = encoder.apply(noisy, weights)
            return totalOf({
              reconstruction: meanSquaredError(x, decoder.apply(code, weights)),
              ...(params.sparsity > 0 && { sparsity: codeSparsity(code, params.sparsity) }),
            })
          },
        },
      ],
      encode: (x, weights) => encoder.apply(x, weights),
      decode: (code, weights) => decoder.apply(code, weights),
    }
  },
})
