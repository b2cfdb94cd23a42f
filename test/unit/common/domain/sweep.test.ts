import { expect, test } from 'vitest'
import { gridSize, rungsOf, settingsOf, type SweepRun, summariesOf, valuesOf } from '#common/domain/sweep.ts'

const isInteger = (name: string): boolean => name === 'codeSize'
const plan = { method: 'grid', ranges: {}, draws: 4, seed: 7, isInteger } as const

test('values of a range: both ends exactly, whole numbers once each', () => {
  expect(valuesOf({ from: 1e-4, to: 1e-2, count: 3, spacing: 'log' }, false)).toEqual([1e-4, 1e-3, 1e-2])
  expect(valuesOf({ from: 0, to: 1, count: 5, spacing: 'linear' }, false)).toEqual([0, 0.25, 0.5, 0.75, 1])
  expect(valuesOf({ from: 1, to: 3, count: 9, spacing: 'linear' }, true)).toEqual([1, 2, 3])
})

test('a grid is every combination, the last parameter changing fastest; nothing varied is one setting', () => {
  const ranges = { codeSize: [2, 4], activation: ['elu', 'tanh'] }
  expect(settingsOf({ ...plan, ranges })).toEqual([
    { codeSize: 2, activation: 'elu' },
    { codeSize: 2, activation: 'tanh' },
    { codeSize: 4, activation: 'elu' },
    { codeSize: 4, activation: 'tanh' },
  ])
  expect(gridSize(ranges, isInteger)).toBe(4)
  expect(settingsOf(plan)).toEqual([{}])
})

test('draws do not depend on how many there are, nor on other parameters', () => {
  const ranges = { learningRate: { from: 1e-4, to: 1e-1, count: 5, spacing: 'log' as const } }
  const eight = settingsOf({ ...plan, method: 'random', ranges, draws: 8 })
  expect(settingsOf({ ...plan, method: 'random', ranges, draws: 3 })).toEqual(eight.slice(0, 3))
  const both = settingsOf({ ...plan, method: 'random', ranges: { ...ranges, codeSize: [2, 4] }, draws: 8 })
  expect(both.map(({ learningRate }) => learningRate)).toEqual(eight.map(({ learningRate }) => learningRate))
  const many = settingsOf({ ...plan, method: 'random', ranges, draws: 1000 }).map(({ learningRate }) => Math.log10(learningRate as number))
  // Evenly over the logarithms: a third of the draws in each of three decades, give or take three standard deviations.
  for (const decade of [-4, -3, -2])
    expect(Math.abs(many.filter((value) => value >= decade && value < decade + 1).length / many.length - 1 / 3)).toBeLessThan(0.045)
})

test('rungs end with all passes, begin with enough and stop when one setting is left', () => {
  expect(rungsOf(9, 27, 3, 3)).toEqual([
    { share: 1 / 9, settings: 9 },
    { share: 1 / 3, settings: 3 },
    { share: 1, settings: 1 },
  ])
  expect(rungsOf(9, 27, 9, 3)).toHaveLength(2)
  expect(rungsOf(2, 1000, 1, 2)).toEqual([
    { share: 0.5, settings: 2 },
    { share: 1, settings: 1 },
  ])
  expect(rungsOf(1, 100, 1, 3)).toEqual([{ share: 1, settings: 1 }])
})

test('summaries: furthest first, then the settings of which no seed failed, then the lowest error', () => {
  const run = (setting: number, seed: number, error: number | null, rung = 0): SweepRun => ({
    setting,
    seed,
    rung,
    model: error === null ? null : 1,
    error,
    explainedVariance: null,
    codeSize: null,
    activeCodes: null,
    weights: null,
    epochs: null,
    seconds: 1,
    stopped: null,
    failure: error === null ? { code: 'TRAIN_DIVERGED', message: '', hint: '' } : null,
  })
  const variants = [{ a: 1 }, { a: 2 }, { a: 3 }]
  const runs = [run(0, 1, 0.3), run(0, 2, 0.5), run(1, 1, 0.1), run(1, 2, null), run(2, 1, 0.35), run(2, 2, 0.35)]
  expect(summariesOf({ variants, runs }).map(({ setting, failed }) => [setting, failed])).toEqual([
    [2, 0],
    [0, 0],
    [1, 1],
  ])
  expect(summariesOf({ variants, runs })[1].error).toEqual({ mean: 0.4, sd: expect.closeTo(0.1 * Math.SQRT2, 12) })
  expect(summariesOf({ variants, runs: [...runs, run(1, 1, 0.2, 1)] })[0]).toMatchObject({
    setting: 1,
    rung: 1,
    error: { mean: 0.2, sd: null },
  })
})
