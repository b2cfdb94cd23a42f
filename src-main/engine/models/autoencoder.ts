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
import { codeSparsity, meanSquaredError } from '../losses/reconstruction.ts'
import { totalOf } from '../losses/terms.ts'
import { defineModel, variableGenes } from './define.ts'
import { denseNetwork, denseParams, sparsity } from './denseNetwork.ts'
import { batchSize, epochs, learningRate, schedule } from './training.ts'

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
  takesMissing: true,
  params: z.object({
    ...denseParams,
    inputNoise: z.number().min(0).max(10).default(0).meta({
      title: 'Noise on the input',
      unit: 'standard deviations',
      paperTerm: 'gaussian input noise',
      group: 'Regularisation',
      advanced: true,
      description: 'Noise added to every row in training only; the model learns to take it away.',
    }),
    sparsity,
    epochs: epochs(30),
    batchSize: batchSize(256),
    learningRate: learningRate(0.001),
    ...schedule,
  }),
  presets: [
    { id: 'default', title: 'Balanced', summary: 'Two bent layers each way. Sizes follow from the data.', params: {} },
    {
      id: 'scene',
      title: 'Scene',
      summary: 'Four numbers per pixel through layers of 64 and 16: multispectral and hyperspectral scenes.',
      params: { codeSize: 4, encoder: [64, 16], epochs: 20 },
      scaling: 'z-score',
    },
    {
      id: 'cells',
      title: 'Cells',
      summary: 'Ten numbers per cell through one layer of 128; for log-normalised counts of selected genes.',
      params: { codeSize: 10, encoder: [128], activation: 'relu' },
      scaling: 'z-score',
      ...variableGenes,
    },
    {
      id: 'embedding',
      title: 'Embeddings',
      summary: 'Sixteen numbers through layers of 256 and 64: vectors of some hundred columns.',
      params: { codeSize: 16, encoder: [256, 64], activation: 'gelu' },
      scaling: 'z-score',
    },
    {
      id: 'series',
      title: 'Time series',
      summary: 'Six numbers per window through layers of 128 and 32.',
      params: { codeSize: 6, encoder: [128, 32] },
      scaling: 'z-score',
    },
    {
      id: 'linear',
      title: 'Linear',
      summary: 'No bends: the plane of PCA, found by steps.',
      params: { activation: 'linear', encoder: [] },
    },
  ],

  build(params, inputDim) {
    const net = denseNetwork(params, inputDim)
    return {
      kind: 'gradient',
      stages: [
        {
          layout: net.layout('Autoencoder', params),
          learningRate: params.learningRate,
          trains: net.weightNames,
          initialWeights: net.initialWeights,
          loss(x, weights, noise, { present }) {
            const noisy = noise && params.inputNoise > 0 ? add<Tensor2D>(x, mul(params.inputNoise, noise.normal('input', x.shape))) : x
            const code = net.encode(noisy, weights)
            return totalOf({
              reconstruction: meanSquaredError(x, net.decode(code, weights), present),
              ...(params.sparsity > 0 && { sparsity: codeSparsity(code, params.sparsity) }),
            })
          },
        },
      ],
      encode: net.encode,
      decode: net.decode,
    }
  },
})
