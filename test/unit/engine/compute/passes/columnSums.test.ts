/** Sums down the columns become products with ones. */
import { expect, test } from 'vitest'
import type { Attributes, Node } from '#engine/compute/graph/node.ts'
import { start, text } from './start.ts'

const over = (...axes: number[]): Attributes => ({ axes, keepdims: 0 })
const without = (node: Node): string => text(node).replaceAll(', transA=0, transB=0', '')

test('of a large matrix, and their mean', () => {
  const { g } = start()
  const z = g.parameter('inputs', 'z', [500, 100], 'float32')
  expect(without(g.add('ReduceSum', [z], over(0)))).toBe(
    'f32[1,500] = Broadcast(1, shape=[1,500]); f32[1,100] = Gemm(v6, inputs.z); f32[100] = Reshape(v7, shape=[100])',
  )
  expect(without(g.add('ReduceMean', [z], { axes: [0], keepdims: 1 }))).toMatch(/Gemm\(v6, inputs\.z, alpha=0\.002\d*\)$/)
})

test('of a small one the runtime computes as it likes', () => {
  const { g, x } = start()
  expect(text(g.add('ReduceSum', [x], over(0)))).toBe('f32[3] = ReduceSum(inputs.x, axes=[0], keepdims=0)')
})

test('of more axes, as long as they are the first', () => {
  const { g } = start()
  const z = g.parameter('inputs', 'z', [40, 30, 50], 'float32')
  expect(text(g.add('ReduceSum', [z], over(0, 1)))).toContain('Gemm(')
  expect(text(g.add('ReduceSum', [z], over(1)))).toBe('f32[40,50] = ReduceSum(inputs.z, axes=[1], keepdims=0)')
  expect(text(g.add('ReduceSum', [z], over(0, 1, 2)))).toContain('ReduceSum(')
  expect(text(g.add('ReduceMax', [z], over(0)))).toContain('ReduceMax(')
})

test('of what is transposed are sums along other axes', () => {
  const { g } = start()
  const x = g.parameter('inputs', 'wide', [300, 200], 'float32')
  const turned = g.add('Transpose', [x], { perm: [1, 0] })
  expect(text(g.add('ReduceSum', [turned], over(0)))).toBe('f32[300] = ReduceSum(inputs.wide, axes=[1], keepdims=0)')
  expect(text(g.add('ReduceSum', [turned], over(1)))).toContain('Gemm(')
  const z = g.parameter('inputs', 'z', [2, 3, 4], 'float32')
  const back = g.add('Transpose', [z], { perm: [2, 1, 0] })
  expect(text(g.add('ReduceMax', [back], over(1)))).toContain('Transpose(') // what is left is in another order
})
