/** School algebra: what is built and what is there afterwards. */
import { describe, expect, test } from 'vitest'
import type { Graph } from '#engine/compute/graph/graph.ts'
import type { Node } from '#engine/compute/graph/node.ts'
import { type Start, start, text } from './start.ts'

const sum = (g: Graph, x: Node): Node => g.add('ReduceSum', [x], { axes: [1], keepdims: 0 })

describe('algebra', () => {
  test.each<[string, (s: Start) => Node, string]>([
    ['x + 0', ({ g, x, c }) => g.add('Add', [x, c(0)]), ''],
    ['x + x', ({ g, x }) => g.add('Add', [x, x]), 'f32[2,3] = Mul(inputs.x, 2)'],
    ['x · 1', ({ g, x, c }) => g.add('Mul', [c(1), x]), ''],
    ['x − 0', ({ g, x, c }) => g.add('Sub', [x, c(0)]), ''],
    ['0 − x', ({ g, x, c }) => g.add('Sub', [c(0), x]), 'f32[2,3] = Neg(inputs.x)'],
    ['x · (−1)', ({ g, x, c }) => g.add('Mul', [x, c(-1)]), 'f32[2,3] = Neg(inputs.x)'],
    ['−(−x)', ({ g, x }) => g.add('Neg', [g.add('Neg', [x])]), ''],
    ['x + (−y)', ({ g, x, y }) => g.add('Add', [x, g.add('Neg', [y])]), 'f32[2,3] = Sub(inputs.x, inputs.y)'],
    ['x − (−y)', ({ g, x, y }) => g.add('Sub', [x, g.add('Neg', [y])]), 'f32[2,3] = Add(inputs.x, inputs.y)'],
    ['−(x − y)', ({ g, x, y }) => g.add('Neg', [g.add('Sub', [x, y])]), 'f32[2,3] = Sub(inputs.y, inputs.x)'],
    ['(x · 2) · 4', ({ g, x, c }) => g.add('Mul', [g.add('Mul', [x, c(2)]), c(4)]), 'f32[2,3] = Mul(inputs.x, 8)'],
    [
      '(x · 2) · s',
      ({ g, x, s, c }) => g.add('Mul', [g.add('Mul', [x, c(2)]), s]),
      'f32[] = Mul(inputs.s, 2); f32[2,3] = Mul(inputs.x, v6)',
    ],
    [
      '(x · s) · s',
      ({ g, x, s }) => g.add('Mul', [g.add('Mul', [x, s]), s]),
      'f32[] = Mul(inputs.s, inputs.s); f32[2,3] = Mul(inputs.x, v5)',
    ],
    [
      'Σ x · 2',
      ({ g, x, c }) => sum(g, g.add('Mul', [x, c(2)])),
      'f32[2] = ReduceSum(inputs.x, axes=[1], keepdims=0); f32[2] = Mul(2, v6)',
    ],
    [
      'Σ x · s',
      ({ g, x, s }) => sum(g, g.add('Mul', [x, s])),
      'f32[2] = ReduceSum(inputs.x, axes=[1], keepdims=0); f32[2] = Mul(inputs.s, v5)',
    ],
    ['Σ −x', ({ g, x }) => sum(g, g.add('Neg', [x])), 'f32[2] = ReduceSum(inputs.x, axes=[1], keepdims=0); f32[2] = Neg(v6)'],
    ['−(x · 2)', ({ g, x, c }) => g.add('Neg', [g.add('Mul', [x, c(2)])]), 'f32[2,3] = Mul(inputs.x, -2)'],
    ['x / 4', ({ g, x, c }) => g.add('Div', [x, c(4)]), 'f32[2,3] = Mul(inputs.x, 0.25)'],
    ['x²', ({ g, x, c }) => g.add('Pow', [x, c(2)]), 'f32[2,3] = Mul(inputs.x, inputs.x)'],
    ['x^½', ({ g, x, c }) => g.add('Pow', [x, c(0.5)]), 'f32[2,3] = Sqrt(inputs.x)'],
    [
      'float of int of bool',
      ({ g, x, c }) => g.cast(g.cast(g.add('Greater', [x, c(0)]), 'int32'), 'float32'),
      'bool[2,3] = Greater(inputs.x, 0); f32[2,3] = Cast(v5, to=float32)',
    ],
  ])('%s', (_, build, expected) => {
    expect(text(build(start()))).toBe(expected)
  })
  test('does not multiply whole numbers as if they were fractions', () => {
    const { g } = start()
    const i = g.parameter('inputs', 'i', [2], 'int32')
    expect(g.add('Div', [i, g.scalar(2, 'int32')]).op).toBe('Div')
  })
  test('leaves divisions whose reciprocal would be infinite or lose digits', () => {
    const { g, x, c } = start()
    for (const tiny of [1e-39, 3e38]) expect(g.add('Div', [x, c(tiny)]).op).toBe('Div')
  })
})
