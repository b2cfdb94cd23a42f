/** Repeated rows, cells and bands; expected values are counted by hand beside the data unless a reference is named. */
import { expect, test } from 'vitest'
import { LineTally, noisyBands, saturatedBands } from '#engine/analysis/data/bandTally.ts'
import { CellTally, madOf, medianOf } from '#engine/analysis/data/cellTally.ts'
import { ColumnTally } from '#engine/analysis/data/columnTally.ts'
import { DuplicateRows } from '#engine/analysis/data/duplicates.ts'
import { rankCurve } from '#engine/analysis/data/rankCurve.ts'
import { summariseSource } from '#engine/data/import.ts'
import { rowHash } from '#engine/data/rowHash.ts'
import reference from '../../../../fixtures/reference/examination.json' with { type: 'json' }
import { gridOf, memorySource } from '../../../../helpers/memorySource.ts'

const { signal } = new AbortController()
const uniform = (k: number): number => rowHash(3, k) / 2 ** 32
/** Sum of twelve uniforms: close enough to a normal deviate. */
const normal = (k: number): number => Array.from({ length: 12 }, (_, i) => uniform(12 * k + i)).reduce((a, b) => a + b, -6)

function duplicatesOf(rows: number, d: number, f: (i: number, j: number) => number, most?: number, perChunk = 50) {
  const found = new DuplicateRows(d, (row) => row % 5 === 0, most)
  for (let start = 0; start < rows; start += perChunk) {
    const n = Math.min(perChunk, rows - start)
    const X = Float32Array.from({ length: n * d }, (_, k) => f(start + Math.floor(k / d), k % d))
    found.take(start, n, X, new Uint8Array(n).fill(1))
  }
  return found.result(0.2)
}

test('rows with the same values are counted, with examples', () => {
  // Row contents are 0 … 99 repeated three times, but rows 299 and 298 are their own.
  const found = duplicatesOf(300, 2, (i, j) => (i >= 298 ? 1000 + i : (i % 100) + j))
  expect(found).toMatchObject({ contents: 100, rows: 198, compared: 1 })
  expect(found.examples[0]).toEqual({ first: 0, second: 100, rows: 3 })
  // 0, 5, 10 … are held out in every repeat, the other contents never: none lies on both sides.
  expect(found.acrossSplit).toBe(0)
})

test('a content on both sides of the split is said to be so', () => {
  // Each content occurs twice, at i and i + 7: 7 is not a multiple of 5, so 28 of the 70 pairs lie on both sides.
  const found = duplicatesOf(140, 1, (i) => Math.floor(i / 14) * 7 + (i % 7))
  expect([found.contents, found.rows]).toEqual([70, 70])
  expect(found.acrossSplit).toBe(28)
})

test('−0 is 0, every NaN is missing, and the order of the columns counts', () => {
  const rows = [
    [0, Number.NaN],
    [-0, Number.NaN],
    [1, 2],
    [2, 1],
  ]
  expect(duplicatesOf(4, 2, (i, j) => rows[i][j])).toMatchObject({ contents: 1, rows: 1 })
})

test('of more contents than fit, a share is compared and the counts are estimates', () => {
  // 20 000 contents, each twice: 20 000 repeats; room for 1000.
  const found = duplicatesOf(40_000, 1, (i) => i % 20_000, 1000, 777)
  expect(found.compared).toBeLessThanOrEqual(1 / 16)
  expect(Math.abs(found.rows - 20_000)).toBeLessThan(3000)
  expect(found.rows).toBe(found.contents)
})

test('counts, genes and the mitochondrial share of each cell', () => {
  const tally = new CellTally(3, ['MT-ND1', 'MTOR', 'ACTB'])
  tally.take(0, 2, Float32Array.of(1, 0, 3, 0, 0, 0), Uint8Array.of(1, 1))
  tally.take(2, 1, Float32Array.of(0, 2, 6), Uint8Array.of(1))
  expect([...tally.counts]).toEqual([4, 0, 8])
  expect([...tally.genes]).toEqual([2, 0, 2])
  expect([...tally.mitochondrial]).toEqual([0.25, Number.NaN, 0])
  expect(tally.result()).toMatchObject({ cells: 3, values: 'counts', mitochondrialGenes: 1, medianCounts: 4, rareGenes: 3, unseenGenes: 0 })
})

test('logarithms of scaled counts are told from other values', () => {
  const kind = (f: (i: number, j: number) => number) => {
    const tally = new CellTally(
      20,
      Array.from({ length: 30 }, (_, j) => `g${j}`),
    )
    tally.take(
      0,
      20,
      Float32Array.from({ length: 600 }, (_, k) => f(Math.floor(k / 30), k % 30)),
      new Uint8Array(20).fill(1),
    )
    return tally.values
  }
  const count = (i: number, j: number) => (i * 7 + j * 3) % 5
  const total = (i: number) => Array.from({ length: 30 }, (_, j) => count(i, j)).reduce((a, b) => a + b)
  expect(kind(count)).toBe('counts')
  expect(kind((i, j) => Math.log1p((10_000 * count(i, j)) / total(i)))).toBe('log-counts')
  // Of a part of the genes only, so that cells add up to different totals.
  expect(kind((i, j) => Math.log1p((300 * count(i, j)) / (40 + i)))).toBe('log-counts')
  expect(kind((i, j) => Math.log1p(count(i, j)) * (1 + i))).toBe('other')
  expect(kind((i, j) => count(i, j) && Math.exp(Math.sin(31 * i + 7 * j)))).toBe('other')
  expect(kind((i, j) => count(i, j) - 2)).toBe('other')
})

test('median and deviation are those of SciPy', () => {
  const counts = Float32Array.from({ length: 200 }, (_, i) => Math.floor(1000 * Math.exp(Math.sin(i * 0.7)) + i))
  expect(medianOf(counts)).toBeCloseTo(reference.median, 6)
  expect(madOf(counts)).toBeCloseTo(reference.mad, 3)
})

test('knee and inflection lie where cells end and empty droplets begin', () => {
  // 1000 cells of 5000 … 10 000 counts, 200 on the slope, 20 000 droplets of 20 … 60 counts.
  const totals = Float32Array.from({ length: 21_200 }, (_, k) =>
    k < 1000 ? 10_000 - 5 * k : k < 1200 ? 5000 * 10 ** (-(k - 1000) / 100) + 60 : 60 - Math.floor((k - 1200) / 500),
  )
  const { knee, inflection, rank, counts } = rankCurve(totals)
  expect(knee!.rank).toBeGreaterThan(900)
  expect(knee!.rank).toBeLessThan(1060)
  expect(knee!.counts).toBeGreaterThan(2500)
  expect(inflection!.rank).toBeGreaterThan(1000)
  expect(inflection!.rank).toBeLessThan(1200)
  expect([rank[0], counts[0]]).toEqual([1, 10_000])
  expect(rank.length).toBeLessThanOrEqual(200)
})

test('equal counts share their mean rank, and cells that are all alike have no knee', () => {
  // 9 once, 4 three times (ranks 2, 3, 4 → 3), 1 twice (5, 6 → 5.5), 0 left out.
  expect(rankCurve(Float32Array.of(4, 1, 9, 4, 0, 1, 4))).toEqual({ rank: [1, 3, 5.5], counts: [9, 4, 1], knee: null, inflection: null })
  expect(rankCurve(Float32Array.from({ length: 3000 }, (_, i) => 5000 + (i % 900))).knee).toBeNull()
})

async function linesOf(f: (x: number, y: number) => number) {
  const [width, height] = [80, 100]
  const source = memorySource(width * height, 1, (i) => f(i % width, Math.floor(i / width)), 333, gridOf(width, height))
  const { summaries } = await summariseSource(source, { seed: 7, signal, report: () => {} })
  const lines = new LineTally({ width, height }, 1)
  for await (const { start, n, X, valid } of source.chunks()) lines.take(start, n, X, valid)
  return lines.striped(summaries)
}

test('stripes are seen along columns and rows, noise and ramps are not', async () => {
  const noise = (x: number, y: number) => normal(x + 80 * y)
  expect(await linesOf(noise)).toEqual([])
  expect(await linesOf((x, y) => noise(x, y) + 0.05 * x + 0.02 * y)).toEqual([])
  // Every column has an offset of spread 1 beside noise of spread 1: means of 100 pixels differ about ten times more than noise explains.
  const [columns] = await linesOf((x, y) => noise(x, y) + normal(50_000 + x))
  expect(columns).toMatchObject({ column: 0, direction: 'columns' })
  expect(columns.strength).toBeGreaterThan(5)
  expect(columns.strength).toBeLessThan(20)
  expect(await linesOf((x, y) => noise(x, y) + normal(60_000 + y))).toMatchObject([{ direction: 'rows' }])
})

test('saturated bands end in a full number of bits that occurs often', async () => {
  // Band 0: 255 in 10 of 1000 pixels; band 1: the same share of 200; band 2: 255 once.
  const source = memorySource(1000, 3, (i, j) => (i < (j === 2 ? 1 : 10) ? (j === 1 ? 200 : 255) : i % 150), 100)
  const { summaries } = await summariseSource(source, { seed: 7, signal, report: () => {} })
  const tally = new ColumnTally(summaries)
  for await (const { n, X, valid } of source.chunks()) tally.take(n, X, valid)
  expect(saturatedBands(summaries, tally)).toEqual([
    { column: 0, value: 255, share: 0.01 },
    { column: 2, value: 255, share: 0.001 },
  ])
})

test('a band that agrees with neither neighbour is noisy where neighbours agree', () => {
  const c = 6
  const r = Float32Array.from({ length: c * c }, (_, k) => {
    const [a, b] = [Math.floor(k / c), k % c]
    return a === b ? 1 : a === 3 || b === 3 ? 0.1 : 0.95
  })
  expect(noisyBands(r, c)).toEqual([{ column: 3, correlation: expect.closeTo(0.1, 6) }])
  expect(
    noisyBands(
      r.map((value) => value * 0.5),
      c,
    ),
  ).toEqual([])
})
