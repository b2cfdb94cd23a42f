import { InferenceSession, Tensor } from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { emitPortable, type Portable } from '#engine/compute/emit/portable.ts'
import { add, cast, concat, div, fill, mul, onesLike, reshape, slice, sum, tensor2d, tile, transpose } from '#engine/compute/tfjs.ts'

const given = (outputs: Portable['outputs']): Portable => ({
  title: 'test',
  input: { name: 'x', columns: 3 },
  weights: { w: { shape: [3], values: Float32Array.of(1, 2, 3) } },
  outputs,
  info: {},
})

async function run(portable: Portable, rows: number): Promise<{ dims: readonly number[]; values: number[] }> {
  const session = await InferenceSession.create(emitPortable(portable), { logSeverityLevel: 3 })
  const { y } = await session.run({
    x: new Tensor(
      'float32',
      Float32Array.from({ length: rows * 3 }, (_, i) => i),
      [rows, 3],
    ),
  })
  await session.release()
  return { dims: y.dims, values: Array.from(y.data as Float32Array) }
}

test('shapes that hold the number of rows follow it', async () => {
  const cases: [Portable['outputs'], (rows: number) => number[], (rows: number) => number[]][] = [
    [(x) => ({ y: reshape(x, [-1]) }), (n) => [3 * n], (n) => Array.from({ length: 3 * n }, (_, i) => i)],
    [(x) => ({ y: reshape(x, [x.shape[0], 3, 1]) }), (n) => [n, 3, 1], (n) => Array.from({ length: 3 * n }, (_, i) => i)],
    [(x) => ({ y: slice(x, [0, 1], [-1, 1]) }), (n) => [n, 1], (n) => Array.from({ length: n }, (_, i) => 3 * i + 1)],
    [
      (x) => ({ y: concat([slice(x, [0, 0], [-1, 1]), fill([x.shape[0], 1], 5)], 1) }),
      (n) => [n, 2],
      (n) => Array.from({ length: 2 * n }, (_, i) => (i % 2 ? 5 : 1.5 * i)),
    ],
    [(_, { w }) => ({ y: tile(reshape(w, [1, 3]), [1, 2]) }), () => [1, 6], () => [1, 2, 3, 1, 2, 3]],
    [(x) => ({ y: slice(transpose(onesLike(x)), [0, 0], [1, -1]) }), (n) => [1, n], (n) => Array.from({ length: n }, () => 1)],
  ]
  for (const [outputs, dims, values] of cases) {
    for (const rows of [1, 4]) expect(await run(given(outputs), rows)).toEqual({ dims: dims(rows), values: values(rows) })
  }
})

const counted = (rows: number, value: (row: number) => number) =>
  cast(
    tensor2d(
      Int32Array.from({ length: rows }, (_, row) => value(row)),
      [rows, 1],
      'int32',
    ),
    'float32',
  )

test('row numbers are counted when the program runs', async () => {
  const portable = given((x) => ({
    y: add(
      slice(x, [0, 0], [-1, 1]),
      counted(x.shape[0], (row) => 4 * row),
    ),
  }))
  expect((await run(portable, 3)).values).toEqual([0, 3 + 4, 6 + 8])
})

test('a function that computes with the number of rows is refused', () => {
  const code = 'DATA_UNSUITABLE'
  expect(() => emitPortable(given((x) => ({ y: div(sum(x, 0), x.shape[0]) })))).toThrow(expect.objectContaining({ code }))
  expect(() => emitPortable(given((x) => ({ y: mul(x, x.shape[0]) })))).toThrow(expect.objectContaining({ code }))
  expect(() =>
    emitPortable(
      given((x) => ({
        y: add(
          x,
          counted(x.shape[0], (row) => row ** 2 % 7),
        ),
      })),
    ),
  ).toThrow(expect.objectContaining({ code, message: expect.stringContaining('a number for each row') }))
})
