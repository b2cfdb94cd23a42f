import { describe, expect, test } from 'vitest'
import { ActivationHistogram, densityHistogram, Firing } from '#engine/analysis/reports/features/firing.ts'

/** Rows 0 … 4 of three features: the first fires on rows 0, 1, 3 and 4, the second on row 2, the third never. */
const codes = Float32Array.of(1, 0, 0, 3, 0, 0, 0, 2, 0, 3, 0, 0, 0.5, 0, 0)
function seen(top = 3): Firing {
  const firing = new Firing(3, top)
  for (let row = 0; row < 5; row++) firing.see(10 + row, codes, 3 * row)
  return firing
}

describe('firing', () => {
  test('counts, extremes and means are over the rows where a feature fires', () => {
    const firing = seen()
    expect([...firing.count]).toEqual([4, 1, 0])
    expect([...firing.min]).toEqual([0.5, 2, 0])
    expect([...firing.max]).toEqual([3, 2, 0])
    expect([0, 1, 2].map((f) => firing.mean(f))).toEqual([7.5 / 4, 2, 0])
    expect([0, 1, 2].map((f) => firing.density(f))).toEqual([0.8, 0.2, 0])
    expect([firing.rows, firing.fired, firing.firedSquares, firing.total]).toEqual([5, 5, 5, 9.5])
  })

  test('the strongest rows come first, the earlier of equals before the later', () => {
    const { topRow, topValue } = seen()
    expect([...topRow]).toEqual([11, 13, 10, 12, -1, -1, -1, -1, -1])
    expect([...topValue.subarray(0, 4)]).toEqual([3, 3, 1, 2])
  })

  test('many rows in any order leave exactly the strongest', () => {
    const firing = new Firing(1, 20)
    const values = Float32Array.from({ length: 1000 }, (_, row) => 1 + ((row * 7919) % 1000))
    for (let row = 0; row < 1000; row++) firing.see(row, values, row)
    expect([...firing.topValue]).toEqual(Array.from({ length: 20 }, (_, i) => 1000 - i))
    expect([...firing.topRow].map((row) => values[row])).toEqual([...firing.topValue])
  })
})

test('histograms go from zero to the largest activation of each feature', () => {
  const firing = seen()
  const histogram = new ActivationHistogram(firing, 3)
  for (const value of [1, 3, 3, 0.5]) histogram.see(0, value)
  histogram.see(1, 2)
  expect([...histogram.counts]).toEqual([1, 1, 2, 0, 0, 1, 0, 0, 0])
})

test('negative activations widen the histogram below zero', () => {
  const firing = new Firing(1, 1)
  firing.see(0, Float32Array.of(-1), 0)
  firing.see(1, Float32Array.of(1), 0)
  const histogram = new ActivationHistogram(firing, 2)
  for (const value of [-1, 1]) histogram.see(0, value)
  expect([...histogram.counts]).toEqual([1, 1])
})

test('densities are counted on the logarithm, from one row of all to every row', () => {
  const firing = new Firing(3, 1)
  for (let row = 0; row < 1000; row++) firing.see(row, Float32Array.of(1, row < 10 ? 1 : 0, 0), 0)
  // log10 of 1 and 0.01 in three bins from −3 to 0; the feature that never fires is not among them.
  expect(densityHistogram(firing, 3)).toEqual({ from: -3, to: 0, counts: [0, 1, 1] })
})
