import { expect, it } from 'vitest'
import type { Column } from '#common/domain/dataset.ts'
import { markText } from '#engine/cli/resultText.ts'

const column = (fields: Partial<Column>): Column => ({ name: 'c', type: 'number', unit: null, wavelengthNm: null, ...fields })

it('tells what sets a class apart with the digits that its spread leaves meaning to', () => {
  expect(markText(column({ unit: 'm' }), 1000.4321, 0.05)).toBe('c 1000.432 m')
  expect(markText(column({}), 1234.56, 80)).toBe('c 1235')
  expect(markText(column({}), 0.30000001192, 0)).toBe('c 0.3')
  expect(markText(column({}), -4.45e-9, 1e-3)).toBe('c 0')
  expect(markText(column({ type: 'boolean' }), -4.45e-9, 0)).toBe('c 0 % true')
  expect(markText(column({ type: 'category', categories: ['bog', 'heath'] }), 1, 0.2)).toBe('c heath')
  expect(markText(column({ type: 'date' }), 10427.2, 30)).toBe('c 1998-07-20')
  expect(markText(column({}), null, null)).toBe('c –')
})
