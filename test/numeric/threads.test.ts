/** Every operation on tensors large enough to be divided among threads: the same bits on any number of them. */
import { describe, expect, test } from 'vitest'
import { emit } from '#engine/compute/emit/emit.ts'
import { openSession } from '#engine/compute/executors/session.ts'
import { digamma, lgamma } from '#engine/compute/special/gamma.ts'
import { logSumExp } from '#engine/compute/special/logSumExp.ts'
import { type HostArrays, specsOf, type TensorMap } from '#engine/compute/step.ts'
import * as tf from '#engine/compute/tfjs.ts'
import { trace } from '#engine/compute/trace/trace.ts'
import { integers, numbersBetween } from '../helpers/programs.ts'

// Not multiples of anything a vector unit or a cache line holds.
const [rows, columns] = [317, 211]
const inputs: HostArrays = {
  x: numbersBetween(0.01, 3, [rows, columns]),
  y: numbersBetween(-2, 2, [rows, columns], 'y'),
  row: numbersBetween(0.5, 2, [columns], 'row'),
  i: integers(Array.from({ length: rows }, (_, i) => (i * 7) % 31)),
  a: numbersBetween(-1, 1, [5, 67, 129], 'a'),
  b: numbersBetween(-1, 1, [5, 129, 83], 'b'),
}
type Given = TensorMap
const of = (f: (x: tf.Tensor2D) => tf.Tensor) => (given: Given) => f(given.x as tf.Tensor2D)
const images = (x: tf.Tensor2D) => tf.reshape(tf.slice(x, [0, 0], [300, 200]), [15, 20, 20, 10]) as tf.Tensor4D
const channelsFirst = (x: tf.Tensor2D) => tf.transpose(images(x), [0, 3, 1, 2]) as tf.Tensor4D
const both = (f: (x: tf.Tensor2D, y: tf.Tensor2D) => tf.Tensor) => (given: Given) => f(given.x as tf.Tensor2D, given.y as tf.Tensor2D)

const operations: Readonly<Record<string, (given: Given) => tf.Tensor>> = {
  exp: of(tf.exp),
  expm1: of(tf.expm1),
  log: of(tf.log),
  log1p: of(tf.log1p),
  sqrt: of(tf.sqrt),
  rsqrt: of(tf.rsqrt),
  reciprocal: of(tf.reciprocal),
  erf: of(tf.erf),
  sin: of(tf.sin),
  cos: of(tf.cos),
  tan: of(tf.tan),
  atan: of(tf.atan),
  sinh: of(tf.sinh),
  cosh: of(tf.cosh),
  asinh: of(tf.asinh),
  elu: of(tf.elu),
  selu: of(tf.selu),
  sigmoid: of(tf.sigmoid),
  tanh: of(tf.tanh),
  softplus: of(tf.softplus),
  softmax: of(tf.softmax),
  logSoftmax: of(tf.logSoftmax),
  relu6: of(tf.relu6),
  sum: of(tf.sum),
  mean: of(tf.mean),
  max: of(tf.max),
  prod: of(tf.prod),
  asin: of((x) => tf.asin(tf.div(x, 4))),
  atanh: of((x) => tf.atanh(tf.div(x, 4))),
  acosh: of((x) => tf.acosh(tf.add(x, 1))),
  leakyRelu: both((_, y) => tf.leakyRelu(y, 0.1)),
  add: both(tf.add),
  division: both(tf.div),
  power: both((x, y) => tf.pow(x, y)),
  remainder: both((x, y) => tf.mod(y, x)),
  'add a row': ({ x, row }) => tf.add(x, row),
  'divide by a row': ({ x, row }) => tf.div(x, row),
  'sum of rows': of((x) => tf.sum(x, 0)),
  'sum of columns': of((x) => tf.sum(x, 1)),
  'mean of rows': of((x) => tf.mean(x, 0)),
  'sums of images': of((x) => tf.sum(images(x), [0, 2])),
  cumsum: of((x) => tf.cumsum(x, 1)),
  'log-sum-exp': of((x) => logSumExp(x)),
  lgamma: of(lgamma),
  digamma: of(digamma),
  'the k largest': of((x) => tf.topk(x, 17).values),
  'rows by index': ({ x, i }) => tf.gather(x, i as tf.Tensor1D),
  'rows added by index': ({ x, i }) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, 31),
  'products of matrices': ({ a, b }) => tf.matMul(a, b),
  'product of matrices': both((x, y) => tf.matMul(x, y, true, false)),
  convolution: of((x) => tf.conv2d(images(x), tf.ones([3, 3, 10, 12]), 2, 'same')),
  'convolution, channels first': of((x) => tf.conv2d(channelsFirst(x), tf.ones([3, 3, 10, 12]), 1, 'same', 'NCHW')),
  'gradient of its filter, channels first': of((x) => {
    const attributes = { strides: [1, 1], pad: 'same', dataFormat: 'NCHW', filterShape: [3, 3, 10, 10] }
    return tf.engine().runKernel('Conv2DBackpropFilter', { x: channelsFirst(x), dy: channelsFirst(x) }, attributes)
  }),
  'convolution of every channel': of((x) => tf.depthwiseConv2d(images(x), tf.ones([3, 3, 10, 2]), 1, 'same')),
  'transposed convolution': of((x) => tf.conv2dTranspose(images(x), tf.ones([3, 3, 12, 10]), [15, 40, 40, 12], 2, 'same')),
  'transposed convolution to one channel': of((x) => tf.conv2dTranspose(images(x), tf.ones([3, 3, 1, 10]), [15, 40, 40, 1], 2, 'same')),
  'largest of windows': of((x) => tf.maxPool(images(x), 3, 2, 'same')),
  'average of windows': of((x) => tf.avgPool(images(x), 3, 2, 'same')),
}

describe('the bits do not depend on the number of threads:', () => {
  test.each(Object.entries(operations))('%s', async (_, f) => {
    const program = emit(
      trace('threads', { state: {}, inputs: specsOf(inputs), scan: {} }, (given) => ({ state: {}, out: { y: f(given.inputs) } })),
      'once',
    )
    const results = []
    for (const threads of [1, 2, 3, 5]) {
      const executor = await openSession({ ...program, largestProduct: Number.POSITIVE_INFINITY }, { threads })
      await executor.load({ inputs })
      results.push((await executor.run({}, 1)).y.values)
      await executor.close()
    }
    for (const values of results) expect(Buffer.compare(Buffer.from(values.buffer), Buffer.from(results[0].buffer))).toBe(0)
  })
})
