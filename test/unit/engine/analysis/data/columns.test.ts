/** Expected values: test/fixtures/make/reference/examination.py (NumPy, SciPy, scikit-learn), or counted by hand beside the data. */
import { expect, test } from 'vitest'
import { ColumnTally } from '#engine/analysis/data/columnTally.ts'
import { equalColumns, lineThrough, linearCopies } from '#engine/analysis/data/copies.ts'
import { clusterOrder, columnOf, correlationMatrix } from '#engine/analysis/data/correlation.ts'
import { aucByClass, labelsOf, leakOf, purityOf } from '#engine/analysis/data/leakage.ts'
import { MissingTally } from '#engine/analysis/data/missing.ts'
import { sentinelsOf } from '#engine/analysis/data/sentinels.ts'
import { summariseSource } from '#engine/data/import.ts'
import { memorySource } from '../../../../helpers/memorySource.ts'
import reference from '../../../../fixtures/reference/examination.json' with { type: 'json' }

const [n, d] = [60, 7]
const value = (i: number, j: number): number => Math.fround(Math.sin(0.37 * i * (1 + (j % 3)) + j) + 0.25 * Math.cos(1.7 * i + j * j))
const X = Float32Array.from({ length: n * d }, (_, k) => value(Math.floor(k / d), k % d))
const columns = Array.from({ length: d }, (_, j) => columnOf(X, n, d, j))
const { signal } = new AbortController()
const close = (found: ArrayLike<number>, wanted: readonly number[], digits = 6): void => {
  expect(found.length).toBe(wanted.length)
  for (const [k, expected] of wanted.entries()) expect(found[k]).toBeCloseTo(expected, digits)
}

test('correlations are those of NumPy', async () => {
  close(await correlationMatrix(columns, signal), reference.correlation)
})

test('with gaps, each pair is judged on the rows that both have', async () => {
  const gaps = columns.map((column, j) => column.map((v, i) => ((3 * i + 5 * j) % 11 === 0 ? Number.NaN : v)))
  close(await correlationMatrix(gaps, signal), reference.pairwise)
})

test('a column that does not vary correlates with nothing, itself included', async () => {
  const r = await correlationMatrix([columns[0], new Float32Array(n).fill(3)], signal)
  expect(r[0]).toBeCloseTo(1, 6)
  expect([...r.subarray(1)]).toEqual([Number.NaN, Number.NaN, Number.NaN])
})

test('average linkage merges at the heights of SciPy, and alike columns stand together', async () => {
  const r = await correlationMatrix(columns, signal)
  close(clusterOrder(r, d).heights, reference.heights)
  // Columns 0, 2, 4 follow one wave, 1 and 3 another.
  const wave = (k: number) => (k % 2 === 0 ? 1 : 0.2)
  const two = Float32Array.from({ length: 25 }, (_, k) => {
    const [a, b] = [Math.floor(k / 5), k % 5]
    return a === b ? 1 : a % 2 === b % 2 ? 0.9 * wave(a) : 0.01
  })
  const { order } = clusterOrder(two, 5)
  const even = order.map((position) => position % 2 === 0)
  expect([even.lastIndexOf(true) - even.indexOf(true), [...order].sort()]).toEqual([2, [0, 1, 2, 3, 4]])
})

test('areas under the curve are those of scikit-learn, also with ties', () => {
  const labels = { field: 'f', names: ['0', '1', '2'], at: Int32Array.from({ length: n }, (_, i) => (i * 7) % 3) }
  close(aucByClass(columns[0], labels) as number[], reference.auc, 9)
  const ties = columns[0].map((v) => {
    // NumPy rounds halves to even; none occurs here.
    return Math.round(v * 4)
  })
  close(aucByClass(ties, labels) as number[], reference.aucTies, 9)
})

test('a category is judged by the share of rows whose label it gives away', () => {
  // Category 0: a a a b → 3 of 4; category 1: b b → 2 of 2. Without looking: b is 3 of 6.
  const labels = labelsOf('f', ['a', 'a', 'a', 'b', 'b', 'b'])!
  expect(purityOf(Float32Array.of(0, 0, 0, 0, 1, 1), labels)).toEqual({ purity: 5 / 6, base: 0.5, categories: 2, rows: 6 })
})

test('only a column that tells a class almost alone is a leak', () => {
  const labels = labelsOf(
    'kind',
    Array.from({ length: 100 }, (_, i) => (i < 30 ? 'x' : 'y')),
  )!
  const told = Float32Array.from({ length: 100 }, (_, i) => (i < 30 ? 5 + i : -i))
  expect(leakOf(4, told, false, labels)).toEqual({ column: 4, field: 'kind', label: 'x', strength: 1, measure: 'auc' })
  expect(
    leakOf(
      4,
      Float32Array.from({ length: 100 }, (_, i) => Math.sin(i)),
      false,
      labels,
    ),
  ).toBeNull()
  // Many categories of few rows each tell every label without meaning anything.
  expect(
    leakOf(
      4,
      Float32Array.from({ length: 100 }, (_, i) => i),
      true,
      labels,
    ),
  ).toBeNull()
})

test('a field with one value or with many is no label', () => {
  expect(labelsOf('f', ['a', 'a', null])).toBeNull()
  expect(
    labelsOf(
      'f',
      Array.from({ length: 31 }, (_, i) => i),
    ),
  ).toBeNull()
  expect(labelsOf('f', ['a', null, 'b'])!.at).toEqual(Int32Array.of(0, -1, 1))
})

/** Columns: a, its copy, 1.8 a + 32 rounded to a tenth, noise, −a, constant. */
const degrees = (i: number): number => Math.fround(Number((15 + 12 * Math.sin(i * 1.3) + (i % 7)).toFixed(2)))
const six = (i: number, j: number): number =>
  [degrees(i), degrees(i), Number((1.8 * degrees(i) + 32).toFixed(1)), Math.sin(i * i), -degrees(i), 4][j] as number

async function tallyOf(rows: number, width: number, f: (i: number, j: number) => number, perChunk = 37) {
  const source = memorySource(rows, width, f, perChunk)
  const { summaries, validRows } = await summariseSource(source, { seed: 7, signal, report: () => {} })
  const tally = new ColumnTally(summaries)
  const missing = new MissingTally(summaries)
  for await (const chunk of source.chunks()) {
    tally.take(chunk.n, chunk.X, chunk.valid)
    missing.take(chunk.n, chunk.X, chunk.valid)
  }
  return { summaries, tally, missing, columns: source.report.columns, validRows }
}

test('copies are found by their values in all rows, whatever the chunks', async () => {
  for (const perChunk of [1, 37, 1000]) {
    const { tally } = await tallyOf(300, 6, six, perChunk)
    expect(equalColumns(tally.hash, 6, (j) => j !== 5)).toEqual([[0, 1]])
  }
})

test('linear copies are found with slope and intercept, a sign turned and rounding allowed', async () => {
  const rows = 300
  const sample = Float32Array.from({ length: rows * 6 }, (_, k) => six(Math.floor(k / 6), k % 6))
  const [group, ...others] = await linearCopies(sample, rows, 6, [0, 2, 3, 4], signal)
  expect(others).toEqual([])
  expect(group.columns).toEqual([0, 2, 4])
  expect(group.slope[0]).toBeCloseTo(1.8, 3)
  expect(group.intercept[0]).toBeCloseTo(32, 2)
  expect([group.slope[1], group.intercept[1]].map((v) => Number(v.toFixed(6)) + 0)).toEqual([-1, 0])
  expect(lineThrough(Float32Array.of(1, 2), Float32Array.of(1, 2))).toBeNull()
})

test('columns that are nearly always the same are no copies of each other', async () => {
  // Two of 400 values differ, in the same rows.
  const rows = 400
  const sample = Float32Array.from({ length: rows * 2 }, (_, k) => (Math.floor(k / 2) < 2 ? 1 + (k % 2) : 0))
  expect(await linearCopies(sample, rows, 2, [0, 1], signal)).toEqual([])
})

test('the tally counts ends, zeros and the order of the rows', async () => {
  // Column 0 numbers the rows, column 1 is 0 1 2 0 1 2 …, column 2 falls.
  const { tally } = await tallyOf(99, 3, (i, j) => [i + 1, i % 3, -i * i][j] as number)
  expect([tally.rises[0], tally.steps[0], tally.atMin[0], tally.next[0]]).toEqual([98, 98, 1, 2])
  expect([tally.atMin[1], tally.atMax[1], tally.zeros[1], tally.previous[1]]).toEqual([33, 33, 33, 1])
  expect([tally.falls[2], tally.rises[2]]).toEqual([98, 0])
})

test('numbers that stand for missing are repeated, at an end and far from the rest', async () => {
  const of = async (f: (i: number) => number) => {
    const { columns, summaries, tally } = await tallyOf(1000, 1, f)
    return sentinelsOf(columns, summaries, tally).map((found) => [found.value, found.rows])
  }
  // 0 … 2040 with −200 every 25th: 40 rows; the gap of 200 is less than the range, but the number is customary.
  expect(await of((i) => (i % 25 === 0 ? -200 : 40 + 2 * i))).toEqual([[-200, 40]])
  // No customary number, but the gap of 5000 is wider than the range of 999.
  expect(await of((i) => (i < 5 ? 6000 : i))).toEqual([[6000, 5]])
  expect(await of((i) => (i < 2 ? 6000 : i))).toEqual([])
  expect(await of((i) => i % 100)).toEqual([])
  // What nearly all rows hold is no stand-in, unless it is customary.
  expect(await of((i) => (i % 300 === 0 ? 0.7 + i / 1e4 : 0))).toEqual([])
  expect(await of((i) => (i % 3 === 0 ? 5 + i / 1000 : -9999))).toEqual([[-9999, 666]])
  // −1 beside 0 and 1 is a value.
  expect(await of((i) => (i % 3) - 1)).toEqual([])
  expect(await of((i) => (i % 10 === 0 ? -9999 : 5))).toEqual([])
})

test('missing values are counted by pattern, and columns that go together are named', async () => {
  // Columns 0 and 1 are missing in rows 0, 10, …; column 2 in rows 0, 4, …; column 3 never. Of 100 rows.
  const gone = (i: number, j: number) => (j < 2 && i % 10 === 0) || (j === 2 && i % 4 === 0)
  const { missing } = await tallyOf(100, 4, (i, j) => (gone(i, j) ? Number.NaN : i))
  // i % 10 and i % 4: 0, 20, 40, 60, 80 → 5; only 10: 5; only 4: 20; neither: 70.
  expect(missing.result()).toEqual({
    columns: [0, 1, 2],
    missing: [10, 10, 25],
    patterns: [
      { columns: [], rows: 70 },
      { columns: [2], rows: 20 },
      { columns: [0, 1], rows: 5 },
      { columns: [0, 1, 2], rows: 5 },
    ],
    otherRows: 0,
    together: [{ columns: [0, 1], rows: 10 }],
  })
  expect((await tallyOf(10, 2, (i) => i)).missing.result()).toBeNull()
})
