import { describe, expect, it } from 'vitest'
import { gapChoice, gapStatistic } from '#engine/analysis/validity/gapStatistic.ts'
import { randomStream } from '#engine/analysis/random.ts'
import reference from '../../../../fixtures/validity/resampling.json' with { type: 'json' }
import { groups } from '../../../../helpers/groups.ts'

describe('the gap statistic', () => {
  it('finds well separated groups, and one where there is nothing but noise', async () => {
    const found = await gapStatistic(groups(300, 3, 4, 6), 300, 3, 7, { seed: 2 })
    expect(found.map(({ k }) => k)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(gapChoice(found)).toBe(4)
    const random = randomStream(1, 'evenly')
    const even = Float32Array.from({ length: 600 }, () => random.uniform())
    const none = await gapStatistic(even, 300, 2, 5, { seed: 2 })
    expect(gapChoice(none)).toBe(1)
    // Evenly spread rows are a reference themselves: no gap beyond its error.
    expect(Math.abs(none[0].gap)).toBeLessThan(3 * none[0].error)
  })

  it('lays its box along the axes of the data: a thin slanting line has no groups', async () => {
    const random = randomStream(1, 'slanting')
    const X = new Float32Array(600)
    for (let i = 0; i < 300; i++) {
      const along = random.uniform() * 10
      X.set([along + 0.05 * random.uniform(), along], 2 * i)
    }
    expect(gapChoice(await gapStatistic(X, 300, 2, 4, { seed: 2 }))).toBe(1)
  })

  it.each(reference.cases)('is that of distances between all pairs and many references: $what', async ({ points, n, d, gap }) => {
    const references = 40
    const found = await gapStatistic(Float32Array.from(points), n, d, gap.gap.length, { references, seed: 3 })
    for (const [i, { gap: value, error }] of found.entries()) {
      // Four standard errors of both samples of references.
      const chance = 4 * gap.sd[i] * Math.sqrt(1 / references + 1 / reference.references)
      expect(Math.abs(value - gap.gap[i])).toBeLessThan(chance)
      expect(Math.abs(error / gap.sd[i] / Math.sqrt(1 + 1 / references) - 1)).toBeLessThan(4 / Math.sqrt(2 * references))
    }
  })

  it('is the same for the same seed', async () => {
    const X = groups(100, 2, 3, 3)
    expect(await gapStatistic(X, 100, 2, 4, { seed: 5, references: 3 })).toEqual(
      await gapStatistic(X, 100, 2, 4, { seed: 5, references: 3 }),
    )
  })

  it('takes the least k that the next one does not beat by more than its error', () => {
    const gaps = [0.1, 0.5, 0.9, 0.93, 0.95].map((gap, i) => ({ k: i + 1, gap, error: 0.04 }))
    expect(gapChoice(gaps)).toBe(3)
    expect(gapChoice(gaps.map((gap) => ({ ...gap, error: 0.01 })))).toBeNull()
  })
})
