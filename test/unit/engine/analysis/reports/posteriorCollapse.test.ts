import { describe, expect, test } from 'vitest'
import { type CollapseGiven, posteriorCollapse } from '#engine/analysis/reports/posteriorCollapse.ts'

const report = (kl: number[][], more: Partial<CollapseGiven> = {}) =>
  posteriorCollapse({ kl: Float32Array.from(kl.flat()), units: kl[0].length, width: 'learned', price: 1, noiseVariance: 1, ...more })
const times = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i))
const causesOf = (more: Partial<CollapseGiven>, kl = times(10, () => [2, 0])): string[] => report(kl, more).causes.map(({ cause }) => cause)

describe('posterior collapse', () => {
  test('is a unit below ε on at least 1 − δ of the rows', () => {
    const kl = times(100, (i) => [0.001, i < 2 ? 5 : 0.001, i < 1 ? 5 : 0.001, 3])
    const { units, collapsed } = report(kl)
    expect(units.map((unit) => unit.collapsed)).toEqual([true, false, true, false])
    expect(units.map(({ shareBelow }) => shareBelow)).toEqual([1, 0.98, 0.99, 0])
    expect(units[1].meanKl).toBeCloseTo(0.05 * 2 + 0.001 * 0.98, 3)
    expect(collapsed).toBe(2)
    expect(report(kl, { delta: 0.02 }).collapsed).toBe(3)
    expect(report(kl, { epsilon: 0.0005, delta: 0 }).collapsed).toBe(0)
  })

  test('has no cause where nothing collapsed, and nothing to say of no rows', () => {
    expect(report(times(10, () => [1, 2])).causes).toEqual([])
    expect(posteriorCollapse({ kl: new Float32Array(), units: 3, width: 'learned', price: 1, noiseVariance: 1 })).toMatchObject({
      collapsed: 0,
      causes: [],
    })
  })

  test('does not count what a fixed width costs every row alike', () => {
    const constant = 0.5 * (0.25 - 1 - Math.log(0.25))
    const kl = times(10, (i) => [constant + 0.001, constant + 0.1 * i])
    expect(report(kl).collapsed).toBe(0)
    expect(report(kl, { width: 0.5 }).units.map((unit) => unit.collapsed)).toEqual([true, false])
  })

  test('comes of fewer directions than units, of noise, of a price, of conditions, of training', () => {
    expect(causesOf({ eigenvalues: [3] })).toEqual(['fewer-directions-than-units'])
    expect(causesOf({ eigenvalues: [3, 0.5] })).toEqual(['directions-below-noise'])
    expect(causesOf({ eigenvalues: [3, 1.5], price: 2 })).toEqual(['price-above-one', 'directions-below-noise'])
    expect(causesOf({ eigenvalues: [3, 1.5], eigenvaluesBeyondConditions: [3, 0.2] })).toEqual([
      'conditions-tell-it',
      'directions-below-noise',
    ])
    expect(causesOf({ eigenvalues: [3, 2] })).toEqual(['beyond-linear-theory'])
    expect(causesOf({ noiseVariance: null, eigenvalues: [3, 2] })).toEqual(['beyond-linear-theory'])
    expect(causesOf({})).toEqual(['beyond-linear-theory'])
  })

  test('is said to be beyond what variances tell where there is no such price or noise', () => {
    const messageOf = (given: Partial<CollapseGiven>) =>
      report(
        times(10, () => [2, 0]),
        { eigenvalues: [3], ...given },
      ).causes[0].message
    expect(messageOf({})).toMatch(/vary in 1 direction only/)
    expect(messageOf({ price: null })).toMatch(/cannot be told by variances/)
    expect(messageOf({ noiseVariance: null })).toMatch(/cannot be told by variances/)
  })

  test('of a second level comes of a learned width of the first; a collapsed first level has causes of its own', () => {
    const kl = times(10, () => [2, 1, 0])
    expect(causesOf({ firstLevel: { units: 2, width: 'learned' } }, kl)).toEqual(['first-width-learned'])
    expect(causesOf({ firstLevel: { units: 2, width: 0.5 } }, kl)).toEqual(['beyond-linear-theory'])
    expect(
      causesOf(
        { firstLevel: { units: 2, width: 'learned' }, eigenvalues: [3] },
        times(10, () => [2, 0, 0]),
      ),
    ).toEqual(['first-width-learned', 'fewer-directions-than-units'])
  })
})
