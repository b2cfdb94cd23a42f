import { expect, test } from 'vitest'
import type { ReportUnit } from '#common/domain/report.ts'
import { basisWords, dimensionWords, measuresOf } from '../../../../../src-renderer/features/report/words.ts'

const unit = (over: Partial<ReportUnit>): ReportUnit => ({
  unit: 0,
  mean: 0,
  sd: 1,
  min: -2,
  p1: -2,
  median: 0,
  p99: 2,
  max: 2,
  used: 1,
  importance: 0.25,
  kind: 'active',
  kl: null,
  activeShare: null,
  meanVersusDraw: null,
  posteriorVariance: null,
  ...over,
})

test('units are compared by KL only where there is a posterior, and by importance only where it was measured', () => {
  const ids = (units: ReportUnit[], variational: object | null) =>
    measuresOf({ units, variational } as Parameters<typeof measuresOf>[0]).map(({ id }) => id)
  expect(ids([unit({})], null)).toEqual(['importance', 'sd'])
  expect(ids([unit({ importance: null })], null)).toEqual(['sd'])
  expect(ids([unit({ kl: { mean: 2, p10: 1, median: 2, p90: 3 } })], {})).toEqual(['kl', 'importance', 'sd'])
})

test('a unit whose importance was not measured has no bar', () => {
  const [importance] = measuresOf({ units: [unit({})], variational: null })
  expect(importance.of(unit({ importance: 0.25 }))).toBe(25)
  expect(importance.of(unit({ importance: null }))).toBeNaN()
})

test('a report says on what rows it stands', () => {
  expect(basisWords({ rows: { used: 500, of: 2000, heldOut: true } }, ['cell', 'cells'])).toMatch(
    /^500 of 2.000 cells held out from training$/,
  )
  expect(basisWords({ rows: { used: 90, of: 90, heldOut: false } }, ['row', 'rows'])).toBe(
    '90 rows the model learned from: none were held out',
  )
})

test('a dimension stands with its interval', () => {
  expect(dimensionWords({ dimension: 3.94, low: 3.71, high: 4.2, rows: 100 })).toBe('3.9 (3.7 to 4.2)')
})
