import { expect, test } from 'vitest'
import { beyondConditions } from '#engine/operations/report/collapse.ts'
import { fitOf, galleryRows, spreadOf, worstColumns } from '#engine/operations/report/fit.ts'
import { rangesOf } from '#engine/operations/report/ranges.ts'
import { importanceInSum, importanceOf, listedUnits, spreadOfUnits } from '#engine/operations/report/units.ts'

test('errors and explained shares by hand', () => {
  // Columns (0, 2, 4) with Σ(x − 2)² = 8 and (1, 1, 1) with 0; rebuilt with errors 1 in the first column of the last row.
  const x = Float32Array.of(0, 1, 2, 1, 4, 1)
  const back = Float32Array.of(0, 1, 2, 1, 3, 1)
  const spread = spreadOf(x, 3, 2)
  expect([...spread]).toEqual([8, 0])
  const { error, explainedVariance, columns, rows } = fitOf(x, back, 3, 2, spread)
  expect(error).toBeCloseTo(1 / 6, 12)
  expect(explainedVariance).toBeCloseTo(7 / 8, 12)
  expect([...columns]).toEqual([0.875, 1])
  expect([...rows]).toEqual([0, 0, 0.5])
  expect(worstColumns(columns, columns, spread, 5)).toEqual([{ column: 0, explained: 0.875, pca: 0.875 }])
})

test('the gallery has the best, the middle and the worst rows, none twice', () => {
  const errors = Float32Array.of(5, 1, 9, 3, 7, 2, 8, 4, 6)
  expect(galleryRows(errors, 2)).toEqual([
    { choice: 'best', at: 1 },
    { choice: 'best', at: 5 },
    { choice: 'typical', at: 7 },
    { choice: 'typical', at: 0 },
    { choice: 'worst', at: 2 },
    { choice: 'worst', at: 6 },
  ])
  expect(new Set(galleryRows(errors, 20).map(({ at }) => at)).size).toBe(9)
  expect(galleryRows(Float32Array.of(2, 1), 4).map(({ choice }) => choice)).toEqual(['typical', 'typical'])
})

test('units: mean, spread, share of rows where they are used, and quantiles', async () => {
  const codes = Float32Array.of(0, 1, 2, 1, 0, 1, 2, 1)
  expect(spreadOfUnits(codes, 4, 2)).toEqual([
    { mean: 1, sd: 1, used: 0.5 },
    { mean: 1, sd: 0, used: 1 },
  ])
  expect([...(await rangesOf(codes, 4, 2))].map((value) => Number(value.toFixed(3)))).toEqual([0, 0, 1, 2, 2, 1, 1, 1, 1, 1])
})

test('of a long code those units are listed that vary most, in its order', () => {
  const spread = [1, 5, 2, 4].map((sd) => ({ mean: 0, sd, used: 1 }))
  expect(listedUnits(spread, 2)).toEqual([1, 3])
  expect(listedUnits(spread, 9)).toEqual([0, 1, 2, 3])
})

test('what the conditions tell is taken from the rows, also when one condition says the same as another', () => {
  // x = 2 c + remainder, c is given twice (the second time doubled), the remainder is orthogonal to c and to a constant.
  const c = [-1, -1, 1, 1]
  const remainder = [1, -1, 1, -1]
  const X = Float32Array.from(c.flatMap((value, i) => [2 * value + remainder[i] + 3, value, 2 * value]))
  const x = Float32Array.from(c, (value, i) => 2 * value + remainder[i] + 3)
  const left = beyondConditions(x, X, 4, 3, 1)
  for (const [i, value] of remainder.entries()) expect(left[i]).toBeCloseTo(value, 5)
})

test('what is lost without a unit is the same worked out for a sum of vectors and by decoding', async () => {
  // z [6 × 2], x̂ = b + z W with two columns, x = x̂ + an error.
  const [n, Z, C] = [6, 2, 2]
  const W = Float32Array.of(1, 2, -1, 0.5)
  const b = Float32Array.of(0.5, -1)
  const codes = Float32Array.of(0, 1, 2, 0, 1, 1, 3, -1, 0, 0, -2, 2)
  const sum = (z: Float32Array, rows: number): Float32Array =>
    Float32Array.from({ length: rows * C }, (_, at) => {
      const [i, j] = [Math.floor(at / C), at % C]
      return b[j] + z[i * Z] * W[j] + z[i * Z + 1] * W[C + j]
    })
  const back = sum(codes, n)
  const x = back.map((value, at) => value + ((at * 7) % 5) / 10 - 0.2)
  const forward = {
    codeSize: Z,
    columns: C,
    rebuilt: C,
    work: 4,
    present: () => null,
    scale: null,
    decode: async (z: Float32Array, rows: number) => sum(z, rows),
  }
  const means = spreadOfUnits(codes, n, Z).map(({ mean }) => mean)
  const signal = new AbortController().signal
  const byDecoding = await importanceOf(forward as never, { x, X: x, codes, n }, means, [0, 1], signal, () => undefined)
  const asSum = await importanceInSum({ W }, { x, back, codes, n }, { C, Z }, means, [0, 1], signal)
  expect(asSum.rows).toBe(n)
  for (const [unit, lost] of asSum.lost.entries()) expect(lost).toBeCloseTo(byDecoding.lost[unit], 5)
  expect(asSum.lost[0]).toBeGreaterThan(0.1)
})
