import { expect, test } from 'vitest'
import { wilsonInterval } from '#engine/analysis/evaluation/wilson.ts'

test('shares have the interval of Wilson, and a few rows that are all alike are no certainty', () => {
  // The formula in Python, z = 1.959963984540054.
  for (const [k, n, low, high] of [
    [5, 5, 0.5655175352168252, 1],
    [0, 10, 0, 0.2775327998628892],
    [7, 10, 0.3967781474611453, 0.8922087325936988],
    [190, 200, 0.9104218518612239, 0.972617354399236],
  ] as const) {
    const [from, to] = wilsonInterval(k, n) ?? []
    expect(from).toBeCloseTo(low, 12)
    expect(to).toBeCloseTo(high, 12)
  }
  expect(wilsonInterval(0, 0)).toBeNull()
})
