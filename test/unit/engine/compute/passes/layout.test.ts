/** Operations that only move numbers, removed or merged. */
import { describe, expect, test } from 'vitest'
import { ops, start, text } from './start.ts'

describe('layout', () => {
  test('reshapes of reshapes and transpositions of transpositions are one, or none', () => {
    const { g, x } = start()
    expect(g.reshape(g.reshape(x, [6]), [2, 3])).toBe(x)
    expect(g.add('Transpose', [g.add('Transpose', [x], { perm: [1, 0] })], { perm: [1, 0] })).toBe(x)
    expect(g.add('Transpose', [x], { perm: [0, 1] })).toBe(x)
  })
  test('a matrix product takes transpositions in', () => {
    const { g, x, y } = start()
    const product = g.add('Gemm', [x, g.add('Transpose', [y], { perm: [1, 0] })], { transA: 0, transB: 0 })
    expect(text(product)).toBe('f32[2,2] = Gemm(inputs.x, inputs.y, transA=0, transB=1)')
  })
  test('sums over axes of one are reshapes', () => {
    const { g } = start()
    const thin = g.parameter('inputs', 'thin', [1, 5], 'float32')
    expect(ops(g.add('ReduceSum', [thin], { axes: [0], keepdims: 0 }))).toEqual(['Reshape'])
  })
  test('what takes everything or one takes nothing', () => {
    const { g, x } = start()
    expect(g.add('Slice', [x], { starts: [0, 0], sizes: [2, 3], steps: [1, 1] })).toBe(x)
    expect(g.add('Concat', [x], { axis: 0 })).toBe(x)
    expect(g.add('Pick', [g.add('Split', [x], { axis: 1, sizes: [3] })], { index: 0 })).toBe(x)
  })
})
