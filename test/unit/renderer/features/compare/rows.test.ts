import { expect, test } from 'vitest'
import type { ComparisonColumn, ComparisonRow } from '#common/domain/comparison.ts'
import { columnsFor, measureOf } from '#common/domain/measures.ts'
import { headingOf, pcaBest, powerOf, usualColumns, writeFigure } from '../../../../../src-renderer/features/compare/rows.ts'
import { bestOfEach, type RunRow } from '../../../../../src-renderer/features/compare/runs.ts'

const error = measureOf('holdoutError')
const row = (name: string, figures: RunRow['figures'], over: Partial<ComparisonRow> = {}): RunRow => ({
  key: name,
  name,
  artifact: null,
  model: over.title ?? name,
  codeSize: null,
  code: '',
  figures,
  source: { name, artifact: null, figures, ...over },
})

test('small figures share a power of ten, which the heading says', () => {
  const rows = [row('a', { holdoutError: 0.00183 }), row('b', { holdoutError: 0.00345 })]
  expect(powerOf(error, rows)).toBe(-3)
  expect(headingOf(error, -3)).toBe('Error, held out, ×10⁻³')
  expect(writeFigure(error, 0.00183, 0.00002, -3)).toEqual({ value: '1.83', spread: '± 0.02' })
  expect(powerOf(error, [row('a', { holdoutError: 0.4 })])).toBe(0)
  expect(powerOf(measureOf('ari'), [row('a', { ari: 0.001 })])).toBe(0)
})

test('a spread below the last digit is not written, nor is what is missing', () => {
  expect(writeFigure(measureOf('ari'), 0.75349, 0.0001)).toEqual({ value: '0.753', spread: '' })
  expect(writeFigure(measureOf('ari'), 0.75349, null)).toEqual({ value: '0.753', spread: '' })
  expect(writeFigure(measureOf('ari'), null, 0.1)).toEqual({ value: '', spread: '' })
  expect(writeFigure(measureOf('trainSeconds'), 130, 4).value).toBe('2\u202fmin 10\u202fs')
  expect(writeFigure(measureOf('rows'), 5348, null).value).toBe('5\u202f348')
})

test('what is usual is shown first; everything where little of it is there', () => {
  const columns = columnsFor(['purity', 'ari', 'holdoutError', 'trainSeconds'])
  expect(usualColumns(columns)).toEqual(['holdoutError', 'ari', 'trainSeconds'])
  expect(usualColumns(columnsFor(['purity', 'recall', 'ari']))).toEqual(['ari', 'recall', 'purity'])
})

test('the PCA to hold others against is the one that is best in the figure', () => {
  const rows = [
    row('PCA 2', { ari: 0.6, holdoutError: 3 }, { model: 'pca' }),
    row('PCA 4', { ari: 0.7, holdoutError: 2 }, { model: 'pca' }),
    row('vae', { ari: 0.9 }),
  ]
  expect(pcaBest(rows, measureOf('ari'))).toEqual({ name: 'PCA 4', value: 0.7 })
  expect(pcaBest(rows, error)).toEqual({ name: 'PCA 4', value: 2 })
  expect(pcaBest(rows.slice(2), error)).toBeNull()
})

test('of each model the best run stays, in the order of all', () => {
  const rows = [row('a1', { ari: 0.4 }, { title: 'A' }), row('b1', { ari: 0.5 }, { title: 'B' }), row('a2', { ari: 0.6 }, { title: 'A' })]
  const by = (better: ComparisonColumn['better']) => bestOfEach(rows, { key: 'ari', better }).map(({ name }) => name)
  expect(by('higher')).toEqual(['b1', 'a2'])
  expect(by('lower')).toEqual(['a1', 'b1'])
})

test('a probability that would be rounded to nothing is said to be below the last digit', () => {
  const p = { ...measureOf('ari'), key: 'p', digits: 4 }
  expect(writeFigure(p, 3e-12, null).value).toBe('< 0.0001')
  expect(writeFigure(p, 0.0093, null).value).toBe('0.0093')
})
