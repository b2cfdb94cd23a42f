import { expect, test } from 'vitest'
import { detectors } from '#engine/analysis/detectors/registry.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { chiSquareTail } from '#engine/analysis/statistics/tailProbability.ts'
import { blameOf, scoresOf } from './fitted.ts'

const ids = detectors.map(({ id }) => id)
const line = (values: readonly number[]): number[][] => values.map((value) => [value])

/** n rows around the origin, and a last one far away from them in the first column. */
function cloud(n: number, d: number, seed = 1): number[][] {
  const random = randomStream(seed, 'test')
  const bell = (): number => Array.from({ length: 6 }, random.uniform).reduce((a, b) => a + b) - 3
  const rows = Array.from({ length: n }, () => Array.from({ length: d }, bell))
  rows.push([9, ...Array.from({ length: d - 1 }, () => 0)])
  return rows
}

test('distances to neighbours are their mean, their largest or their middle one, and leave a row’s own out', async () => {
  const learn = line([0, 1, 2, 10])
  expect(await scoresOf('knn', { neighbours: 2 }, { learn })).toEqual([1.5, 1, 1.5, 8.5])
  expect(await scoresOf('knn', { neighbours: 2, neighbourDistance: 'largest' }, { learn })).toEqual([2, 1, 2, 9])
  expect(await scoresOf('knn', { neighbours: 3, neighbourDistance: 'median' }, { learn })).toEqual([2, 1, 2, 9])
  expect(await scoresOf('knn', { neighbours: 2 }, { learn, ask: line([1, 4]) })).toEqual([0.5, 2.5])
})

test('a copy of a row is a neighbour of it at distance 0', async () => {
  expect(await scoresOf('knn', { neighbours: 1 }, { learn: line([3, 3, 3, 3, 5]) })).toEqual([0, 0, 0, 0, 2])
})

test('the local outlier factor is that of the paper, worked by hand', async () => {
  // k = 2 of 0, 1, 2, 10: distances to the second neighbour 2, 1, 2, 9.
  // mean reach: of 0 (1 and 2): (max(1, 1) + max(2, 2)) / 2 = 1.5; of 1 (0 and 2): (2 + 2) / 2 = 2; of 2 (1 and 0): 1.5; of 10 (2 and 1): (8 + 9) / 2 = 8.5
  // factor: of 0: (1/2 + 1/1.5) / 2 · 1.5 = 0.875; of 1: (1/1.5) · 2 = 4/3; of 10: (1/1.5 + 1/2) / 2 · 8.5 = 4.958…
  const [a, b, c, e] = await scoresOf('lof', { neighbours: 2 }, { learn: line([0, 1, 2, 10]) })
  expect([a, b, c]).toEqual([expect.closeTo(0.875, 8), expect.closeTo(4 / 3, 8), expect.closeTo(0.875, 8)])
  expect(e).toBeCloseTo((7 / 12) * 8.5, 7)
})

test('ECOD adds up how rare the tails are, column by column', async () => {
  // 1, 2, 3, 9 has a long tail to the right: max of −ln(share up to it) and −ln(share from it on).
  const learn = line([1, 2, 3, 9])
  const expected = [Math.log(4), Math.log(2), Math.log(2), Math.log(4)]
  for (const [i, score] of (await scoresOf('ecod', {}, { learn })).entries()) expect(score).toBeCloseTo(expected[i], 12)
  // A new row counts along: above all of four, 1 of 5.
  expect((await scoresOf('ecod', {}, { learn, ask: line([20]) }))[0]).toBeCloseTo(Math.log(5), 12)
  // Without skew both tails count: 0 of −1, 0, 1 has two thirds on either side.
  expect((await scoresOf('ecod', {}, { learn: line([-1, 0, 1]) }))[1]).toBeCloseTo(2 * Math.log(1.5), 12)
})

test('histograms score by the density of bins, and tell what lies just outside from what lies far outside', async () => {
  // Two bins of width 2 over 0 … 4 with 3 and 1 of 4 rows: densities 0.375 and 0.125. A bin holds its upper edge.
  const settings = { bins: 2, regulariser: 0.1, tolerance: 0.5 }
  const learn = line([0, 1, 1.5, 4])
  const [full, rare] = [-Math.log2(0.475), -Math.log2(0.225)]
  const expected = [full, full, rare, rare, full, rare, rare]
  const found = await scoresOf('hbos', settings, { learn, ask: line([0, 2, 2.5, 4, -0.9, -1.1, 50]) })
  for (const [i, score] of found.entries()) expect(score).toBeCloseTo(expected[i], 12)
})

test('an isolation forest scores 2 to the −depth, counted in the depths of a random tree', async () => {
  // Two rows are always cut apart at depth 1, and c(2) = 1: 2^−1. Rows that are all alike are never cut: c(ψ) / c(ψ) as well.
  expect(await scoresOf('isolation-forest', {}, { learn: line([0, 1]) })).toEqual([0.5, 0.5])
  expect(await scoresOf('isolation-forest', {}, { learn: line([4, 4, 4, 4]) })).toEqual(
    Array.from({ length: 4 }, () => expect.closeTo(0.5, 12)),
  )
  const scores = await scoresOf('isolation-forest', {}, { learn: cloud(400, 3) })
  expect(scores.indexOf(Math.max(...scores))).toBe(400)
  expect(scores[400]).toBeGreaterThan(0.65)
})

test('the distance from the plane is what the leading components leave', async () => {
  // Along (3, 4) / 5 with a small part across: the row (3, 4) + 2 (−4, 3) / 5 is 2 away from the line.
  const learn = [-2, -1, 0, 1, 2].flatMap((t) => [0.01, -0.01].map((s) => [3 * t - 4 * s, 4 * t + 3 * s]))
  const ask = [[3 - 1.6, 4 + 1.2]]
  expect((await scoresOf('pca', { explained: 90 }, { learn, ask }))[0]).toBeCloseTo(4 / 2, 5)
  const [blame] = (await blameOf('pca', { explained: 90 }, { learn, ask })) ?? []
  expect(blame[0]).toBeCloseTo(1.6 ** 2 / 2, 4)
  expect(blame[1]).toBeCloseTo(1.2 ** 2 / 2, 4)
})

test('the robust distance is not drawn to a group of unusual rows', async () => {
  const usual = cloud(300, 3).slice(0, 300)
  const group = cloud(100, 3, 2)
    .slice(0, 100)
    .map(([a, b, c]) => [8 + 0.1 * a, 8 + 0.1 * b, c])
  const learn = [...usual, ...group]
  const robust = await scoresOf('mcd', {}, { learn })
  const worstUsual = robust.slice(0, 300).toSorted((a, b) => a - b)[290]
  expect(Math.min(...robust.slice(300))).toBeGreaterThan(5 * worstUsual)
  // Distances of the usual rows are about χ² of 3, as their own covariance would have it.
  const middle = robust.slice(0, 300).toSorted((a, b) => a - b)[150]
  expect(middle).toBeGreaterThan(1.9)
  expect(middle).toBeLessThan(2.9)
})

test('where most rows lie in a plane, those beside it do not shape the robust distance', async () => {
  const random = randomStream(5, 'plane')
  const rows = Array.from({ length: 60 }, (_, i) => [random.uniform(), random.uniform(), i % 4 === 3 ? 1 + random.uniform() : 0])
  const inPlane = Float32Array.from(rows.filter((row) => row[2] === 0).flatMap((row) => row.slice(0, 2)))
  const n = inPlane.length / 2
  const mean = [0, 1].map((j) => inPlane.reduce((sum, value, at) => sum + (at % 2 === j ? value / n : 0), 0))
  const S = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    const [x, y] = [inPlane[2 * i] - mean[0], inPlane[2 * i + 1] - mean[1]]
    for (const [at, product] of [x * x, x * y, y * y].entries()) S[at] += product / n
  }
  // χ²₃ ≤ 9.3484 holds 97.5 %, and χ²₅ ≤ 9.3484 holds 90.4 %: the covariance of what is within is made larger by their ratio.
  const factor = 0.975 / (1 - chiSquareTail(9.348403604496148, 5))
  for (const seed of [1, 2, 3])
    for (const [i, score] of (await scoresOf('mcd', { support: 75 }, { learn: rows, seed })).entries()) {
      const [x, y] = [Math.fround(rows[i][0]) - mean[0], Math.fround(rows[i][1]) - mean[1]]
      const squared = (S[2] * x * x - 2 * S[1] * x * y + S[0] * y * y) / (S[0] * S[2] - S[1] * S[1])
      expect(score * factor).toBeCloseTo(squared, 6)
    }
})

test.each(ids)('%s: a row far away scores higher than any other', async (id) => {
  const learn = cloud(400, 4)
  const scores = await scoresOf(id, id === 'pca' ? { explained: 50 } : {}, { learn, ask: [...learn, [9, -9, 9, 9]] })
  expect(Math.max(...scores.slice(0, 400))).toBeLessThan(scores[401])
})

const odd: Readonly<Record<string, number[][]>> = {
  'one row': [[1, 2, 3]],
  'two rows': [
    [1, 2, 3],
    [1, 2, 4],
  ],
  'equal rows': Array.from({ length: 30 }, () => [1, 2, 3]),
  'columns that do not vary': cloud(60, 2).map(([a, b]) => [5, a, b, 0]),
  'a single column': cloud(60, 1),
  'more columns than rows': cloud(12, 40),
  'many copies': Array.from({ length: 200 }, (_, i) => [i < 150 ? 0 : i, i % 2]),
  'huge and tiny numbers': cloud(60, 3).map(([a, b, c]) => [1e15 * a, 1e-15 * b, c]),
}
for (const [name, learn] of Object.entries(odd))
  test.each(ids)(`%s gives every row a finite score: ${name}`, async (id) => {
    const own = await scoresOf(id, {}, { learn })
    expect(own.filter((score) => !Number.isFinite(score))).toEqual([])
    const others = [learn[0].map(() => 7), learn[0].map(() => -1e6)]
    const seen = await scoresOf(id, {}, { learn, ask: others })
    expect(seen.filter((score) => !Number.isFinite(score))).toEqual([])
  })

test.each(ids)(
  '%s: a row’s score depends neither on the rows beside it nor on the number of threads, and the seed repeats it',
  async (id) => {
    const learn = cloud(300, 5)
    const ask = cloud(20, 5, 3)
    const together = await scoresOf(id, {}, { learn, ask })
    const alone = await scoresOf(id, {}, { learn, ask, oneByOne: true, threads: 2 })
    expect(alone).toEqual(together)
  },
)

// That of principal components depends on the plane, and is worked by hand above.
test.each(ids.filter((id) => id !== 'pca'))('%s: blame is of each column, none below 0, and most where the row stands out', async (id) => {
  const learn = cloud(300, 3).slice(0, 300)
  const blame = await blameOf(id, {}, { learn, ask: [...learn, [0, 9, 0]] })
  if (!blame) return
  expect(blame.flat().filter((part) => !(part >= 0))).toEqual([])
  const [a, second, c] = blame[300]
  expect(second).toBeGreaterThan(Math.max(a, c))
})
