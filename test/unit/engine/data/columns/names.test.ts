import { expect, it } from 'vitest'
import type { Finding } from '#common/domain/dataset.ts'
import { isLabelName, usableNames } from '#engine/data/columns/names.ts'

it('names are never empty and never come twice, not even when the number is taken by another name', () => {
  const findings: Finding[] = []
  expect(usableNames(['a', ' a ', 'a', 'a (2)', '', 'b', 'column 5'], findings)).toEqual([
    'a',
    'a (3)',
    'a (4)',
    'a (2)',
    'column 5 (2)',
    'b',
    'column 5',
  ])
  expect(findings.map(({ code }) => code)).toEqual(['MISSING_HEADERS', 'DUPLICATE_HEADERS'])
  expect(findings[1]?.message).toContain('once: a.')
})

it('names that all are the same take as many steps as there are', () => {
  const names = usableNames(Array<string>(50_000).fill('x'), [])
  expect(new Set(names).size).toBe(50_000)
  expect(names.at(-1)).toBe('x (50000)')
})

it.each([
  'label',
  'Labels',
  'y',
  'y_train',
  'class',
  'true label',
  'target-test',
  'Species',
  'ground truth',
  'gt',
  'cell_type',
  'cell types',
])('%s is the name of a label', (name) => expect(isLabelName(name)).toBe(true))
it.each(['is_fraud', 'isAnomaly', 'outcome', 'diagnosis', 'Churn', 'survived'])('%s, too', (name) => expect(isLabelName(name)).toBe(true))
it.each(['x', 'weight', 'classified', 'yield', 'labeling', 'cell', 'truth'])('%s is none', (name) => expect(isLabelName(name)).toBe(false))
it('a y beside an x is a coordinate', () => {
  expect([isLabelName('y', ['X', 'y']), isLabelName('y', ['a', 'y'])]).toEqual([false, true])
})
