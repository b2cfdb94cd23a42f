/** Classes as a table for other programs. */
import { expect, test } from 'vitest'
import type { Column } from '#common/domain/dataset.ts'
import { classFigures } from '../../../../../src-renderer/features/clusters/classFigures.ts'

const column = (name: string, over: Partial<Column> = {}): Column =>
  ({ name, type: 'number', unit: null, wavelengthNm: null, ...over }) as Column
const classes = [
  { id: 1, rows: 300, share: 0.75, mean: [1, Number.NaN, 5], sd: [0.5, Number.NaN, 1] },
  { id: 2, rows: 100, share: 0.25, mean: [2, Number.NaN, 6], sd: [0.25, Number.NaN, 2] },
]
const columns = [column('B1', { unit: 'K' }), column('rock', { categories: ['tuff', 'gneiss'] }), column('B2')]

test('every class has its size, area and the mean and spread of each number; categories have none', () => {
  const legend = new Map([[1, { name: 'Quartzite', colour: '#2C71B7' }]])
  const table = classFigures(classes, { legend: legend as never, columns, rowKm2: 0.0001, rowsName: 'pixels' })
  expect(table.columns).toEqual(['class', 'name', 'colour', 'pixels', 'share', 'area km2', 'mean B1, K', 'sd B1, K', 'mean B2', 'sd B2'])
  expect(table.rows[0]).toEqual([1, 'Quartzite', '#2C71B7', 300, 0.75, 0.03, 1, 0.5, 5, 1])
})

test('rows without ground have no area', () => {
  const table = classFigures(classes, { legend: new Map(), columns, rowKm2: null, rowsName: 'rows' })
  expect(table.columns).not.toContain('area km2')
  expect(table.rows[1]).toEqual([2, 'Class 2', '', 100, 0.25, 2, 0.25, 6, 2])
})
