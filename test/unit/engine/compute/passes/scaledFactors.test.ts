/** Constant factors of matrix products. */
import { expect, test } from 'vitest'
import * as tf from '#engine/compute/tfjs.ts'
import { dump } from '#engine/compute/graph/dump.ts'
import { trace } from '#engine/compute/trace/trace.ts'
import { start, text } from './start.ts'

test('go into the product, through reshapes and signs', () => {
  const { g, x, y, c } = start()
  const plain = { transA: 0, transB: 1 }
  expect(text(g.add('Gemm', [g.add('Mul', [x, c(2)]), y], plain))).toBe('f32[2,2] = Gemm(inputs.x, inputs.y, transA=0, transB=1, alpha=2)')
  const flat = g.reshape(g.add('Mul', [g.reshape(x, [6]), c(3)]), [2, 3])
  expect(text(g.add('Gemm', [flat, g.add('Neg', [y])], plain))).toBe('f32[2,2] = Gemm(inputs.x, inputs.y, transA=0, transB=1, alpha=-3)')
  expect(text(g.add('Gemm', [g.add('Mul', [x, c(4)]), g.add('Mul', [y, c(0.25)])], plain))).toBe(
    'f32[2,2] = Gemm(inputs.x, inputs.y, transA=0, transB=1)',
  )
})

test('factors that are not known, or differ by column, stay', () => {
  const { g, x, y, s, b } = start()
  expect(text(g.add('Gemm', [g.add('Mul', [x, s]), y], { transA: 0, transB: 1 }))).toContain('Mul(')
  expect(text(g.add('Gemm', [g.add('Mul', [x, b]), y], { transA: 0, transB: 1 }))).toContain('Mul(')
})

test('the gradient of a squared error is never written, and its residual is that of the loss', () => {
  const spec = { state: {}, inputs: { x: { shape: [8, 5], dtype: 'float32' }, w: { shape: [5, 5], dtype: 'float32' } }, scan: {} } as const
  const program = trace('linear', spec, ({ inputs }) => {
    const { value, grads } = tf.valueAndGrads((w: tf.Tensor) =>
      tf.mean(tf.squaredDifference(inputs.x, tf.matMul(inputs.x as tf.Tensor2D, w as tf.Tensor2D))),
    )([inputs.w])
    return { state: {}, out: { value, gradient: grads[0] } }
  })
  const operations = dump(program)
    .split('\n')
    .map((line) => / = (\w+)\(/.exec(line)?.[1])
    .filter((op) => op)
  expect(operations.sort()).toEqual(['Gemm', 'Gemm', 'Mul', 'ReduceMean', 'Sub'])
})
