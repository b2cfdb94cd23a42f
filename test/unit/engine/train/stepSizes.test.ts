import { expect, test } from 'vitest'
import { hasExploded, ratesBetween, smoothedOf, suggestionFrom } from '#engine/train/stepSizes.ts'

const rates = ratesBetween(1e-6, 1, 241)

test('step sizes are evenly spread over their logarithms, both ends among them', () => {
  expect(ratesBetween(0.01, 1, 3)).toEqual([0.01, expect.closeTo(0.1, 12), 1])
})

test('smoothing leaves a constant as it is from the first step on', () => {
  for (const value of smoothedOf([2, 2, 2, 2])) expect(value).toBeCloseTo(2, 12)
})

test('a loss that falls in one place: there, when it is below a tenth of the lowest', () => {
  // Falls around 1e-3, flat to 0.1, then up.
  const losses = rates.map((rate) => 1 / (1 + (rate / 1e-3) ** 2) + 0.05 + (rate > 0.1 ? 3 * (rate - 0.1) : 0))
  const { suggestion, steepest, lowest, reason } = suggestionFrom({ rates, losses })
  // The mean lags some steps behind, and a step is 6 per cent.
  expect(steepest).toBeGreaterThan(1e-3)
  expect(steepest).toBeLessThan(6e-3)
  expect(lowest).toBeGreaterThan(0.05)
  expect(suggestion).toBe(Number(steepest.toPrecision(2)))
  expect(reason).toMatch(/most steeply/)
})

test('a loss that goes below zero: a tenth of where it is lowest', () => {
  const losses = rates.map((rate) => 5 - 8 / (1 + 1e-3 / rate) + (rate > 0.1 ? 30 * (rate - 0.1) : 0))
  const { suggestion, lowest } = suggestionFrom({ rates, losses })
  expect(suggestion).toBe(Number((lowest / 10).toPrecision(2)))
})

test('a loss that never falls gives no suggestion; what is no number is left out', () => {
  expect(suggestionFrom({ rates, losses: rates.map(() => 1) }).suggestion).toBeNull()
  const { smoothed } = suggestionFrom({ rates, losses: rates.map((_, i) => (i < 100 ? 1 / (i + 1) : Number.NaN)) })
  expect(smoothed).toHaveLength(100)
})

test('explosions are seen, noise and losses below zero are none', () => {
  const falling = Array.from({ length: 60 }, (_, i) => 1 - i / 60)
  expect(hasExploded(falling)).toBe(false)
  expect(hasExploded([...falling, Number.POSITIVE_INFINITY])).toBe(true)
  expect(hasExploded([...falling, ...Array<number>(40).fill(20)])).toBe(true)
  expect(hasExploded(falling.map((loss) => loss - 3))).toBe(false)
  expect(hasExploded([...falling, 8])).toBe(false)
})
