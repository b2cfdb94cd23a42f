import { describe, expect, it } from 'vitest'
import { bootstrapStability, stabilityChoice } from '#engine/analysis/validity/stability.ts'
import reference from '../../../../fixtures/validity/resampling.json' with { type: 'json' }
import { groups } from '../../../../helpers/groups.ts'

describe('stability', () => {
  it('is full where the classes are found again, and less where groups are cut or joined by chance', async () => {
    const found = await bootstrapStability(groups(300, 3, 4, 6), 300, 3, [2, 3, 4, 5, 6], { seed: 3, pairs: 6 })
    expect(stabilityChoice(found)).toMatchObject({ k: 4, stability: expect.closeTo(1, 3) })
    expect(found[3].stability).toBeLessThan(0.97)
    expect(found[4].stability).toBeLessThan(0.95)
    for (const { stability, error } of found) expect(stability - error).toBeLessThanOrEqual(1)
  })

  it.each(reference.cases)('is that of many more pairs by scikit-learn: $what', async ({ points, n, d, stability }) => {
    const pairs = 25
    const ks = stability.map(({ k }) => k)
    const found = await bootstrapStability(Float32Array.from(points), n, d, ks, { seed: 3, pairs })
    for (const [i, { mean, sd }] of stability.entries()) {
      // Four standard errors of both samples of pairs.
      expect(Math.abs(found[i].stability - mean)).toBeLessThan(4 * sd * Math.sqrt(1 / pairs + 1 / reference.pairs))
      expect(found[i].error).toBeLessThan((sd / Math.sqrt(pairs)) * 1.5)
    }
  })

  it('takes the largest k within an error of the best', () => {
    const found = [0.97, 0.99, 0.985, 0.7].map((stability, i) => ({ k: i + 2, stability, error: 0.004 }))
    expect(stabilityChoice(found).k).toBe(4)
  })

  it('is the same for the same seed', async () => {
    const X = groups(90, 2, 3, 2)
    const once = await bootstrapStability(X, 90, 2, [2, 3], { seed: 3, pairs: 2 })
    expect(await bootstrapStability(X, 90, 2, [2, 3], { seed: 3, pairs: 2 })).toEqual(once)
    expect(await bootstrapStability(X, 90, 2, [2, 3], { seed: 4, pairs: 2 })).not.toEqual(once)
  })
})
