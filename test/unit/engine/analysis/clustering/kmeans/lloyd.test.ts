import { expect, test } from 'vitest'
import { createLloyd } from '#engine/analysis/clustering/kmeans/lloyd.ts'
import { isInRange, isPlainFaster } from '#engine/analysis/clustering/kmeans/lloydPlain.ts'
import { assign } from '#engine/analysis/clustering/kmeans/nearest.ts'
import { kmeansCrew } from '#engine/analysis/clustering/kmeans/work.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { inSharedMemory } from '#engine/analysis/threads/sharedMemory.ts'

const alone = kmeansCrew(1)

function groups(n: number, d: number, k: number, offset = 0): { X: Float32Array; start: Float64Array } {
  const random = randomStream(7, 'groups')
  const places = Float64Array.from({ length: k * d }, () => random.uniform() * 6)
  const X = new Float32Array(n * d)
  for (let i = 0; i < n; i++) {
    const c = random.below(k)
    for (let j = 0; j < d; j++) X[i * d + j] = offset + places[c * d + j] + random.uniform() + random.uniform()
  }
  return { X, start: Float64Array.from({ length: k * d }, (_, at) => X[Math.floor(at / d) * 7 * d + (at % d)]) }
}

test.each([
  [500, 1, 2],
  [501, 3, 5],
  [1000, 16, 12],
  [777, 17, 20],
  [600, 40, 33],
  [900, 5, 64],
  [1000, 3, 131],
])('looking at every distance ends where the bounds end: %i × %i, k = %i', async (n, d, k) => {
  const { X, start } = groups(n, d, k)
  const [plain, bounded] = [start.slice(), start.slice()]
  const one = await (await createLloyd(X, n, d, k, alone, { plain: true })).run(plain, 300, 0)
  const other = await (await createLloyd(X, n, d, k, alone, { plain: false })).run(bounded, 300, 0)
  expect(one.iterations).toBe(other.iterations)
  expect(one.inertia / other.inertia).toBeCloseTo(1, 9)
  for (const [at, value] of plain.entries()) expect(value).toBeCloseTo(bounded[at], 4)
})

test('rows far from the origin are told apart as those near it are', async () => {
  const { X, start } = groups(800, 4, 6, 1000)
  const run = await (await createLloyd(X, 800, 4, 6, alone, { plain: true })).run(start.slice(), 300, 0)
  const exact = await (await createLloyd(X, 800, 4, 6, alone, { plain: false })).run(start.slice(), 300, 0)
  expect(run.inertia / exact.inertia).toBeCloseTo(1, 6)
})

test('a second run of the same rows gives the same bits', async () => {
  const { X, start } = groups(999, 6, 9)
  const lloyd = await createLloyd(X, 999, 6, 9, alone)
  const [one, other] = [start.slice(), start.slice()]
  await lloyd.run(one, 300, 0)
  await lloyd.run(other, 300, 0)
  expect(other).toEqual(one)
})

test('what floats cannot tell apart and many centres go by the bounds', async () => {
  expect(isPlainFaster(2, 1, 256)).toBe(true)
  expect(isPlainFaster(2, 1, 257)).toBe(false)
  expect([isInRange(1, 2, 1), isInRange(0, 2, 1), isInRange(1e31, 2, 1), isInRange(1e-30, 2, 1), isInRange(Number.NaN, 2, 1)]).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})

test.each([1e30, 1e-30])('rows in units of %s are told apart as others are', async (unit) => {
  const { X, start } = groups(400, 3, 4)
  const expected = await (await createLloyd(X, 400, 3, 4, alone)).run(start.slice(), 300, 0)
  const lloyd = await createLloyd(
    X.map((value) => value * unit),
    400,
    3,
    4,
    alone,
  )
  const found = await lloyd.run(
    start.map((value) => value * unit),
    300,
    0,
  )
  expect(found.iterations).toBe(expected.iterations)
  expect(found.inertia / unit / unit / expected.inertia).toBeCloseTo(1, 6)
})

test('rows that keep their centre without a look have no nearer one: overlapping groups, many passes', async () => {
  const random = randomStream(8, 'overlapping')
  const [n, d, k] = [6001, 3, 25]
  const X = Float32Array.from({ length: n * d }, () => random.uniform() + random.uniform())
  const start = Float64Array.from(X.subarray(0, k * d))
  const [plain, bounded] = [start.slice(), start.slice()]
  const one = await (await createLloyd(X, n, d, k, alone, { plain: true })).run(plain, 300, 0)
  const other = await (await createLloyd(X, n, d, k, alone, { plain: false })).run(bounded, 300, 0)
  expect(one.iterations).toBeGreaterThan(30)
  expect(one.inertia / other.inertia).toBeCloseTo(1, 6)
  // Were one row kept by mistake, its centre would not be the mean of the rows nearest to it.
  const labels = new Uint16Array(n)
  assign(X, n, d, Float32Array.from(plain), k, labels)
  for (let c = 0; c < k; c++)
    for (let j = 0; j < d; j++) {
      let [sum, count] = [0, 0]
      for (let i = 0; i < n; i++) if (labels[i] === c) [sum, count] = [sum + X[i * d + j], count + 1]
      expect(plain[c * d + j]).toBeCloseTo(sum / count, 4)
    }
})

test.each([{ plain: true }, { plain: false }])('threads take blocks as they come, and the bits stay: %o', async ({ plain }) => {
  const [n, d, k] = [40_001, 16, 20]
  const { X, start } = groups(n, d, k)
  const rows = inSharedMemory(X)
  const alone = start.slice()
  const expected = await (await createLloyd(rows, n, d, k, kmeansCrew(1), { plain })).run(alone, 8, 0)
  for (const threads of [2, 3]) {
    const crew = kmeansCrew(threads)
    const centres = start.slice()
    // They start when there was enough to do.
    await crew.run(
      { kind: 'seed', points: rows, n, d, k, seed: 1, names: ['a', 'b'], centres: new Float64Array(new SharedArrayBuffer(16 * k * d)) },
      2,
      {
        cost: 1e9,
      },
    )
    expect(await (await createLloyd(rows, n, d, k, crew, { plain })).run(centres, 8, 0)).toEqual(expected)
    expect(centres).toEqual(alone)
    await crew.close()
  }
})
