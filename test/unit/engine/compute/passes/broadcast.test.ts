/** Broadcasts sink, and mostly vanish. */
import { describe, expect, test } from 'vitest'
import { ops, start, text } from './start.ts'

describe('broadcasts', () => {
  test('sink through elementwise operations and vanish beside a full operand', () => {
    const { g, x, s } = start()
    expect(text(g.add('Mul', [x, g.broadcast(g.add('Exp', [s]), [2, 3])]))).toBe('f32[] = Exp(inputs.s); f32[2,3] = Mul(inputs.x, v4)')
    expect(ops(g.add('Exp', [g.broadcast(s, [2, 3])]))).toEqual(['Exp', 'Broadcast'])
  })
  test('of one number are summed by multiplying, and averaged by nothing', () => {
    const { g, s, c } = start()
    expect(g.add('ReduceSum', [g.filled(2, [4, 5], 'float32')], { axes: [0, 1], keepdims: 0 })).toBe(c(40))
    expect(g.add('ReduceMean', [g.broadcast(s, [4, 5])], { axes: [0, 1], keepdims: 0 })).toBe(s)
    expect(text(g.add('ReduceSum', [g.broadcast(s, [4, 5])], { axes: [0], keepdims: 0 }))).toContain('Mul(inputs.s, 4)')
  })
  test('of rows stay where they are needed in full', () => {
    const { g, b } = start()
    expect(ops(g.add('Gemm', [g.broadcast(b, [2, 3]), g.parameter('inputs', 'w', [3, 4], 'float32')], { transA: 0, transB: 0 }))).toEqual([
      'Broadcast',
      'Gemm',
    ])
  })
  test('the gradient of a mean, a full tensor of one number, costs one number', () => {
    const { g, x } = start()
    const dy = g.filled(1, [], 'float32')
    const full = g.broadcast(dy, [2, 3])
    expect(text(g.add('Mul', [g.add('Mul', [full, g.scalar(1 / 6, 'float32')]), x]))).toMatch(/^f32\[2,3\] = Mul\(inputs\.x, 0\.1666/)
  })
})
