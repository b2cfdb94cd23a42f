/** Building graphs: what is the same is there once, and what does not fit is refused. */
import { describe, expect, test } from 'vitest'
import { start } from '../passes/start.ts'

describe('common subexpressions', () => {
  test('are one node, whichever way round a commutative operation is written', () => {
    const { g, x, y } = start()
    expect(g.add('Add', [x, y])).toBe(g.add('Add', [y, x]))
    expect(g.add('Sub', [x, y])).not.toBe(g.add('Sub', [y, x]))
    expect(g.constant(Float32Array.of(1, 2), [2], 'float32')).toBe(g.constant(Float32Array.of(1, 2), [2], 'float32'))
  })
  test('with other attributes are other nodes', () => {
    const { g, x } = start()
    expect(g.add('ReduceSum', [x], { axes: [0], keepdims: 0 })).not.toBe(g.add('ReduceSum', [x], { axes: [1], keepdims: 0 }))
  })
})

test('shapes that do not fit are refused where they are built', () => {
  const { g, x } = start()
  expect(() => g.add('Add', [x, g.parameter('inputs', 'z', [2, 4], 'float32')])).toThrow('do not broadcast')
  expect(() => g.add('Gemm', [x, x], { transA: 0, transB: 0 })).toThrow('do not multiply')
  expect(() => g.reshape(x, [4])).toThrow('cannot be seen as')
})
