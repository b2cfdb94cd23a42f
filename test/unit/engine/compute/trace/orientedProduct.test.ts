/** Products turned so that the number of threads does not change their bits. */
import { expect, test } from 'vitest'
import { orientedProduct } from '#engine/compute/trace/orientedProduct.ts'
import { ops, start, text } from '../passes/start.ts'

test('a product that would be summed in another order on more threads is turned', () => {
  const { g } = start()
  const parameter = (name: string, shape: number[]) => g.parameter('inputs', name, shape, 'float32')
  // [8, 256] · [256, 128]: two threads would have 64 columns each, and longer panels
  const narrow = orientedProduct(g, parameter('m', [256, 8]), parameter('n', [256, 128]), 1, 0)
  expect(text(narrow)).toBe('f32[128,8] = Gemm(inputs.n, inputs.m, transA=1, transB=0); f32[8,128] = Transpose(v6, perm=[1,0])')
  expect(ops(orientedProduct(g, parameter('c', [128, 256]), parameter('d', [256, 8]), 0, 0))).toEqual(['Gemm'])
  expect(ops(orientedProduct(g, parameter('e', [8, 100]), parameter('f', [100, 128]), 0, 0))).toEqual(['Gemm'])
})
