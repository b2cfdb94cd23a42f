import { describe, expect, test } from 'vitest'
import { countAbove, expect as expectation, intervalOf, rebin, wilson } from '../../../../../src-renderer/features/anomalies/threshold.ts'

const counts = [10, 20, 30, 40]

describe('a threshold', () => {
  test('flags the bins above it and its own bin in proportion', () => {
    expect(countAbove(counts, 0, 4, 2)).toBe(70)
    expect(countAbove(counts, 0, 4, 2.5)).toBe(55)
    expect(countAbove(counts, 0, 4, -1)).toBe(100)
    expect(countAbove(counts, 0, 4, 4)).toBe(0)
  })
  test('carries the share of held-out rows above it over to all rows', () => {
    // 4 of 100 held-out rows lie above 3; of 10 000 rows 400 would be false alarms.
    const e = expectation({ from: 0, to: 4, all: [1000, 2000, 3000, 4000], holdout: [60, 30, 6, 4] }, 10_000, 100, 3)
    expect(e.flagged).toBe(4000)
    expect(e.falseAlarms).toBeCloseTo(400)
    expect(e.low).toBeLessThan(400)
    expect(e.high).toBeGreaterThan(400)
  })
  test('never expects more false alarms than it flags', () => {
    // 4 % of the held-out rows, but only 1 % of all rows lie above.
    const e = expectation({ from: 0, to: 4, all: [9000, 800, 100, 100], holdout: [60, 30, 6, 4] }, 10_000, 100, 3)
    expect([e.flagged, e.falseAlarms, e.low, e.high]).toEqual([100, 100, 100, 100])
  })
})

test('the Wilson interval agrees with published values', () => {
  // 10 of 100: 0.0552 … 0.1744 (Newcombe, Statistics in Medicine 1998, method 3 without continuity correction).
  const [low, high] = wilson(10, 100)
  expect(low).toBeCloseTo(0.0552, 3)
  expect(high).toBeCloseTo(0.1744, 3)
  expect(wilson(0, 50)[0]).toBe(0)
  expect(wilson(0, 0)).toEqual([0, 1])
})

test('bins are summed without losing rows', () => {
  expect(rebin([1, 2, 3, 4, 5], 2)).toEqual([6, 9])
  expect(rebin(counts, 100)).toEqual(counts)
})

test('false alarms are told per 1000 ordinary rows, with the interval of their share', () => {
  const e = expectation({ from: 0, to: 4, all: counts, holdout: [60, 30, 6, 4] }, 10_000, 100, 3)
  const [low, high] = wilson(4, 100)
  expect(e.perThousand[1]).toBeCloseTo(40)
  expect(e.perThousand[0]).toBeCloseTo(1000 * low)
  expect(e.perThousand[2]).toBeCloseTo(1000 * high)
})

test('what was counted one by one takes the place of what the histogram knows by bins', () => {
  // One held-out row, and the threshold at its score: the bin says it lies above, the count that none does.
  const histogram = { from: 0, to: 4, all: [2, 0, 0, 1], holdout: [0, 0, 0, 1] }
  expect(expectation(histogram, 3, 1, 3).perThousand[1]).toBeCloseTo(1000)
  const exact = { flagged: 0, falseAlarmsPer1000: { value: 0, low: 0, high: 975, level: 0.95 } }
  const e = expectation(histogram, 3, 1, 3, exact)
  expect([e.flagged, e.falseAlarms, ...e.perThousand]).toEqual([0, 0, 0, 0, 975])
  // An interval that is open above may hold everything.
  expect(
    expectation(histogram, 3, 1, 3, { flagged: 2, falseAlarmsPer1000: { ...exact.falseAlarmsPer1000, high: null } }).perThousand[2],
  ).toBe(1000)
  // Rows may have been counted where alarms were not.
  expect(expectation(histogram, 3, 1, 3, { flagged: 0 }).perThousand[1]).toBeCloseTo(1000)
})

test('an interval without an end goes to the end of the histogram', () => {
  expect(intervalOf({ low: 1, high: null }, { from: 0, to: 4, all: counts, holdout: counts })).toEqual([1, 4])
  expect(intervalOf({ low: null, high: null }, { from: 0, to: 4, all: counts, holdout: counts })).toBeUndefined()
})
