import { expect, it } from 'vitest'
import type { ColumnSummary } from '#common/domain/dataset.ts'
import { comparableMeans, drawnClasses } from '../../../../../src-renderer/features/clusters/profiles.ts'

const summary = (mean: number, sd: number): ColumnSummary =>
  ({ valid: 9, missing: 0, min: 0, max: 1, mean, sd, p2: 0, median: 0, p98: 1, histogram: null }) satisfies ColumnSummary

it('brings columns of different units to spreads from the mean of all rows, and leaves bands of a scene as they are', () => {
  const summaries = [summary(10_000, 500), undefined, summary(2, 0), summary(5, 2)]
  const mean = [10_500, 3, 2, 4]
  expect(comparableMeans(mean, [0, 3], summaries, false)).toEqual([1, -0.5])
  expect(comparableMeans(mean, [1, 2], summaries, false)).toEqual([Number.NaN, Number.NaN])
  expect(comparableMeans(mean, [0, 3], summaries, true)).toEqual([10_500, 4])
  expect(comparableMeans([], [0, 3], summaries, false)).toEqual([])
})

it('leaves out of a drawing what a class has no value of', () => {
  expect(drawnClasses([{ id: 1, mean: [null, 2], sd: [null, 0] }])).toEqual([{ id: 1, mean: [Number.NaN, 2], sd: [Number.NaN, 0] }])
})
