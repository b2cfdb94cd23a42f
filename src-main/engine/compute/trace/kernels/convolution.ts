/**
 * Convolutions and their gradients: as matrix products of windows (windows.ts) where that is faster, else as the runtime's own
 * convolutions. TensorFlow.js keeps channels last, the runtime wants them first.
 *
 * Letters: x [B, H, W, C] · filter [h, w, C, O] · y, dy [B, H′, W′, O]. Inside: x [B, C, H, W] · weights [O, C, h, w].
 */
import { backend_util } from '@tensorflow/tfjs-core'
import type { Graph } from '../../graph/graph.ts'
import type { Node, Shape } from '../../graph/node.ts'
import { fused } from './products.ts'
import { type KernelRule, type KernelTable, slice, transpose } from './rule.ts'
import { canUseSpreadWindows, canUseWindows, convolveWindows, filterGradientWindows, type Geometry, spreadWindows } from './windows.ts'

type Four = [number, number, number, number]
type Pair = [number, number]
type ConvAttrs = { strides: Pair | number; pad: 'same' | 'valid' | number; dilations?: Pair | number; dataFormat?: 'NHWC' | 'NCHW' }
type Rounding = 'floor' | 'round' | 'ceil' | undefined

const layoutOf = (dataFormat: string | undefined) => (dataFormat === 'NCHW' ? ('channelsFirst' as const) : ('channelsLast' as const))

function geometryOf(xShape: Shape, filterShape: Shape, attrs: unknown, depthwise = false): Geometry {
  const { strides, pad, dilations, dataFormat } = attrs as ConvAttrs
  const rounding = (attrs as { dimRoundingMode?: Rounding }).dimRoundingMode
  return backend_util.computeConv2DInfo(
    [...xShape] as Four,
    [...filterShape] as Four,
    strides,
    dilations ?? 1,
    pad,
    rounding,
    depthwise,
    layoutOf(dataFormat),
  )
}

const toFirst = (g: Graph, x: Node, { dataFormat }: Geometry): Node => (dataFormat === 'channelsFirst' ? x : transpose(g, x, [0, 3, 1, 2]))
const fromFirst = (g: Graph, x: Node, { dataFormat }: Geometry): Node =>
  dataFormat === 'channelsFirst' ? x : transpose(g, x, [0, 2, 3, 1])

/** top, left, bottom, right */
const pads = ({ padInfo: { top, left, bottom, right } }: Geometry): number[] => [top, left, bottom, right]
const strides = (c: Geometry): Pair => [c.strideHeight, c.strideWidth]
const dilations = (c: Geometry): Pair => [c.dilationHeight, c.dilationWidth]

/** [h, w, C, O] → [O, C, h, w] */
const weightsOf = (g: Graph, filter: Node): Node => transpose(g, filter, [3, 2, 0, 1])
/** [h, w, C, m] → [C·m, 1, h, w]: every channel has m filters of its own. */
const depthwiseWeightsOf = (g: Graph, filter: Node): Node => {
  const [h, w, channels, multiplier] = filter.shape
  return g.reshape(transpose(g, filter, [2, 3, 0, 1]), [channels * multiplier, 1, h, w])
}

function convolve(g: Graph, x: Node, weights: Node, c: Geometry, group: number): Node {
  const attributes = { strides: strides(c), pads: pads(c), dilations: dilations(c), group }
  return fromFirst(g, g.add('Conv', [toFirst(g, x, c), weights], attributes), c)
}

/** x that would have come to dy: every element of dy spread over its window. */
function spread(g: Graph, dy: Node, weights: Node, c: Geometry, group: number): Node {
  const [top, left, bottom, right] = pads(c)
  const outputPadding = [
    c.inHeight - ((c.outHeight - 1) * c.strideHeight + c.effectiveFilterHeight - top - bottom),
    c.inWidth - ((c.outWidth - 1) * c.strideWidth + c.effectiveFilterWidth - left - right),
  ]
  const attributes = { strides: strides(c), pads: pads(c), dilations: dilations(c), group, outputPadding }
  return fromFirst(g, g.add('ConvTranspose', [toFirst(g, dy, c), weights], attributes), c)
}

/**
 * Σ over rows and places of x · dy for every place of the filter: a convolution of x with dy, in which rows and channels have
 * changed parts, and strides and dilations too.
 */
function filterGradient(g: Graph, x: Node, dy: Node, c: Geometry): Node {
  const channelsLead = (v: Node): Node => transpose(g, toFirst(g, v, c), [1, 0, 2, 3])
  const attributes = { strides: dilations(c), pads: pads(c), dilations: strides(c), group: 1 }
  const all = g.add('Conv', [channelsLead(x), channelsLead(dy)], attributes) // [C, O, h or more, w or more]
  const size = [...all.shape.slice(0, 2), c.filterHeight, c.filterWidth]
  return transpose(g, slice(g, all, [0, 0, 0, 0], size), [2, 3, 0, 1])
}

/** The same channel by channel: for every place of the filter the product of x moved there with dy, summed. */
function depthwiseFilterGradient(g: Graph, x: Node, dy: Node, c: Geometry, multiplier: number): Node {
  const [top, left, bottom, right] = pads(c)
  const padded = g.add('Pad', [x], { before: [0, top, left, 0], after: [0, bottom, right, 0], value: 0 })
  const [batch, height, width, channels] = [c.batchSize, c.outHeight, c.outWidth, c.inChannels]
  const apart = g.reshape(dy, [batch, height, width, channels, multiplier])
  const places = Array.from({ length: c.filterHeight * c.filterWidth }, (_, i) => {
    const from = [0, Math.floor(i / c.filterWidth) * c.dilationHeight, (i % c.filterWidth) * c.dilationWidth, 0]
    const window = slice(g, padded, from, [batch, height, width, channels], [1, ...strides(c), 1])
    const product = g.add('Mul', [g.reshape(window, [batch, height, width, channels, 1]), apart])
    return g.reshape(g.add('ReduceSum', [product], { axes: [0, 1, 2], keepdims: 0 }), [1, channels, multiplier])
  })
  return g.reshape(g.add('Concat', places, { axis: 0 }), [c.filterHeight, c.filterWidth, channels, multiplier])
}

const conv2d: KernelRule = (g, { x, filter }, attrs) => {
  const c = geometryOf(x.shape, filter.shape, attrs)
  return canUseWindows(c) ? convolveWindows(g, x, filter, c) : convolve(g, x, weightsOf(g, filter), c, 1)
}
const conv2dByInput: KernelRule = (g, { dy, filter }, attrs) => {
  const c = geometryOf(attrs.inputShape, filter.shape, attrs)
  return canUseSpreadWindows(c) ? spreadWindows(g, dy, filter, c) : spread(g, dy, weightsOf(g, filter), c, 1)
}
const conv2dByFilter: KernelRule = (g, { x, dy }, attrs) => {
  const c = geometryOf(x.shape, attrs.filterShape, attrs)
  return canUseWindows(c) ? filterGradientWindows(g, x, dy, c) : filterGradient(g, x, dy, c)
}
const depthwise: KernelRule = (g, { x, filter }, attrs) =>
  convolve(g, x, depthwiseWeightsOf(g, filter), geometryOf(x.shape, filter.shape, attrs, true), filter.shape[2])

export const convolutionKernels: KernelTable = {
  Conv2D: conv2d,
  FusedConv2D: fused(conv2d),
  Conv2DBackpropInput: conv2dByInput,
  Conv2DBackpropFilter: conv2dByFilter,

  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2D: fused(depthwise),
  DepthwiseConv2dNativeBackpropInput: (g, { dy, filter }, attrs) =>
    spread(g, dy, depthwiseWeightsOf(g, filter), geometryOf(attrs.inputShape, filter.shape, attrs, true), filter.shape[2]),
  DepthwiseConv2dNativeBackpropFilter: (g, { x, dy }, attrs) => {
    const filterShape = attrs.filterShape as Shape
    return depthwiseFilterGradient(g, x, dy, geometryOf(x.shape, filterShape, attrs, true), filterShape[3])
  },
}
