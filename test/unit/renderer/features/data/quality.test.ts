import { expect, test } from 'vitest'
import type { CellQuality } from '#common/domain/examination.ts'
import { passing, prepareFields, suggestedThresholds } from '../../../../../src-renderer/features/data/quality.ts'
import { strongestPairs } from '../../../../../src-renderer/features/data/pairs.ts'
import { formatDate, formatSpread, formatStatistic } from '../../../../../src-renderer/lib/values.ts'

const cells = {
  rows: Float64Array.of(0, 1, 2, 3),
  counts: Float32Array.of(100, 500, 900, 0),
  genes: Float32Array.of(50, 200, 300, 0),
  mitochondrial: Float32Array.of(0.05, 0.3, 0.1, Number.NaN),
}
const limits = { minCounts: 200, maxCounts: null, minGenes: 100, maxMitochondrial: 0.2 }

test('a cell passes when it keeps every limit', () => {
  expect([...passing(cells, limits)]).toEqual([0, 0, 1, 0])
  expect([...passing(cells, { ...limits, maxMitochondrial: null })]).toEqual([0, 1, 1, 0])
  expect([...passing(cells, { ...limits, maxMitochondrial: null, maxCounts: 600 })]).toEqual([0, 1, 0, 0])
})

test('thresholds go only to fields that the prepare step has', () => {
  expect(prepareFields(limits, new Set(['minGenes', 'maxMitochondrialShare', 'rows']))).toEqual({
    minGenes: 100,
    maxMitochondrialShare: 0.2,
  })
  expect(prepareFields(limits, new Set(['rows']))).toBeNull()
})

test('beyond a cliff the suggestion is the cliff', () => {
  const quality = {
    suggested: { minCounts: 3, minGenes: 2, maxMitochondrial: 0.12345 },
    curve: { rank: [], counts: [], knee: { rank: 900, counts: 5000 }, inflection: { rank: 1100, counts: 812.4 } },
  } as unknown as CellQuality
  expect(suggestedThresholds(quality)).toEqual({ minCounts: 813, maxCounts: null, minGenes: 2, maxMitochondrial: 0.124 })
})

test('the strongest pairs come first, those without a correlation not at all', () => {
  const r = Float32Array.of(1, 0.5, Number.NaN, 0.5, 1, -0.9, Number.NaN, -0.9, 1)
  expect(strongestPairs(r, 3).map(({ a, b }) => [a, b])).toEqual([
    [1, 2],
    [0, 1],
  ])
})

test('values are written as their type has them', () => {
  expect(formatDate(12_487)).toBe('2004-03-10')
  expect(formatDate(12_487.75)).toBe('2004-03-10 18:00')
  expect(formatStatistic(1, { type: 'category', categories: ['a', 'b'] }, null)).toBe('–')
  expect(formatStatistic(12_345, { type: 'integer' }, null)).toBe('12\u202f345')
  expect(formatSpread(112.5, { type: 'date' })).toBe('112.5\u202fdays')
})
