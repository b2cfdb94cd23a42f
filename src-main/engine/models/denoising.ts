/**
 * Denoising autoencoder: Vincent, Larochelle, Bengio & Manzagol, ICML 2008, and with Lajoie, JMLR 11, 2010
 *
 *   x̃ ~ noise(x),   z = encoder(x̃),  x̂ = decoder(z),   L(x) = mean w (x − x̂)² + λ · Σ|z|          noise: layers/corruption.ts
 *   emphasis (2010, section 4.2):  w = (1 + α)/(1 + α p) on entries that the noise changed, a share p, and 1/(1 + α p) on the others
 *
 * What is rebuilt is the row before the noise, so the model has to know how columns go together: a missing or wild value is told from
 * the others. Rows are encoded without noise.
 *
 * Otherwise than in the paper: by default squared error and linear output, for data of any scale (for 0 … 1 choose a sigmoid output);
 * weights are tied only when asked for; bent layers of any number. Held-out rows are judged with noise, the same in every pass, so that
 * the best pass is the one that takes it away best.
 *
 * Shapes: B batch, D columns, Z code.  x, x̃, x̂, w [B, D] · z [B, Z] · loss []
 */
import { add, cast, mean, mul, notEqual, type Scalar, scalar, squaredDifference, type Tensor2D } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import { stepKey } from '../compute/random/counter.ts'
import { randomNormal, randomUniform } from '../compute/random/kernel.ts'
import { Corruption, checkCorruption, corrupted, corruptionLabels, isShare } from '../layers/corruption.ts'
import { codeSparsity, knownMean, meanSquaredError } from '../losses/reconstruction.ts'
import { totalOf } from '../losses/terms.ts'
import { defineModel, type Noise, variableGenes } from './define.ts'
import { denseNetwork, denseParams, sparsity } from './denseNetwork.ts'
import { batchSize, epochs, learningRate, schedule } from './training.ts'

/** That of judging. */
const alwaysTheSame: Noise = {
  uniform: (site, shape) => randomUniform(scalar(stepKey(0, 0), 'int32'), shape, site),
  normal: (site, shape) => randomNormal(scalar(stepKey(0, 0), 'int32'), shape, site),
}

const group = 'Noise on the input'

export const denoising = defineModel({
  id: 'denoising',
  version: 1,
  title: 'Denoising autoencoder',
  summary: 'Learns to take noise away from rows, and so how columns go together.',
  group: 'Good first choices',
  useWhen: 'Sensors drop out, stripe or spike, or genes are missed by chance, and codes shall not depend on it.',
  avoidWhen: 'Codes have to keep small deviations: the model learns to overlook them, and they show in its errors instead.',
  paper:
    'Vincent, Larochelle, Bengio & Manzagol 2008, Extracting and composing robust features with denoising autoencoders, ICML; Vincent et al. 2010, Stacked denoising autoencoders, JMLR 11',
  fits: ['raster', 'table', 'cells', 'embedding', 'series'],
  takesMissing: true,
  params: z.object({
    ...denseParams,
    noise: Corruption.default('gaussian').meta({
      title: 'Kind of noise',
      labels: corruptionLabels,
      paperTerm: 'corruption process',
      group,
      description:
        'Gaussian for measurement noise; masking sets single values to zero, dropout the same and makes the others larger instead; salt and pepper sets them to the least or greatest of their column.',
    }),
    noiseLevel: z.number().min(0).max(10).default(0.3).meta({
      title: 'Strength of the noise',
      paperTerm: 'corruption level σ or ν',
      group,
      description: 'Standard deviation of gaussian noise in prepared units; of the others the share of values that are changed, below 1.',
    }),
    emphasis: z
      .number()
      .min(0)
      .max(1000)
      .default(0)
      .meta({
        title: 'Weight of changed values',
        paperTerm: 'emphasis α',
        group,
        advanced: true,
        showWhen: { noise: ['masking', 'salt-and-pepper', 'dropout'] },
        description: 'How much more it counts to tell a changed value than an unchanged one. 0 counts all alike.',
      }),
    sparsity,
    epochs: epochs(40),
    batchSize: batchSize(256),
    learningRate: learningRate(0.001),
    ...schedule,
  }),
  presets: [
    {
      id: 'default',
      title: 'Balanced',
      summary: 'Gaussian noise of 0.3 spreads, four numbers per row. Measurements in tables.',
      params: {},
      scaling: 'z-score',
    },
    {
      id: 'scene',
      title: 'Scene',
      summary: 'Gaussian noise of 0.1 spreads: sensor noise and stripes in multispectral and hyperspectral scenes.',
      params: { noiseLevel: 0.1, epochs: 20 },
      scaling: 'z-score',
    },
    {
      id: 'spikes',
      title: 'Broken values',
      summary: 'Salt and pepper on a tenth of the values: sensors that jump to the end of their range.',
      params: { noise: 'salt-and-pepper', noiseLevel: 0.1, emphasis: 1 },
      scaling: 'z-score',
    },
    {
      id: 'cells',
      title: 'Cells',
      summary:
        'A quarter of the genes missed by chance, ten numbers per cell; for log-normalised counts of selected genes, where 0 is not found.',
      // Not masking: a model that only ever saw cells with fewer counts makes whole ones too large.
      params: { codeSize: 10, encoder: [128], activation: 'relu', noise: 'dropout', noiseLevel: 0.25 },
      scaling: 'min-max',
      ...variableGenes,
    },
    {
      id: 'embedding',
      title: 'Embeddings',
      summary: 'Dropout of a quarter of the dimensions, sixteen numbers through layers of 256 and 64.',
      params: { codeSize: 16, encoder: [256, 64], activation: 'gelu', noise: 'dropout', noiseLevel: 0.25 },
      scaling: 'z-score',
    },
    {
      id: 'series',
      title: 'Time series',
      summary: 'A fifth of the values of a window missing by chance, six numbers per window.',
      params: { codeSize: 6, encoder: [128, 32], noise: 'masking', noiseLevel: 0.2 },
      scaling: 'z-score',
    },
    {
      id: 'anomaly',
      title: 'Anomalies',
      summary:
        'Gaussian noise of 0.3 spreads through wide layers, learned from ordinary rows: what it takes away from a row is what is unusual.',
      params: {
        codeSize: 64,
        encoder: [128],
        activation: 'relu',
        noiseLevel: 0.3,
        epochs: 240,
        batchSize: 128,
        learningRateSchedule: 'cosine',
        patience: 0,
      },
      scaling: 'z-score',
      prepare: { holdoutShare: 0.1 },
    },
    {
      id: 'published',
      title: 'As published in 2008',
      summary: 'One sigmoid layer of 120 with tied weights, a quarter of the values set to zero. Needs min-max scaling.',
      params: {
        codeSize: 120,
        encoder: [],
        codeActivation: 'sigmoid',
        outputActivation: 'sigmoid',
        tied: true,
        noise: 'masking',
        noiseLevel: 0.25,
      },
      scaling: 'min-max',
    },
  ],

  build(params, inputDim) {
    const { noise: kind, noiseLevel, emphasis } = params
    checkCorruption(kind, noiseLevel)
    const net = denseNetwork(params, inputDim)

    function distance(x: Tensor2D, noisy: Tensor2D, recon: Tensor2D, present?: Tensor2D): Scalar {
      if (emphasis === 0 || !isShare(kind)) return meanSquaredError(x, recon, present)
      const weight = add<Tensor2D>(1, mul(emphasis, cast(notEqual(x, noisy), 'float32')))
      const weighted = mul<Tensor2D>(weight, squaredDifference(x, recon))
      return mul(1 / (1 + emphasis * noiseLevel), present ? knownMean(weighted, present) : mean<Scalar>(weighted))
    }

    return {
      kind: 'gradient',
      stages: [
        {
          layout: net.layout('Denoising autoencoder', params),
          learningRate: params.learningRate,
          trains: net.weightNames,
          initialWeights: net.initialWeights,
          loss(x, weights, noise, { present }) {
            const noisy = corrupted(x, kind, noiseLevel, noise ?? alwaysTheSame)
            const code = net.encode(noisy, weights)
            return totalOf({
              reconstruction: distance(x, noisy, net.decode(code, weights), present),
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
