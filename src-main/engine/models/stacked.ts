/** Stacked autoencoders: several small ones trained one after the other. The two ways to chain them are in stacked/. */
import { z } from 'zod'
import { Activation } from '../layers/activations.ts'
import { Corruption, checkCorruption, corruptionLabels } from '../layers/corruption.ts'
import { defineModel } from './define.ts'
import { geologicalMapping } from './stacked/geologicalMapping.ts'
import { layerwise } from './stacked/layerwise.ts'
import { batchSize, learningRate, schedule } from './training.ts'

const layers = 'Layers'
const regularisation = 'Regularisation'
const training = 'Training'

export const stacked = defineModel({
  id: 'stacked',
  version: 1,
  title: 'Stacked autoencoder',
  summary: 'Layers learned one at a time, then tuned together.',
  group: 'Good first choices',
  useWhen: 'Scenes with many mixed units: every layer starts from a good place, and each stage shows its own curve.',
  avoidWhen: 'There are only a few columns and straight relations; PCA is then as good.',
  paper: 'Hinton & Salakhutdinov 2006, Science 313; Vincent et al. 2010, Stacked denoising autoencoders, JMLR 11',
  fits: ['raster', 'table', 'cells', 'embedding', 'series'],
  takesMissing: true,
  params: z.object({
    chain: z.enum(['layers', 'geological-mapping']).default('layers').meta({
      title: 'How stages follow',
      paperTerm: 'architecture',
      group: layers,
      advanced: true,
      description:
        'Layers: each stage compresses the code of the one before, then all are tuned together. Geological mapping: the three chained autoencoders of arXiv 2404.02180, whose sizes, passes and rows per step are fixed; settings below do not apply to it.',
    }),
    layers: z.array(z.int().min(1).max(65_536)).min(1).max(12).default([64, 16, 4]).meta({
      title: 'Numbers per row (code) and layers before',
      unit: 'units',
      paperTerm: 'layer sizes',
      automatic: 'layers',
      group: layers,
      description: 'Units of each layer from the input on; the last is the code, the numbers per row.',
    }),
    activation: Activation.default('tanh').meta({
      title: 'Bend of the layers',
      paperTerm: 'activation',
      group: layers,
      description: 'The function that makes layers more than a matrix.',
    }),
    codeActivation: Activation.default('linear').meta({
      title: 'Bend of the code',
      paperTerm: 'code activation',
      group: layers,
      advanced: true,
      description: 'Linear leaves the code free.',
    }),
    outputActivation: Activation.default('linear').meta({
      title: 'Bend of the output',
      paperTerm: 'output activation',
      group: layers,
      advanced: true,
      description: 'Sigmoid suits data scaled to 0 … 1.',
    }),
    firstGain: z.number().positive().max(100).default(1).meta({
      title: 'Gain of the first layer',
      paperTerm: 'initialisation gain',
      group: layers,
      advanced: true,
      description:
        'Multiplies the first layer’s initial weights (and divides those of its way back). Above 1, bent layers start in their saturation and compress extreme rows.',
    }),
    noise: z
      .enum(['none', ...Corruption.options])
      .default('none')
      .meta({
        title: 'Kind of noise on the input',
        labels: { none: 'None', ...corruptionLabels },
        paperTerm: 'corruption',
        group: regularisation,
        advanced: true,
        description:
          'Added in training only; the model learns to take it away. Masking sets single values to zero, dropout makes the others larger instead; salt and pepper sets them to the least or greatest of their column.',
      }),
    noiseLevel: z.number().min(0).max(10).default(0.1).meta({
      title: 'Strength of the noise',
      paperTerm: 'corruption level',
      group: regularisation,
      advanced: true,
      description:
        'Standard deviation of gaussian noise in prepared units, or of the others the share of values that are changed, below 1.',
    }),
    sparsity: z.number().min(0).max(100).default(0).meta({
      title: 'Pull of the codes to zero',
      paperTerm: 'L1 activity',
      group: regularisation,
      advanced: true,
      description: 'Weight of the sum of absolute codes in the loss of each layer’s own stage.',
    }),
    layerEpochs: z.int().min(1).max(100_000).default(20).meta({
      title: 'Passes over the data, each layer',
      unit: 'epochs',
      paperTerm: 'pre-training epochs',
      group: training,
      description: 'How often every training row is seen in each layer’s own stage.',
    }),
    fineTuneEpochs: z.int().min(0).max(100_000).default(20).meta({
      title: 'Passes over the data, fine-tuning',
      unit: 'epochs',
      paperTerm: 'fine-tuning epochs',
      group: training,
      description: 'How often every row is seen once all layers are tuned together. 0 leaves them as they were learned.',
    }),
    batchSize: batchSize(128),
    learningRate: learningRate(0.001),
    fineTuneLearningRate: learningRate(0.001).meta({
      title: 'Step size, fine-tuning',
      paperTerm: 'fine-tuning learning rate',
      group: training,
      advanced: true,
      description: 'How far the weights move in one step once all layers are tuned together.',
    }),
    ...schedule,
    learningRateSchedule: schedule.learningRateSchedule.default('cosine'),
  }),
  presets: [
    {
      id: 'multispectral',
      title: 'Multispectral scene',
      summary: 'Four numbers per pixel, strongly bent: scenes of about 4 to 20 bands.',
      params: {
        layers: [64, 16, 4],
        firstGain: 2,
        batchSize: 256,
        learningRate: 0.002,
        fineTuneLearningRate: 0.002,
        layerEpochs: 6,
        fineTuneEpochs: 6,
      },
      scaling: 'z-score',
    },
    {
      id: 'hyperspectral',
      title: 'Hyperspectral scene',
      summary: 'Four numbers per pixel through layers of 64 and 16: scenes of about 50 bands and more. Per-band min-max scaling.',
      params: { layers: [64, 16, 4], layerEpochs: 20, fineTuneEpochs: 20 },
      scaling: 'min-max',
    },
    {
      id: 'geological-mapping',
      title: 'Geological mapping (arXiv 2404.02180)',
      summary: 'Three chained autoencoders with two numbers per pixel, exactly as published. Needs min-max scaling.',
      params: { chain: 'geological-mapping', learningRateSchedule: 'constant' },
      scaling: 'min-max',
    },
  ],

  build(params, inputDim) {
    if (params.chain === 'geological-mapping') return { kind: 'gradient', ...geologicalMapping(inputDim) }
    if (params.noise !== 'none') checkCorruption(params.noise, params.noiseLevel)
    return { kind: 'gradient', ...layerwise(params, inputDim) }
  },
})
