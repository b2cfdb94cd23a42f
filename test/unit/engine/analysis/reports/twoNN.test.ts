import { describe, expect, test } from 'vitest'
import { pointsFor, twoNN } from '#engine/analysis/reports/twoNN.ts'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import reference from '../../../../fixtures/twoNN.json' with { type: 'json' }

/** As in test/fixtures/make/twoNN.py. */
function uniforms(count: number): Float64Array {
  let state = 1
  return Float64Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  })
}
const u = uniforms(600 * 4)
const rowsOf = (n: number, row: (values: Float64Array) => number[]): Float32Array =>
  Float32Array.from(Array.from({ length: n }, (_, i) => row(u.subarray(4 * i, 4 * i + 4))).flat())

const points: Record<string, { X: Float32Array; d: number }> = {
  'cube of 4': { X: rowsOf(600, (values) => [...values]), d: 4 },
  'plane in 5 columns': { X: rowsOf(600, ([a, b]) => [a, b, a + b, a - 2 * b, 3 * b]), d: 5 },
  circle: { X: rowsOf(600, ([a]) => [Math.cos(2 * Math.PI * a), Math.sin(2 * Math.PI * a)]), d: 2 },
  'repeated rows': { X: Float32Array.from([...u.subarray(0, 800), ...u.subarray(0, 200), ...u.subarray(0, 200)]), d: 4 },
}

describe('equals scipy and numpy', () => {
  for (const { name, dimension, rows } of reference.cases)
    test(name, async () => {
      const { X, d } = points[name]
      const found = await twoNN(X, X.length / d, d, 7)
      expect(found?.rows).toBe(rows)
      // Distances of float32 points; a hair where two neighbours are equally far.
      expect(found?.dimension).toBeCloseTo(dimension, 4)
    })
})

describe('known dimensions', () => {
  const draw = normalsOf(stepKey(3, 0), 'points')
  const n = 1500

  test('normal numbers in 5 columns have 5', async () => {
    const X = Float32Array.from({ length: n * 5 }, (_, i) => draw(i))
    const found = await twoNN(X, n, 5, 7)
    expect(found?.dimension).toBeGreaterThan(4.5)
    expect(found?.dimension).toBeLessThan(5.5)
  })

  test('a sphere in 10 columns has one less than the space it lies in', async () => {
    const X = new Float32Array(n * 10)
    for (let i = 0; i < n; i++) {
      const z = [draw(4 * i), draw(4 * i + 1), draw(4 * i + 2), draw(4 * i + 3)]
      const length = Math.hypot(...z)
      for (let j = 0; j < 10; j++) X[i * 10 + j] = z.reduce((sum, value, k) => sum + (value / length) * Math.sin(1 + j * (k + 1)), 0)
    }
    const found = await twoNN(X, n, 10, 7)
    expect(found?.dimension).toBeGreaterThan(2.7)
    expect(found?.dimension).toBeLessThan(3.3)
  })
})

test('the interval holds the estimate, is that of the seed, and narrows with more points', async () => {
  const { X } = points['cube of 4']
  const [all, again, few] = [await twoNN(X, 600, 4, 7), await twoNN(X, 600, 4, 7), await twoNN(X, 100, 4, 7)]
  expect(again).toEqual(all)
  if (!all || !few) throw new Error('there are enough points')
  expect(all.low).toBeLessThan(all.dimension)
  expect(all.high).toBeGreaterThan(all.dimension)
  expect(few.high - few.low).toBeGreaterThan(all.high - all.low)
})

test('there is no estimate of fewer than 20 different points', async () => {
  expect(await twoNN(points['cube of 4'].X, 19, 4, 7)).toBeNull()
  expect(await twoNN(new Float32Array(400), 100, 4, 7)).toBeNull()
})

test('there is no estimate of points on a lattice', async () => {
  const lattice = Float32Array.from({ length: 3 * 125 }, (_, at) => Math.floor(Math.floor(at / 3) / 5 ** (at % 3)) % 5)
  expect(await twoNN(lattice, 125, 3, 7)).toBeNull()
})

test('wide rows are compared in smaller numbers', () => {
  expect(pointsFor(100_000, 10)).toBe(5000)
  expect(pointsFor(100_000, 30_000)).toBe(258)
  expect(pointsFor(12, 30_000)).toBe(12)
})

test('a cancelled search ends', async () => {
  await expect(twoNN(points.circle.X, 600, 2, 7, AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' })
})
