import { beforeAll, describe, expect, test } from 'vitest'
import { kindOf } from '#engine/analysis/reports/unitKinds.ts'
import { drawnCodes, klOf, type Posteriors, variationalUnit } from '#engine/operations/report/variational.ts'

describe('kinds of units by σ² over rows', () => {
  test('1 on all rows is passive, near 0 on all rows active, anything else mixed', () => {
    expect(kindOf(1, 0)).toBe('passive')
    expect(kindOf(0.95, 0.01)).toBe('passive')
    expect(kindOf(0.04, 0.001)).toBe('active')
    // Half of the rows 0, half 1: mean 0.5, variance 0.25.
    expect(kindOf(0.5, 0.25)).toBe('mixed')
    expect(kindOf(0.4, 0.001)).toBe('mixed')
    // Passive on nine rows in ten only.
    expect(kindOf(0.9, 0.1)).toBe('mixed')
  })
})

test('KL of a normal from the standard one', () => {
  // ½ (μ² + σ² − 1 − ln σ²): 0 for the prior, ½ for a mean of 1, ½ (4 − 1 − ln 4) for a variance of 4.
  const kl = klOf(Float32Array.of(0, 1, 0), Float32Array.of(0, 0, Math.log(4)))
  expect(kl[0]).toBe(0)
  expect(kl[1]).toBeCloseTo(0.5, 6)
  expect(kl[2]).toBeCloseTo((3 - Math.log(4)) / 2, 6)
})

describe('a unit over rows', () => {
  const n = 400
  /** Unit 0 tells of every row, unit 1 of none, unit 2 of every second one. */
  const mu = Float32Array.from({ length: 3 * n }, (_, at) => {
    const [i, unit] = [Math.floor(at / 3), at % 3]
    const value = (i % 20) / 5 - 2
    return unit === 0 ? value : unit === 1 ? 0 : i % 2 === 0 ? value : 0
  })
  const logVariance = Float32Array.from({ length: 3 * n }, (_, at) => {
    const [i, unit] = [Math.floor(at / 3), at % 3]
    return unit === 0 || (unit === 2 && i % 2 === 0) ? Math.log(0.01) : 0
  })
  const all: Posteriors = { n, Z: 3, mu, logVariance, kl: klOf(mu, logVariance) }
  let drawn: Float32Array
  beforeAll(async () => {
    drawn = await drawnCodes(all, 7)
  })

  test('active, passive and mixed are told apart', () => {
    expect([0, 1, 2].map((unit) => variationalUnit(all, drawn, unit).kind)).toEqual(['active', 'passive', 'mixed'])
    expect([0, 1, 2].map((unit) => variationalUnit(all, drawn, unit).activeShare)).toEqual([1, 0, 0.5])
  })

  test('the means of an active unit agree with its draws, those of a passive one cannot', () => {
    expect(variationalUnit(all, drawn, 0).meanVersusDraw).toBeGreaterThan(0.99)
    expect(variationalUnit(all, drawn, 1).meanVersusDraw).toBe(0)
  })

  test('KL is told by its mean and quantiles', () => {
    const { kl, posteriorVariance } = variationalUnit(all, drawn, 2)
    expect(kl.p10).toBe(0)
    expect(kl.p90).toBeGreaterThan(kl.mean)
    expect(posteriorVariance).toBeCloseTo(0.505, 3)
  })

  test('draws are those of the seed, and have the spread they should', async () => {
    expect(await drawnCodes(all, 7)).toEqual(drawn)
    expect(await drawnCodes(all, 8)).not.toEqual(drawn)
    let squares = 0
    for (let i = 0; i < n; i++) squares += drawn[3 * i + 1] ** 2 / n
    expect(squares).toBeGreaterThan(0.8)
    expect(squares).toBeLessThan(1.2)
  })
})
