/**
 * What plain autoencoders share: dense layers to a code and back, mirrored or free, with weights of their own or the same.
 * Shapes: B batch, D columns, Z code.  x, x̂ [B, D] · z [B, Z]
 */
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { z } from 'zod'
import type { StageLayout } from '#common/domain/results.ts'
import { StratumError } from '#common/errors.ts'
import { Activation } from '../layers/activations.ts'
import { denseChain } from '../layers/dense.ts'
import type { Initialiser, TensorMap, Weights } from './define.ts'

export const widths = z.array(z.int().min(1).max(65_536)).max(12)
const group = 'Layers'

export const denseParams = {
  codeSize: z.int().min(1).max(4096).default(4).meta({
    title: 'Numbers per row (code)',
    paperTerm: 'latent dimension',
    automatic: 'code',
    group,
    description: 'To how many numbers each row is compressed.',
  }),
  encoder: widths.default([64, 16]).meta({
    title: 'Layers down to the code',
    unit: 'units',
    paperTerm: 'encoder widths',
    automatic: 'hidden',
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
}
const Params = z.object(denseParams)
export type DenseParams = z.output<typeof Params>

export const sparsity = z.number().min(0).max(100).default(0).meta({
  title: 'Pull of the code to zero',
  paperTerm: 'L1 activity',
  group: 'Regularisation',
  advanced: true,
  description: 'Weight of the sum of absolute code values in the loss.',
})

export interface DenseNetwork {
  readonly weightNames: readonly string[]
  initialWeights(initialiser: Initialiser): Weights
  encode(x: Tensor2D, weights: TensorMap): Tensor2D
  decode(z: Tensor2D, weights: TensorMap): Tensor2D
  layout(title: string, training: { readonly epochs: number; readonly batchSize: number }): StageLayout
}

/** @throws PARAMETER_INVALID when tied layers do not mirror each other */
export function denseNetwork(params: DenseParams, inputDim: number): DenseNetwork {
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
    weightNames: [...encoder.weightNames, ...decoder.weightNames],
    initialWeights: (initialiser) => ({ ...encoder.initialWeights(initialiser), ...decoder.initialWeights(initialiser) }),
    encode: (x, weights) => encoder.apply(x, weights),
    decode: (code, weights) => decoder.apply(code, weights),
    layout: (title, { epochs, batchSize }) => ({
      title,
      widths: [inputDim, ...params.encoder, params.codeSize, ...back, inputDim],
      code: depth + 1,
      epochs,
      batchSize,
    }),
  }
}
