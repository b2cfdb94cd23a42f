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
    const again = await leidenClustering.fit(X, digitRows, digitColumns, params, { seed: 7, threads: 2 })
    expect(again.labels).toEqual(found.labels)
  })
})
