import { expect, test } from 'vitest'
import { createSwaps } from '#engine/analysis/clustering/kmeans/swaps.ts'
import { createPace } from '#engine/analysis/pace.ts'
import { randomStream } from '#engine/analysis/random.ts'

test('the centre that is missed least goes to a row that is badly explained', async () => {
  const rows = Float32Array.of(0, 0.1, 0.2, 10, 10.1, 20, 20.1)
  const swaps = createSwaps(rows, rows.length, 1, 3, createPace())
  await swaps.of(Float64Array.of(0, 0.2, 15))
  for (let turn = 0; turn < 20; turn++) {
    const [first, second, third] = (await swaps.draw(randomStream(turn, 'swaps'))) as Float64Array
    // Two of three centres lie among three rows: one of these is spared, and 15 stays.
    expect(third).toBe(15)
    expect([first, second].some((centre) => centre >= 10)).toBe(true)
    expect([first, second].some((centre) => centre < 1)).toBe(true)
  }
})

test('the costs are those of the centres it hands out', async () => {
  const random = randomStream(3, 'rows')
  const [n, d, k] = [200, 2, 6]
  const X = Float32Array.from({ length: n * d }, () => random.uniform())
  const given = Float64Array.from(X.subarray(0, k * d))
  const inertia = (centres: Float64Array): number => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      let least = Number.POSITIVE_INFINITY
      for (let c = 0; c < k; c++) least = Math.min(least, (X[2 * i] - centres[2 * c]) ** 2 + (X[2 * i + 1] - centres[2 * c + 1]) ** 2)
      sum += least
    }
    return sum
  }
  const swaps = createSwaps(X, n, d, k, createPace())
  await swaps.of(given)
  const found = (await swaps.draw(randomStream(1, 'swaps'))) as Float64Array
  const changed = Array.from({ length: k }, (_, c) => c).filter((c) => found[2 * c] !== given[2 * c])
  expect(changed).toHaveLength(1)
  const row = found.slice(2 * changed[0], 2 * changed[0] + 2)
  for (let c = 0; c < k; c++) {
    const other = given.slice()
    other.set(row, 2 * c)
    expect(inertia(found)).toBeLessThanOrEqual(inertia(other) + 1e-9)
  }
})

test('where every row lies on a centre there is nothing to better', async () => {
  const swaps = createSwaps(Float32Array.of(1, 1, 4), 3, 1, 2, createPace())
  await swaps.of(Float64Array.of(1, 4))
  expect(await swaps.draw(randomStream(1, 'swaps'))).toBeNull()
})
