/** What is known while tracing is not computed in every step. */
import { describe, expect, test } from 'vitest'
import type { Attributes, Node } from '#engine/compute/graph/node.ts'
import type { Op } from '#engine/compute/graph/ops.ts'
import { start } from './start.ts'

describe('constant folding', () => {
  test('computes numbers and arrays of numbers', () => {
    const { g, c } = start()
    expect(g.add('Add', [c(2), g.add('Mul', [c(3), c(4)])]).values).toEqual(Float32Array.of(14))
    const list = g.constant(Float32Array.of(1, 4, 9), [3], 'float32')
    expect(g.add('Sqrt', [list]).values).toEqual(Float32Array.of(1, 2, 3))
    expect(g.add('Greater', [list, c(3)])).toMatchObject({ dtype: 'bool', values: Uint8Array.of(0, 1, 1) })
    expect(g.cast(list, 'int32').values).toEqual(Int32Array.of(1, 4, 9))
  })
  test('leaves words alone, which wrap around', () => {
    const { g } = start()
    expect(g.add('Mul', [g.scalar(0x7feb352d, 'uint32'), g.scalar(0x846ca68b, 'uint32')]).op).toBe('Mul')
  })

  test('repeats rows and columns, and rounds as the runtime does', () => {
    const { g } = start()
    const constant = (values: number[], shape: number[]) => g.constant(Float32Array.from(values), shape, 'float32')
    const table = g.add('Add', [constant([1, 2], [2, 1]), constant([10, 20, 30], [3])])
    expect(table).toMatchObject({ shape: [2, 3], values: Float32Array.of(11, 21, 31, 12, 22, 32) })
    expect(g.add('Round', [constant([0.5, 1.5, 2.5, -0.5, 2.4], [5])]).values).toEqual(Float32Array.of(0, 2, 2, 0, 2))
    expect(g.add('Clip', [constant([-1, 0.5, 3], [3])], { min: 0, max: 1 }).values).toEqual(Float32Array.of(0, 0.5, 1))
    expect(g.add('LeakyRelu', [constant([-1, 2], [2])], { alpha: 0.5 }).values).toEqual(Float32Array.of(-0.5, 2))
  })
  test('moves numbers as the runtime would', () => {
    const { g } = start()
    const x = g.constant(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3], 'float32')
    const values = (op: Op, inputs: Node[], attributes: Attributes) => Array.from(g.add(op, inputs, attributes).values ?? [])
    expect(values('Transpose', [x], { perm: [1, 0] })).toEqual([1, 4, 2, 5, 3, 6])
    expect(values('Slice', [x], { starts: [1, 2], sizes: [2, 2], steps: [-1, -2] })).toEqual([6, 4, 3, 1])
    expect(values('Tile', [x], { repeats: [1, 2] })).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6])
    expect(values('Concat', [x, x], { axis: 1 })).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6])
    const index = g.constant(Int32Array.of(2, 0), [2], 'int32')
    expect(values('Gather', [x, index], { axis: 1 })).toEqual([3, 1, 6, 4])
    expect(values('Gather', [g.reshape(x, [6]), index], { axis: 0 })).toEqual([3, 1])
  })
  test('chooses where the condition is known', () => {
    const { g, x, y, c } = start()
    expect(g.add('Where', [g.add('Greater', [c(2), c(1)]), x, y])).toBe(x)
    expect(g.add('Where', [g.filled(0, [2, 3], 'bool'), x, y])).toBe(y)
  })
})
