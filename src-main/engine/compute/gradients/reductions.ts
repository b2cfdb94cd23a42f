/** Gradients of kernels that sum, compare or order along axes. */
import { cumsum, equal, exp, mul, registerGradient, reshape, stack, sub, sum, type Tensor, tile, unstack } from '@tensorflow/tfjs-core'
import { scatterAlong } from '../special/alongAxis.ts'
import { axesOf, define, mask, ofInput } from './define.ts'

/** dy of a reduction in the shape of what was reduced, each number repeated along `axes`. */
function expand(dy: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  const thin = reshape(
    dy,
    x.shape.map((n, i) => (axes.includes(i) ? 1 : n)),
  )
  return tile(
    thin,
    x.shape.map((n, i) => (axes.includes(i) ? n : 1)),
  )
}

ofInput('Sum', (dy, x, { axis }) => expand(dy, x, axesOf(axis, x.rank)))
ofInput('Mean', (dy, x, { axis }) => {
  const axes = axesOf(axis, x.rank)
  return mul(expand(dy, x, axes), 1 / axes.reduce((count, i) => count * x.shape[i], 1))
})
// Where several elements are the largest, each gets dy.
for (const kernelName of ['Max', 'Min']) {
  define(kernelName, { inputsToSave: ['x'], outputsToSave: [true] }, (dy, [x, y], attrs) => {
    const axes = axesOf(attrs.reductionIndices ?? attrs.axis, x.rank)
    return { x: () => mul(expand(dy, x, axes), mask(equal(x, expand(y, x, axes)))) }
  })
}

/** The product of all the others, from the left and from the right: right also where one of them is zero. */
ofInput('Prod', (dy, x, { axis }) => {
  const axes = axesOf(axis, x.rank)
  if (axes.length !== 1) throw new Error('the gradient of a product is there along one axis; take one after the other')
  const parts = unstack(x, axes[0])
  const others = (order: readonly Tensor[]): (Tensor | null)[] => {
    let product: Tensor | null = null
    return order.map((part) => {
      const before = product
      product = product ? mul(product, part) : part
      return before
    })
  }
  const [left, right] = [others(parts), others([...parts].reverse()).reverse()]
  const rest = parts.map((part, i) => {
    const [a, b] = [left[i], right[i]]
    return a && b ? mul(a, b) : (a ?? b ?? mul(part, 0))
  })
  return mul(expand(dy, x, axes), parts.length === 1 ? 1 : stack(rest, axes[0]))
})

ofInput('Cumsum', (dy, _, { axis, exclusive, reverse }) => cumsum(dy, axis as number, exclusive as boolean, !reverse))

// What arrives at the values goes to the places they came from; the indices have none.
registerGradient({
  kernelName: 'TopK',
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  gradFunc: (dys, [x, index]) => ({ x: () => scatterAlong(index, (dys as Tensor[])[0], x.shape.at(-1) as number) }),
})

define('Softmax', { outputsToSave: [true] }, (dy, [y], { dim }) => ({
  logits: () => {
    const weighted = mul(dy, y)
    return sub(weighted, mul(sum(weighted, [dim as number], true), y))
  },
}))
define('LogSoftmax', { outputsToSave: [true] }, (dy, [y], { axis }) => ({
  logits: () => sub(dy, mul(sum(dy, axis as number, true), exp(y))),
}))
