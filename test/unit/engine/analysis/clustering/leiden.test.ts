import { describe, expect, test } from 'vitest'
import { adjustedRandIndex, contingency } from '#engine/analysis/evaluation/agreement.ts'
import { leidenClustering } from '#engine/analysis/clustering/leiden.ts'
import { digitColumns, digitRows, readDigits } from '../../../../helpers/digits.ts'

describe('Leiden as a clustering', () => {
  test('finds the digits without being told how many, largest class first, and the same again', async () => {
    const { X, digit } = readDigits()
    const params = leidenClustering.params.parse({})
    const found = await leidenClustering.fit(X, digitRows, digitColumns, params, { seed: 7, threads: 1 })
    expect(found.k).toBeGreaterThan(7)
    expect(found.k).toBeLessThan(20)
    const table = contingency(
      found.labels.map((label) => label + 1),
      digit,
      found.k + 1,
      10,
    )
    expect(adjustedRandIndex(table)).toBeGreaterThan(0.75)
    const sizes = Array.from({ length: found.k }, (_, c) => found.labels.filter((label) => label === c).length)
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
    expect(found.figures.modularity).toBeGreaterThan(0.5)
    for (const threads of [2, 4]) {
      const again = await leidenClustering.fit(X, digitRows, digitColumns, params, { seed: 7, threads })
      expect(again.labels).toEqual(found.labels)
    }
  })

  const params = leidenClustering.params.parse({})
  const run = { seed: 1, threads: 1 }

  test('gives equal rows one class, however many there are', async () => {
    const n = 6000
    // Five of six rows are one point; the others lie in two clouds.
    const X = Float32Array.from({ length: 2 * n }, (_, at) => {
      const i = Math.floor(at / 2)
      return i % 6 > 0 ? 5 : (i % 12) * 4 + (((i + 1) * Math.sqrt(2 + (at % 2))) % 1)
    })
    const { labels, k } = await leidenClustering.fit(X, n, 2, params, run)
    expect(new Set(labels.filter((_, i) => i % 6 > 0)).size).toBe(1)
    expect(k).toBeLessThan(60)
    expect(labels.every((label) => label >= 0 && label < k)).toBe(true)
  })

  test('takes fewer rows than neighbours, and refuses rows that are all the same, one row and none', async () => {
    const { labels, k } = await leidenClustering.fit(Float32Array.of(1, 2, 3, 4), 4, 1, params, run)
    expect([k, ...labels]).toEqual([1, 0, 0, 0, 0])
    for (const X of [new Float32Array(50), new Float32Array(1), new Float32Array(0)])
      await expect(leidenClustering.fit(X, X.length, 1, params, run)).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
  })

  test.each([2, 3, 4, 5, 8, 13, 20])('of %i rows in a line gives each a class, whatever the quality', async (n) => {
    const X = Float32Array.from({ length: n }, (_, i) => i + (i % 3) / 10)
    for (const quality of ['modularity', 'cpm'] as const)
      for (const edgeWeights of ['jaccard', 'rank'] as const) {
        const { labels, k } = await leidenClustering.fit(X, n, 1, { ...params, quality, edgeWeights, neighbours: 50 }, run)
        expect(labels.length).toBe(n)
        expect(new Set(labels)).toEqual(new Set(Array.from({ length: k }, (_, c) => c)))
      }
  })

  test('never joins groups that share no neighbour, and one row far from all others is of the class of its neighbours', async () => {
    const X = Float32Array.from({ length: 2 * 180 }, (_, at) => {
      const [i, j] = [Math.floor(at / 2), at % 2]
      return 1000 * (i % 3) * (1 - j) + ((i * (7 + 4 * j)) % 61) / 61
    })
    const { labels, k } = await leidenClustering.fit(X, 180, 2, { ...params, resolution: 0.1 }, run)
    expect(k).toBe(3)
    for (let i = 3; i < 180; i++) expect(labels[i]).toBe(labels[i % 3])
    X.set([-1e7, 1e7], 0)
    const far = await leidenClustering.fit(X, 180, 2, { ...params, resolution: 0.1 }, run)
    expect(far.k).toBeLessThanOrEqual(4)
    for (let i = 6; i < 180; i++) expect(far.labels[i]).toBe(far.labels[3 + (i % 3)])
  })
})
