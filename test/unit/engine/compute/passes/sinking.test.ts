/** Reshapes, transpositions and rows that sink, and what is there afterwards. */
import { describe, expect, test } from 'vitest'
import { dump } from '#engine/compute/graph/dump.ts'
import { Graph } from '#engine/compute/graph/graph.ts'
import type { Node } from '#engine/compute/graph/node.ts'
import { fuseBias } from '#engine/compute/passes/fuseBias.ts'

/** x [6, 4] in a fresh graph, seen as images [2, 3, 1, 4] and [6, 2, 2], and a row per last axis. */
function start() {
  const g = new Graph()
  const parameter = (name: string, shape: number[]) => g.parameter('inputs', name, shape, 'float32')
  const x = parameter('x', [6, 4])
  return { g, x, image: g.reshape(x, [2, 3, 1, 4]), pairs: g.reshape(x, [6, 2, 2]), row: parameter('row', [4]), two: parameter('two', [2]) }
}
/** The operations in order, each with its shape: 'Add[6,4] Reshape[24]'. */
const text = (node: Node): string =>
  [...dump({ state: {}, out: { y: node } }).matchAll(/ \w+(\[[\d,]*\]) = (\w+)/g)].map(([, shape, op]) => `${op}${shape}`).join(' ')

describe('reshapes sink below', () => {
  test.each<[string, (s: ReturnType<typeof start>) => Node, string]>([
    ['one operand', ({ g, image }) => g.add('Relu', [image]), 'Relu[6,4] Reshape[2,3,1,4]'],
    ['a number', ({ g, image }) => g.add('Mul', [image, g.scalar(3, 'float32')]), 'Mul[6,4] Reshape[2,3,1,4]'],
    ['a row', ({ g, image, row }) => g.add('Add', [image, row]), 'Add[6,4] Reshape[2,3,1,4]'],
    ['a shorter row, written out', ({ g, pairs, two }) => g.add('Add', [pairs, two]), 'Tile[4] Add[6,4] Reshape[6,2,2]'],
    ['another one', ({ g, image }) => g.add('Mul', [image, g.add('Exp', [image])]), 'Exp[6,4] Mul[6,4] Reshape[2,3,1,4]'],
    ['sums over all axes but the last', ({ g, image }) => g.add('ReduceSum', [image], { axes: [0, 1, 2], keepdims: 0 }), 'ReduceSum[4]'],
    ['sums over all axes', ({ g, image }) => g.add('ReduceMean', [image], { axes: [0, 1, 2, 3], keepdims: 0 }), 'ReduceMean[]'],
  ])('%s', (_, build, expected) => {
    expect(text(build(start()))).toBe(expected)
  })
  test('sums that leave one number, which are sums over everything', () => {
    const { g } = start()
    const thin = g.reshape(g.parameter('inputs', 'p', [4, 9], 'float32'), [4, 3, 3, 1])
    expect(text(g.add('ReduceSum', [thin], { axes: [0, 1, 2], keepdims: 0 }))).toBe('ReduceSum[] Reshape[1]')
  })
  test('but not where they would come in again', () => {
    const { g, image } = start()
    const other = g.parameter('inputs', 'other', [2, 3, 1, 4], 'float32')
    expect(text(g.add('Add', [image, other]))).toBe('Reshape[2,3,1,4] Add[2,3,1,4]')
    expect(text(g.add('ReduceSum', [image], { axes: [1], keepdims: 0 }))).toBe('Reshape[2,3,1,4] ReduceSum[2,1,4]')
    const columns = g.parameter('inputs', 'columns', [3, 1, 1], 'float32')
    expect(text(g.add('Add', [image, columns]))).toBe('Reshape[2,3,1,4] Add[2,3,1,4]')
  })
})

test('the bias of a product seen as images is the product’s own', () => {
  const { g, x, row } = start()
  const product = g.add('Gemm', [x, g.parameter('inputs', 'w', [4, 4], 'float32')], { transA: 0, transB: 0 })
  const y = g.add('Relu', [g.add('Add', [g.reshape(product, [2, 3, 1, 4]), row])])
  const program = fuseBias({ title: 'test', spec: { state: {}, inputs: {}, scan: {} }, state: {}, out: { y } })
  expect(text(program.out.y)).toBe('Gemm[6,4] Relu[6,4] Reshape[2,3,1,4]')
})

test('rows pass a transposition that leaves the last axis', () => {
  const { g, row } = start()
  const x = g.parameter('inputs', 'z', [2, 3, 4], 'float32')
  expect(text(g.add('Add', [g.add('Transpose', [x], { perm: [1, 0, 2] }), row]))).toBe('Add[2,3,4] Transpose[3,2,4]')
  const moved = g.add('Transpose', [x], { perm: [2, 1, 0] })
  expect(text(g.add('Add', [moved, g.parameter('inputs', 'r', [2], 'float32')]))).toBe('Transpose[4,3,2] Add[4,3,2]')
})

test('a tensor of one number beside a tensor is a number', () => {
  const { g } = start()
  const [x, one] = [g.parameter('inputs', 'z', [5, 1], 'float32'), g.parameter('inputs', 'one', [1], 'float32')]
  expect(text(g.add('Add', [x, one]))).toBe('Reshape[] Add[5,1]')
})

test('axes of length one are moved by reshaping, and padding by nothing is nothing', () => {
  const { g, x } = start()
  const image = g.parameter('inputs', 'image', [5, 3, 4, 1], 'float32')
  expect(text(g.add('Transpose', [image], { perm: [0, 3, 1, 2] }))).toBe('Reshape[5,1,3,4]')
  expect(text(g.add('Transpose', [image], { perm: [0, 3, 2, 1] }))).toBe('Transpose[5,1,4,3]')
  expect(g.add('Pad', [x], { before: [0, 0], after: [0, 0], value: 0 })).toBe(x)
})
