/** What a step may not do is refused, and the message says where and what to do instead. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { StratumError } from '#common/errors.ts'
import { kernels } from '#engine/compute/trace/kernels.ts'
import { trace } from '#engine/compute/trace/trace.ts'
import '#engine/compute/tfjs.ts'
import type { TensorMap } from '#engine/compute/step.ts'

const spec = { state: {}, inputs: { x: { shape: [2, 3], dtype: 'float32' } }, scan: {} } as const

/** The error of tracing `f` in a model of that name. */
function refusal(f: (given: TensorMap) => tf.Tensor): StratumError {
  try {
    trace('my model', spec, ({ inputs }) => ({ state: {}, out: { y: f(inputs) } }))
  } catch (error) {
    if (error instanceof StratumError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('numbers drawn on the host', () => {
  test.each<[string, (x: tf.Tensor) => tf.Tensor]>([
    ['randomNormal', (x) => tf.add(x, tf.randomNormal([2, 3]))],
    ['randomNormal', (x) => tf.add(x, tf.randomNormal([2, 3], 0, 1, 'float32', 7))],
    ['randomUniform', (x) => tf.mul(x, tf.randomUniform([2, 3]))],
    ['randomUniformInt', (x) => tf.mul(x, tf.cast(tf.randomUniformInt([2, 3], 0, 9), 'float32'))],
    ['randomStandardNormal', (x) => tf.add(x, tf.randomStandardNormal([3]))],
    ['randomGamma', (x) => tf.add(x, tf.randomGamma([3], 2))],
    ['truncatedNormal', (x) => tf.add(x, tf.truncatedNormal([2, 3]))],
    [
      'rand',
      (x) =>
        tf.add(
          x,
          tf.rand([3], () => 0.5),
        ),
    ],
    ['dropout', (x) => tf.dropout(x, 0.5)],
  ])('by %s are refused by its name and the model’s', (op, f) => {
    const error = refusal(({ x }) => f(x))
    expect(error.message).toBe(
      `my model: ${op} draws its numbers in JavaScript, once, and every step would see the same; take the noise that the step is given (noise.uniform, noise.normal).`,
    )
    expect(error.where).toEqual({ model: 'my model', op })
  })
  test('are refused inside a gradient too', () => {
    expect(refusal(({ x }) => tf.grad((v: tf.Tensor) => tf.mul(v, tf.randomNormal([2, 3])))(x)).where.op).toBe('randomNormal')
  })
  test('are no constants that a model makes', () => {
    const program = trace('my model', spec, ({ inputs }) => ({
      state: {},
      out: { y: tf.add(tf.mul(inputs.x, tf.scalar(2)), tf.tensor1d([1, 2, 3])) },
    }))
    expect(program.out.y.shape).toEqual([2, 3])
  })
})

describe('operations without a rule', () => {
  test('are named, with what to write instead', () => {
    const error = refusal(({ x }) => tf.cumprod(x))
    expect(error.message).toBe(
      'my model: the operation Cumprod cannot be compiled: the runtime has none; use exp(cumsum(log(x))) of positive numbers.',
    )
    expect(error.where).toEqual({ model: 'my model', op: 'Cumprod' })
    expect(refusal(({ x }) => tf.atan2(x, x)).message).toContain(
      'the operation Atan2 cannot be compiled: the runtime has none; use atan(y / x)',
    )
    expect(refusal(({ x }) => tf.einsum('ij,ij->i', x, x)).message).toContain('Einsum')
    expect(refusal(({ x }) => tf.cast(tf.multinomial(x as tf.Tensor2D, 2), 'float32')).message).toContain('Multinomial')
  })
  test('are refused by name, every kernel of TensorFlow.js that is not compiled', () => {
    // The names of kernels are among the exports, each under its own name.
    const all = Object.entries(tf).flatMap(([name, value]) => (value === name ? [name] : []))
    const missing = all.filter((name) => !(name in kernels))
    expect(all.length).toBeGreaterThan(150)
    expect(missing.length).toBeLessThan(75)
    for (const op of missing) {
      const error = refusal(({ x }) => tf.engine().runKernel(op, { x }, {}) as tf.Tensor)
      expect(error.message).toContain(`my model: the operation ${op} cannot be compiled`)
    }
  })
  test('are named also where nothing better is known', () => {
    expect(refusal(({ x }) => tf.localResponseNormalization(tf.reshape(x, [1, 1, 2, 3]) as tf.Tensor4D)).message).toBe(
      'my model: the operation LRN cannot be compiled; write it with those of compute/trace/kernels.',
    )
  })
  test('or without a gradient are told apart', () => {
    const error = refusal(({ x }) => tf.grad((v: tf.Tensor) => tf.sum(tf.oneHot(tf.cast(v, 'int32'), 3)))(x))
    expect(error.message).toBe('my model: the operation OneHot has no gradient; keep it off the path with stopGradient, or give it one.')
  })
  test('and those that do not fit say which they are', () => {
    const error = refusal(({ x }) =>
      tf.depthToSpace(tf.concat([tf.reshape(x, [1, 6, 1, 1]), tf.zeros([1, 2, 1, 1])], 1) as tf.Tensor4D, 2, 'NCHW'),
    )
    expect(error.message).toContain('my model: DepthToSpace: ')
  })
})

describe('values', () => {
  test('may not be read', () => {
    const error = refusal(({ x }) => (x.dataSync()[0] > 0 ? x : tf.neg(x)))
    expect(error.message).toBe(
      'my model: a value (of Parameter x) was read; a step may not depend on values in JavaScript: use where, or make it a parameter.',
    )
    expect(refusal(({ x }) => tf.scalar(tf.sum(x).arraySync() as number)).message).toContain('a value (of ReduceSum) was read')
  })
  test('of tensors from outside are refused by the operation that met them', () => {
    const outside = tf.tensor1d([1, 2, 3])
    const error = refusal(({ x }) => tf.mul(x, outside))
    expect(error.message).toBe('my model: Multiply: a tensor made outside the step was used in it; pass it as state, input or scan.')
    expect(error.where.op).toBe('Multiply')
    outside.dispose()
  })
})

test('one gradient may go to two inputs, one of which gets another', () => {
  const program = trace('my model', spec, ({ inputs }) => ({
    state: {},
    out: {
      y: tf.grad((v: tf.Tensor) => {
        const a = tf.exp(v)
        const b = tf.sin(v)
        const early = tf.square(a)
        return tf.add(tf.add(a, b), early)
      })(inputs.x),
    },
  }))
  expect(program.out.y.shape).toEqual([2, 3])
})

test('no model, layer, loss or special function draws numbers on the host, or asks for the time', () => {
  const engine = fileURLToPath(new URL('../../../../../src-main/engine/', import.meta.url))
  const files = ['models', 'layers', 'losses', 'optim', 'compute/special'].flatMap((folder) =>
    readdirSync(join(engine, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(engine, folder, name)),
  )
  expect(files.length).toBeGreaterThan(10)
  const fromTfjs = /import (?:type )?\{([^}]*)\} from '(?:@tensorflow\/tfjs-core|[^']*\/tfjs\.ts)'/g
  const drawing = /\b(?:rand|random\w*|truncatedNormal|multinomial|dropout)\b/
  const guilty = files.filter((file) => {
    const source = readFileSync(file, 'utf8')
    return /Math\.random|Date\.now/.test(source) || [...source.matchAll(fromTfjs)].some(([, names]) => drawing.test(names))
  })
  expect(guilty).toEqual([])
})
