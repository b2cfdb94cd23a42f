/** Every kernel that can be traced: its value against TensorFlow.js's own, its gradient against central differences. */
import { describe, expect, test } from 'vitest'
import * as tf from '#engine/compute/tfjs.ts'
import type { HostArrays, TensorMap } from '#engine/compute/step.ts'
import { kernels } from '#engine/compute/trace/kernels.ts'
import { randomUniform } from '#engine/compute/random/kernel.ts'
import { evaluateBoth, integers, largestDifference, numbersBetween } from '../helpers/programs.ts'

type T2 = tf.Tensor2D
interface Case {
  readonly inputs: HostArrays
  readonly f: (inputs: TensorMap) => tf.Tensor
  /** Inputs to differentiate by; none where the kernel has no gradient. */
  readonly by: readonly string[]
  /** How close value and gradient must be. */
  readonly tolerance?: number
}

const shape = [3, 4]
const x = (from = -2, to = 2) => ({ x: numbersBetween(from, to, shape) })
const ab = (from = -2, to = 2) => ({ a: numbersBetween(from, to, shape, 'a'), b: numbersBetween(from, to, [4], 'b') })
const unary = (f: (x: T2) => tf.Tensor, from = -2, to = 2, by: readonly string[] = ['x'], tolerance?: number): Case => ({
  inputs: x(from, to),
  f: ({ x: v }) => f(v as T2),
  by,
  tolerance,
})
const binary = (f: (a: T2, b: tf.Tensor) => tf.Tensor, from = -2, to = 2, by: readonly string[] = ['a', 'b']): Case => ({
  inputs: ab(from, to),
  f: ({ a, b }) => f(a as T2, b),
  by,
})
const predicate = (f: (a: T2, b: tf.Tensor) => tf.Tensor): Case => binary((a, b) => tf.cast(f(a, b), 'float32'), -2, 2, [])
const logical = (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Case =>
  binary((a, b) => tf.cast(f(tf.greater(a, 0), tf.greater(b, 0)), 'float32'), -2, 2, [])

const cases: Readonly<Record<string, Case>> = {
  Add: binary(tf.add),
  Sub: binary(tf.sub),
  Multiply: binary(tf.mul),
  RealDiv: binary(tf.div, 0.5, 2),
  Pow: binary(tf.pow, 0.5, 2),
  Maximum: binary(tf.maximum),
  Minimum: binary(tf.minimum),
  Mod: binary((a, b) => tf.mod(a, tf.add(tf.abs(b), 0.5)), 0, 2, []),
  SquaredDifference: binary(tf.squaredDifference),
  Greater: predicate(tf.greater),
  GreaterEqual: predicate(tf.greaterEqual),
  Less: predicate(tf.less),
  LessEqual: predicate(tf.lessEqual),
  Equal: predicate((a, b) => tf.equal(tf.round(a), tf.round(b))),
  NotEqual: predicate((a, b) => tf.notEqual(tf.round(a), tf.round(b))),
  LogicalAnd: logical(tf.logicalAnd),
  LogicalOr: logical(tf.logicalOr),
  LogicalNot: logical((a) => tf.logicalNot(a)),
  AddN: { inputs: { ...x(), y: numbersBetween(-1, 1, shape, 'y') }, f: ({ x: v, y }) => tf.addN([v, y, v]), by: [] },

  Square: unary(tf.square),
  Abs: unary(tf.abs, 0.2, 2),
  Neg: unary(tf.neg),
  Sign: unary(tf.sign, 0.2, 2),
  Floor: unary(tf.floor, 0.2, 0.8),
  Ceil: unary(tf.ceil, 0.2, 0.8),
  Round: unary(tf.round, 0.6, 1.3),
  Exp: unary(tf.exp),
  Log: unary(tf.log, 0.5, 3),
  Sqrt: unary(tf.sqrt, 0.5, 3),
  Reciprocal: unary(tf.reciprocal, 0.5, 3),
  Erf: unary(tf.erf, -2, 2, ['x'], 2e-6),
  Sin: unary(tf.sin),
  Cos: unary(tf.cos),
  Tan: unary(tf.tan, -1, 1, []),
  Asin: unary(tf.asin, -0.9, 0.9, []),
  Acos: unary(tf.acos, -0.9, 0.9, []),
  Atan: unary(tf.atan, -2, 2, []),
  Sinh: unary(tf.sinh, -2, 2, []),
  Cosh: unary(tf.cosh, -2, 2, []),
  Asinh: unary(tf.asinh, -2, 2, []),
  Acosh: unary(tf.acosh, 1.1, 3, []),
  Atanh: unary(tf.atanh, -0.9, 0.9, []),
  Log1p: unary(tf.log1p, -0.5, 3),
  Expm1: unary(tf.expm1),
  Rsqrt: unary(tf.rsqrt, 0.5, 3),
  Relu: unary(tf.relu),
  Elu: unary(tf.elu),
  Selu: unary(tf.selu),
  Sigmoid: unary(tf.sigmoid),
  Tanh: unary(tf.tanh),
  Softplus: unary(tf.softplus),
  Relu6: unary(tf.relu6, -2, 8),
  LeakyRelu: unary((v) => tf.leakyRelu(v, 0.2)),
  ClipByValue: unary((v) => tf.clipByValue(v, -1, 1)),
  Step: unary((v) => tf.step(v, 0.1), 0.2, 2),
  IsNan: unary((v) => tf.cast(tf.isNaN(tf.log(v)), 'float32'), -2, 2, []),
  IsInf: unary((v) => tf.cast(tf.isInf(tf.div(1, tf.relu(v))), 'float32'), -2, 2, []),

  Identity: unary((v) => tf.clone(v)),
  Cast: unary((v) => tf.mul(v, tf.cast(tf.cast(v, 'int32'), 'float32')), 0.2, 0.8),
  ZerosLike: unary((v) => tf.add(v, tf.zerosLike(v))),
  OnesLike: unary((v) => tf.mul(v, tf.onesLike(v))),
  Fill: unary((v) => tf.mul(v, tf.fill(shape, 3))),
  Select: {
    inputs: { ...x(), y: numbersBetween(-1, 1, shape, 'y') },
    f: ({ x: v, y }) => tf.where(tf.greater(v, 0), tf.square(v), y),
    by: ['x', 'y'],
  },

  Sum: unary((v) => tf.sum(v, 0)),
  Mean: unary((v) => tf.mean(v, 1)),
  Max: unary((v) => tf.max(v, 1)),
  Min: unary((v) => tf.min(v, 0, true)),
  Prod: unary((v) => tf.prod(v, 0), 0.5, 2, []),
  ArgMax: unary((v) => tf.argMax(v, 1), -2, 2, []),
  ArgMin: unary((v) => tf.argMin(v, 0), -2, 2, []),
  Softmax: unary((v) => tf.softmax(v)),
  LogSoftmax: unary((v) => tf.logSoftmax(v)),
  Cumsum: unary((v) => tf.cumsum(v, 1, true), -2, 2, []),
  TopK: unary((v) => tf.topk(v, 2).values, -2, 2, []),

  BatchMatMul: {
    inputs: { a: numbersBetween(-1, 1, [2, 3, 4], 'a'), b: numbersBetween(-1, 1, [2, 5, 4], 'b') },
    f: ({ a, b }) => tf.matMul(a, b, false, true),
    by: ['a', 'b'],
  },
  Reshape: unary((v) => tf.mul(tf.reshape(v, [2, -1]), tf.reshape(v, [2, 6]))),
  ExpandDims: unary((v) => tf.square(tf.expandDims(v, 1))),
  Transpose: unary((v) => tf.square(tf.transpose(v))),
  Tile: unary((v) => tf.square(tf.tile(v, [2, 3]))),
  Concat: { inputs: ab(), f: ({ a, b }) => tf.square(tf.concat([a, tf.reshape(b, [1, 4])], 0)), by: ['a', 'b'] },
  Pack: { inputs: { ...x(), y: numbersBetween(-1, 1, shape, 'y') }, f: ({ x: v, y }) => tf.square(tf.stack([v, y], 1)), by: ['x', 'y'] },
  SplitV: unary((v) => {
    const [a, b] = tf.split(v, [1, 3], 1)
    return tf.mul(a, b)
  }),
  Unpack: unary((v) => {
    const [a, b, c] = tf.unstack(v)
    return tf.add(tf.mul(a, b), c)
  }),
  Slice: unary((v) => tf.square(tf.slice(v, [1, 0], [2, 3]))),
  Reverse: unary((v) => tf.reverse(v, 1), -2, 2, []),
  PadV2: unary((v) =>
    tf.square(
      tf.pad(
        v,
        [
          [1, 0],
          [2, 1],
        ],
        0.5,
      ),
    ),
  ),
  GatherV2: { inputs: { ...x(), i: integers([2, 0, 2, 1]) }, f: ({ x: v, i }) => tf.square(tf.gather(v, i as tf.Tensor1D)), by: ['x'] },
  UnsortedSegmentSum: {
    inputs: { ...x(), i: integers([1, 0, 1]) },
    f: ({ x: v, i }) => tf.square(tf.unsortedSegmentSum(v, i as tf.Tensor1D, 2)),
    by: ['x'],
  },
  OneHot: { inputs: { i: integers([1, 0, 2]) }, f: ({ i }) => tf.cast(tf.oneHot(i, 3, 2, -1), 'float32'), by: [] },
  CounterUniform: {
    inputs: { key: integers([12345], []) },
    f: ({ key }) => randomUniform(key as tf.Scalar, [1000], 'site'),
    by: [],
    tolerance: 0,
  },
}

const noise = (n: number) => numbersBetween(0.5, 1.5, [n], 'weights').values

describe('kernels', () => {
  test('all of the table are here', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(kernels).sort())
  })

  test.each(Object.entries(cases))('%s has the same value compiled', async (_, { inputs, f, tolerance = 1e-6 }) => {
    const { compiled, eager } = await evaluateBoth(inputs, (given) => ({ y: f(given) }))
    expect(compiled.y.shape).toEqual(eager.y.shape)
    expect(largestDifference(compiled.y.values, eager.y.values)).toBeLessThanOrEqual(tolerance)
  })

  test.each(Object.entries(cases).filter(([, { by }]) => by.length > 0))(
    '%s has the gradient of central differences',
    async (_, { inputs, f, by }) => {
      // Weighted, so that every element of the result has a gradient of its own.
      const weighted = (given: TensorMap): tf.Scalar => {
        const y = f(given)
        return tf.sum(tf.mul(y, tf.reshape(tf.tensor1d(noise(y.size)), y.shape)))
      }
      const gradients = (given: TensorMap): TensorMap => {
        const dx = tf.grads((...values: tf.Tensor[]) =>
          weighted({ ...given, ...Object.fromEntries(by.map((name, i) => [name, values[i]])) }),
        )(by.map((name) => given[name]))
        return Object.fromEntries(by.map((name, i) => [name, dx[i]]))
      }
      const { compiled, eager } = await evaluateBoth(inputs, gradients)
      for (const name of by) {
        expect(largestDifference(compiled[name].values, eager[name].values)).toBeLessThan(3e-6)
        expect(largestDifference(eager[name].values, differences(inputs, name, weighted))).toBeLessThan(5e-3)
      }
    },
  )
})

/** [f(x + h) − f(x − h)] / 2h for each element; h is large because f is computed in float32. */
function differences(inputs: HostArrays, name: string, f: (given: TensorMap) => tf.Scalar): number[] {
  const h = 1e-2
  tf.setBackend('cpu')
  const at = (i: number, step: number): number =>
    tf.tidy(() => {
      const tensors = Object.fromEntries(
        Object.entries(inputs).map(([key, { shape: s, values }]) => {
          const moved = values.slice()
          if (key === name) moved[i] += step
          return [key, tf.tensor(moved, [...s], values instanceof Float32Array ? 'float32' : 'int32')]
        }),
      )
      return f(tensors).dataSync()[0]
    })
  return Array.from(inputs[name].values, (_, i) => (at(i, h) - at(i, -h)) / (2 * h))
}
