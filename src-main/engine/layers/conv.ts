/**
 * Chains of convolutions and of transposed convolutions on images [B, H, W, C], channels last as in rasters:
 *
 *   hₖ = fₖ(hₖ₋₁ ⋆ Wₖ + bₖ)             each layer `stride` times smaller (or, transposed, larger), padded so that nothing else is lost
 *
 * Weights are called `<name>/<k>/kernel` and `<name>/<k>/bias` [O]. Kernels are [h, w, C, O], transposed ones [h, w, O, C].
 */
import { add, conv2d, conv2dTranspose, reshape, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core'
import type { Initialiser, TensorMap, Weights } from '../models/define.ts'
import { type Activation, activate, activations } from './activations.ts'
import { observed } from './observe.ts'

/** Rows, columns, channels. */
export type ImageShape = readonly [number, number, number]

export interface ConvLayer {
  readonly filters: number
  /** Side of the window; default 3. */
  readonly size?: number
  /** Default 1. */
  readonly stride?: number
  readonly activation: Activation
}

export interface ConvChain {
  readonly weightNames: readonly string[]
  /** Of the last layer. */
  readonly outputShape: ImageShape
  initialWeights(initialiser: Initialiser): Weights
  apply(x: Tensor4D, weights: TensorMap): Tensor4D
}

/** Rows of a table [B, H·W·C], pixel by pixel, as images; and back. */
export const toImages = (rows: Tensor2D, [height, width, channels]: ImageShape): Tensor4D =>
  reshape(rows, [rows.shape[0], height, width, channels]) as Tensor4D
export const toRows = (images: Tensor4D): Tensor2D => reshape(images, [images.shape[0], -1]) as Tensor2D

/** @param input  shape of the images that come in */
export function convChain(name: string, input: ImageShape, layers: readonly ConvLayer[]): ConvChain {
  const shapes: ImageShape[] = [input]
  for (const { filters, stride = 1 } of layers) {
    const [height, width] = shapes.at(-1) as ImageShape
    shapes.push([Math.ceil(height / stride), Math.ceil(width / stride), filters])
  }
  return chain(name, shapes, layers, {
    kernelShape: (k, size) => [size, size, shapes[k][2], layers[k].filters],
    summands: (k, size) => shapes[k][2] * size * size,
    apply: (x, kernel, k) => conv2d(x, kernel, layers[k].stride ?? 1, 'same'),
  })
}

/**
 * The way back. Layer k makes images with the sides outputs[k], so that odd sizes are met exactly.
 *
 * @param outputs  one per layer: `stride` times the sides before, or up to stride − 1 less
 */
export function transposedConvChain(
  name: string,
  input: ImageShape,
  layers: readonly ConvLayer[],
  outputs: readonly (readonly [number, number])[],
): ConvChain {
  const shapes: ImageShape[] = [input, ...layers.map(({ filters }, k) => [...outputs[k], filters] as const)]
  return chain(name, shapes, layers, {
    kernelShape: (k, size) => [size, size, layers[k].filters, shapes[k][2]],
    // Of the windows that reach a pixel only every stride-th place per side is there.
    summands: (k, size) => (shapes[k][2] * size * size) / (layers[k].stride ?? 1) ** 2,
    apply: (x, kernel, k) => conv2dTranspose(x, kernel, [x.shape[0], ...shapes[k + 1]], layers[k].stride ?? 1, 'same'),
  })
}

interface Convolution {
  kernelShape(k: number, size: number): readonly [number, number, number, number]
  /** How many products are added up for one number of the result. */
  summands(k: number, size: number): number
  apply(x: Tensor4D, kernel: Tensor4D, k: number): Tensor4D
}

function chain(name: string, shapes: readonly ImageShape[], layers: readonly ConvLayer[], convolution: Convolution): ConvChain {
  const kernelName = (k: number): string => `${name}/${k}/kernel`
  const biasName = (k: number): string => `${name}/${k}/bias`
  return {
    weightNames: layers.flatMap((_, k) => [kernelName(k), biasName(k)]),
    outputShape: shapes[layers.length],

    initialWeights: (initialiser) =>
      Object.fromEntries(
        layers.flatMap(({ filters, size = 3, activation }, k) => {
          const shape = convolution.kernelShape(k, size)
          const summands = convolution.summands(k, size)
          const count = shape.reduce((product, n) => product * n, 1)
          const { values } = initialiser[activations[activation].initialiser](kernelName(k), [summands, count / summands])
          return [
            [kernelName(k), { shape, values }],
            [biasName(k), initialiser.constant([filters], 0)],
          ]
        }),
      ),

    apply(x, weights) {
      let h = x
      for (const [k, { activation }] of layers.entries()) {
        const convolved = convolution.apply(h, weights[kernelName(k)] as Tensor4D, k)
        h = observed(`${name}/${k}`, activate(activation, add(convolved, weights[biasName(k)])))
      }
      return h
    },
  }
}
