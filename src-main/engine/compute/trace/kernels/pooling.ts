/**
 * The largest or the average of windows, and their gradients. x [B, H, W, C] · y, dy [B, H′, W′, C].
 */
import { backend_util } from '@tensorflow/tfjs-core'
import type { Graph } from '../../graph/graph.ts'
import { type Node, type Shape, sizeOf } from '../../graph/node.ts'
import { type KernelRule, type KernelTable, transpose } from './rule.ts'
import type { Geometry } from './windows.ts'

type Four = [number, number, number, number]
type Pair = [number, number]

function geometryOf(xShape: Shape, attrs: unknown): Geometry {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as {
    filterSize: Pair | number
    strides: Pair | number
    pad: 'same' | 'valid' | number
    dimRoundingMode?: 'floor' | 'round' | 'ceil'
  }
  return backend_util.computePool2DInfo([...xShape] as Four, filterSize, strides, 1, pad, dimRoundingMode)
}

const attributesOf = (c: Geometry) => ({
  size: [c.filterHeight, c.filterWidth],
  strides: [c.strideHeight, c.strideWidth],
  pads: [c.padInfo.top, c.padInfo.left, c.padInfo.bottom, c.padInfo.right],
})
const toFirst = (g: Graph, x: Node): Node => transpose(g, x, [0, 3, 1, 2])
const fromFirst = (g: Graph, x: Node): Node => transpose(g, x, [0, 2, 3, 1])

const largest = (g: Graph, x: Node, attrs: unknown): Node => g.add('MaxPool', [toFirst(g, x)], attributesOf(geometryOf(x.shape, attrs)))

/** dy goes to the first of the largest in each window; windows may overlap. */
const maxPoolGradient: KernelRule = (g, { dy, input }, attrs) => {
  const places = g.add('Pick', [largest(g, input, attrs)], { index: 1 })
  const first = toFirst(g, input)
  const zeros = g.filled(0, [sizeOf(first.shape)], 'float32')
  const flat = g.add('ScatterElements', [zeros, g.reshape(places, [sizeOf(places.shape)]), g.reshape(toFirst(g, dy), [sizeOf(dy.shape)])])
  return fromFirst(g, g.reshape(flat, first.shape))
}

/** dy / (h · w) to every place of the window, as TensorFlow.js has it: padding counts here, which the gradient of AvgPool makes up for. */
const avgPoolGradient: KernelRule = (g, { dy, input }, attrs) => {
  const c = geometryOf(input.shape, attrs)
  const { size, strides, pads } = attributesOf(c)
  const outputPadding = [
    c.inHeight - ((c.outHeight - 1) * c.strideHeight + c.filterHeight - pads[0] - pads[2]),
    c.inWidth - ((c.outWidth - 1) * c.strideWidth + c.filterWidth - pads[1] - pads[3]),
  ]
  const weights = g.filled(1 / sizeOf(size), [c.inChannels, 1, ...size], 'float32')
  const attributes = { strides, pads, dilations: [1, 1], group: c.inChannels, outputPadding }
  return fromFirst(g, g.add('ConvTranspose', [toFirst(g, dy), weights], attributes))
}

export const poolingKernels: KernelTable = {
  MaxPool: (g, { x }, attrs) => fromFirst(g, g.add('Pick', [largest(g, x, attrs)], { index: 0 })),
  MaxPoolGrad: maxPoolGradient,
  AvgPool: (g, { x }, attrs) => fromFirst(g, g.add('AveragePool', [toFirst(g, x)], attributesOf(geometryOf(x.shape, attrs)))),
  AvgPoolGrad: avgPoolGradient,
}
