/** Gradients of convolutions and pooling. Each half of a convolution's gradient is a kernel of its own, and has a gradient too. */
import { backend_util, engine, mul, type Tensor, tensor4d } from '@tensorflow/tfjs-core'
import { type Attrs, define, ofInput } from './define.ts'

const run = (kernelName: string, inputs: Record<string, Tensor>, attrs: Attrs): Tensor =>
  engine().runKernel(kernelName, inputs, attrs as Parameters<ReturnType<typeof engine>['runKernel']>[2])

function refuseDilations({ dilations }: Attrs): void {
  if ([dilations ?? 1].flat().some((d) => d !== 1)) throw new Error('a convolution with dilations has no gradient')
}
/** The part of the attributes that all three kernels of a convolution share. */
const shared = ({ strides, pad, dataFormat, dimRoundingMode }: Attrs): Attrs => ({ strides, pad, dataFormat, dimRoundingMode })

define('Conv2D', { inputsToSave: ['x', 'filter'] }, (dy, [x, filter], attrs) => {
  refuseDilations(attrs)
  return {
    x: () => run('Conv2DBackpropInput', { dy, filter }, { ...shared(attrs), inputShape: x.shape }),
    filter: () => run('Conv2DBackpropFilter', { x, dy }, { ...shared(attrs), filterShape: filter.shape }),
  }
})
// The transposed convolution: what spreads forwards gathers backwards.
define('Conv2DBackpropInput', { inputsToSave: ['dy', 'filter'] }, (ddx, [dy, filter], attrs) => ({
  dy: () => run('Conv2D', { x: ddx, filter }, { ...shared(attrs), dilations: 1 }),
  filter: () => run('Conv2DBackpropFilter', { x: ddx, dy }, { ...shared(attrs), filterShape: filter.shape }),
}))

define('DepthwiseConv2dNative', { inputsToSave: ['x', 'filter'] }, (dy, [x, filter], attrs) => {
  refuseDilations(attrs)
  const { strides, pad, dimRoundingMode } = attrs
  const own: Attrs = { strides, pad, dilations: [1, 1], dimRoundingMode }
  return {
    x: () => run('DepthwiseConv2dNativeBackpropInput', { dy, filter }, { ...own, inputShape: x.shape }),
    filter: () => run('DepthwiseConv2dNativeBackpropFilter', { x, dy }, { ...own, filterShape: filter.shape }),
  }
})

define('MaxPool', { inputsToSave: ['x'], outputsToSave: [true] }, (dy, [x, y], attrs) => ({
  x: () => run('MaxPoolGrad', { dy, input: x, output: y }, attrs),
}))

/**
 * An average at the border is over the places inside only, while the kernel of the gradient divides by all: dy is multiplied by
 * window / places inside.
 */
ofInput('AvgPool', (dy, x, attrs) => {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as PoolAttrs
  const c = backend_util.computePool2DInfo(x.shape as [number, number, number, number], filterSize, strides, 1, pad, dimRoundingMode)
  const inside = (count: number, n: number, size: number, stride: number, before: number): number[] =>
    Array.from({ length: count }, (_, i) => Math.min(n, i * stride - before + size) - Math.max(0, i * stride - before))
  const rows = inside(c.outHeight, c.inHeight, c.filterHeight, c.strideHeight, c.padInfo.top)
  const columns = inside(c.outWidth, c.inWidth, c.filterWidth, c.strideWidth, c.padInfo.left)
  const window = c.filterHeight * c.filterWidth
  const factors = rows.flatMap((h) => columns.map((w) => window / (h * w)))
  const grown = factors.every((f) => f === 1) ? dy : mul(dy, tensor4d(factors, [1, rows.length, columns.length, 1]))
  return run('AvgPoolGrad', { dy: grown, input: x }, attrs)
})

interface PoolAttrs {
  readonly filterSize: [number, number] | number
  readonly strides: [number, number] | number
  readonly pad: 'same' | 'valid' | number
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
}
