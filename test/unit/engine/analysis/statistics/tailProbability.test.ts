import { describe, expect, it } from 'vitest'
import { chiSquareTail, holm, normalTail, studentQuantile, studentTwoSided } from '#engine/analysis/statistics/tailProbability.ts'
import reference from '../../../../fixtures/validity.json' with { type: 'json' }

/** Largest relative difference; what is below 1e-280 counts as nothing. */
const worst = (cases: number[][], of: (x: number, freedom: number) => number): number =>
  Math.max(...cases.map(([x, freedom, p]) => (p < 1e-280 ? of(x, freedom) : Math.abs(of(x, freedom) - p) / p)))

describe('probabilities of tails', () => {
  it('equal scipy, small ones too', () => {
    expect(worst(reference.student, studentTwoSided)).toBeLessThan(1e-10)
    expect(worst(reference.chiSquare, chiSquareTail)).toBeLessThan(1e-11)
  })

  it('are 1 at nothing and 0 at infinity', () => {
    expect([studentTwoSided(0, 3), studentTwoSided(Number.POSITIVE_INFINITY, 3)]).toEqual([1, 0])
    expect([chiSquareTail(0, 3), chiSquareTail(Number.POSITIVE_INFINITY, 3)]).toEqual([1, 0])
    expect(studentTwoSided(-2, 5)).toBe(studentTwoSided(2, 5))
    expect(() => studentTwoSided(1, 0)).toThrow(RangeError)
    expect(() => chiSquareTail(1, Number.NaN)).toThrow(RangeError)
  })

  it('are turned round, and those of the normal distribution are there', () => {
    // Tables of Student's t: 0.975 with 1, 5 and 35 degrees of freedom.
    expect(studentQuantile(0.025, 1)).toBeCloseTo(12.706204736174698, 10)
    expect(studentQuantile(0.025, 5)).toBeCloseTo(2.5705818356363146, 11)
    expect(studentQuantile(0.025, 35)).toBeCloseTo(2.0301079282503425, 11)
    expect(() => studentQuantile(0.6, 5)).toThrow(RangeError)
    expect(normalTail(0)).toBe(0.5)
    expect(normalTail(1.959963984540054)).toBeCloseTo(0.025, 14)
  })

  it('are corrected for their number after Holm', () => {
    const { p, adjusted } = reference.holm
    for (const [i, value] of holm(p).entries()) expect(value).toBeCloseTo(adjusted[i], 14)
    // 3 × 0.01, then 2 × 0.02, and never less than the one before.
    expect([...holm([0.04, 0.01, 0.02])]).toEqual([0.04, 0.03, 0.04])
  })
})
