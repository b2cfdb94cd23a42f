/** A product and its bias. */
import { describe, expect, test } from 'vitest'
import { dump } from '#engine/compute/graph/dump.ts'
import type { Node } from '#engine/compute/graph/node.ts'
import { fuseBias } from '#engine/compute/passes/fuseBias.ts'
import { reachable } from '#engine/compute/passes/rewrite.ts'
import { start } from './start.ts'

describe('a bias', () => {
  const program = (out: Record<string, Node>) => ({ title: 'test', spec: { state: {}, inputs: {}, scan: {} }, state: {}, out })
  function product() {
    const { g, x, b } = start()
    const w = g.parameter('inputs', 'w', [3, 3], 'float32')
    return { g, b, xw: g.add('Gemm', [x, w], { transA: 0, transB: 0 }) }
  }
  test('a product and its bias are one Gemm', () => {
    const { g, b, xw } = product()
    expect(dump(fuseBias(program({ y: g.add('Relu', [g.add('Add', [xw, b])]) })))).toMatch(
      /Gemm\(inputs\.x, inputs\.w, inputs\.b.*\n.*Relu/,
    )
  })
  test('unless the product is needed by itself', () => {
    const { g, b, xw } = product()
    expect(dump(fuseBias(program({ y: g.add('Mul', [g.add('Add', [xw, b]), xw]) })))).toMatch(/Add\(/)
  })
  test('what no result needs is not there', () => {
    const { g, b, xw } = product()
    g.add('Exp', [xw])
    expect(reachable(program({ y: g.add('Tanh', [b]) })).map(({ op }) => op)).toEqual(['Parameter', 'Tanh'])
  })
})
