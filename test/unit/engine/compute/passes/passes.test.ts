/** The rewriting rules, one by one: what is built and what is there afterwards. */
import { describe, expect, test } from 'vitest'
import { dump } from '#engine/compute/graph/dump.ts'
import { Graph } from '#engine/compute/graph/graph.ts'
import type { Node } from '#engine/compute/graph/node.ts'
import { fuseBias } from '#engine/compute/passes/fuseBias.ts'
import { orientedProduct } from '#engine/compute/trace/orientedProduct.ts'
import { reachable } from '#engine/compute/passes/rewrite.ts'

/** x and y [2, 3], b [3], s [] in a fresh graph. */
function start() {
  const g = new Graph()
  const parameter = (name: string, shape: number[]) => g.parameter('inputs', name, shape, 'float32')
  return {
    g,
    x: parameter('x', [2, 3]),
    y: parameter('y', [2, 3]),
    b: parameter('b', [3]),
    s: parameter('s', []),
    c: (value: number) => g.scalar(value, 'float32'),
  }
}
/** The program of one result as text, without its last line. */
const text = (node: Node): string =>
  dump({ state: {}, out: { y: node } })
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/^v\d+ /, ''))
    .join('; ')
const ops = (node: Node): string[] =>
  reachable({ state: {}, out: { y: node } })
    .map(({ op }) => op)
    .filter((op) => op !== 'Parameter' && op !== 'Constant')

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
})

describe('algebra', () => {
  test.each<[string, (s: ReturnType<typeof start>) => Node, string]>([
    ['x + 0', ({ g, x, c }) => g.add('Add', [x, c(0)]), ''],
    ['x · 1', ({ g, x, c }) => g.add('Mul', [c(1), x]), ''],
    ['x − 0', ({ g, x, c }) => g.add('Sub', [x, c(0)]), ''],
    ['0 − x', ({ g, x, c }) => g.add('Sub', [c(0), x]), 'f32[2,3] = Neg(inputs.x)'],
    ['x · (−1)', ({ g, x, c }) => g.add('Mul', [x, c(-1)]), 'f32[2,3] = Neg(inputs.x)'],
    ['−(−x)', ({ g, x }) => g.add('Neg', [g.add('Neg', [x])]), ''],
    ['x + (−y)', ({ g, x, y }) => g.add('Add', [x, g.add('Neg', [y])]), 'f32[2,3] = Sub(inputs.x, inputs.y)'],
    ['x − (−y)', ({ g, x, y }) => g.add('Sub', [x, g.add('Neg', [y])]), 'f32[2,3] = Add(inputs.x, inputs.y)'],
    ['−(x − y)', ({ g, x, y }) => g.add('Neg', [g.add('Sub', [x, y])]), 'f32[2,3] = Sub(inputs.y, inputs.x)'],
    ['(x · 2) · 4', ({ g, x, c }) => g.add('Mul', [g.add('Mul', [x, c(2)]), c(4)]), 'f32[2,3] = Mul(inputs.x, 8)'],
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
})

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

describe('whole programs', () => {
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

test('a product that would be summed in another order on more threads is turned', () => {
  const { g } = start()
  const parameter = (name: string, shape: number[]) => g.parameter('inputs', name, shape, 'float32')
  // [8, 256] · [256, 128]: two threads would have 64 columns each, and longer panels
  const narrow = orientedProduct(g, parameter('m', [256, 8]), parameter('n', [256, 128]), 1, 0)
  expect(text(narrow)).toBe('f32[128,8] = Gemm(inputs.n, inputs.m, transA=1, transB=0); f32[8,128] = Transpose(v6, perm=[1,0])')
  expect(ops(orientedProduct(g, parameter('c', [128, 256]), parameter('d', [256, 8]), 0, 0))).toEqual(['Gemm'])
  expect(ops(orientedProduct(g, parameter('e', [8, 100]), parameter('f', [100, 128]), 0, 0))).toEqual(['Gemm'])
})

test('shapes that do not fit are refused where they are built', () => {
  const { g, x } = start()
  expect(() => g.add('Add', [x, g.parameter('inputs', 'z', [2, 4], 'float32')])).toThrow('do not broadcast')
  expect(() => g.add('Gemm', [x, x], { transA: 0, transB: 0 })).toThrow('do not multiply')
  expect(() => g.reshape(x, [4])).toThrow('cannot be seen as')
})
