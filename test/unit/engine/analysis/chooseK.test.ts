import { expect, test } from 'vitest'
import { chooseK, elbow } from '#engine/analysis/chooseK.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { silhouette } from '#engine/analysis/silhouette.ts'
import { kmeans } from '#engine/analysis/kmeans.ts'
import reference from '../../../fixtures/analysis.json' with { type: 'json' }

const { n, d, k } = reference.kmeans
const points = Float32Array.from(reference.kmeans.points)

test('the silhouette of every row agrees with scikit-learn', async () => {
  const { labels } = await kmeans(points, n, d, { k, nInit: 20, tolerance: 0, seed: 3 })
  expect(await silhouette(points, n, d, labels, k, { sample: n, seed: 1 })).toBeCloseTo(reference.kmeans.silhouette, 6)
})

test('by hand: 0, 1 | 10', async () => {
  // Row 0: a = 1, b = 10: 0.9. Row 1: a = 1, b = 9: 8/9. Row 10 is alone: 0.
  expect(await silhouette(Float32Array.from([0, 1, 10]), 3, 1, [0, 0, 1], 2, { seed: 1 })).toBeCloseTo((0.9 + 8 / 9) / 3, 7)
  expect(await silhouette(Float32Array.from([0, 1]), 2, 1, [0, 0], 1, { seed: 1 })).toBeNull()
})

test('finds the number of well separated groups', async () => {
  const random = randomStream(4, 'groups')
  const X = new Float32Array(4000 * 2)
  for (let i = 0; i < 4000; i++) {
    const group = random.below(5)
    X[2 * i] = Math.cos(group * 1.2566) * 10 + random.uniform() * 2
    X[2 * i + 1] = Math.sin(group * 1.2566) * 10 + random.uniform() * 2
  }
  const shares: number[] = []
  const choice = await chooseK(X, 4000, 2, { kMax: 12, seed: 1, report: (share) => shares.push(share) })
  expect(choice.k).toBe(5)
  expect(choice.curve.map((point) => point.k)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
  expect(choice.curve.reduce((best, point) => (point.silhouette > best.silhouette ? point : best)).k).toBe(5)
  expect(choice.reason).toContain('Elbow')
  expect(shares.at(-1)).toBe(1)
})

test('an even curve has no elbow, and the silhouette decides', () => {
  const choice = elbow([2, 3, 4, 5].map((k) => ({ k, inertia: 10 - k, silhouette: k === 4 ? 0.6 : 0.1 })))
  expect(choice).toMatchObject({ k: 4, reason: expect.stringContaining('without an elbow') })
})

test('a range beyond the rows is refused', async () => {
  await expect(chooseK(new Float32Array(3), 3, 1, { kMin: 5, kMax: 9, seed: 1 })).rejects.toThrow(RangeError)
})
