import { expect, test } from 'vitest'
import { Selection } from '../../../../../src-renderer/lib/state/selection.svelte.ts'

test('rows are kept sorted and once each', () => {
  const selection = new Selection()
  selection.select(1, [9, 3, 3, 7], 'lasso')
  expect([...selection.rows]).toEqual([3, 7, 9])
  selection.add([4, 9])
  expect([...selection.rows]).toEqual([3, 4, 7, 9])
})

test('membership is found for every row and only those', () => {
  const selection = new Selection()
  selection.select(
    1,
    Array.from({ length: 500 }, (_, i) => i * 3),
    'lasso',
  )
  for (let row = 0; row < 1500; row++) expect(selection.has(row)).toBe(row % 3 === 0)
})

test('a class is chosen alone, with others, or let go again', () => {
  const selection = new Selection()
  selection.toggleClass(2)
  selection.toggleClass(5, true)
  expect([...selection.classes]).toEqual([2, 5])
  selection.toggleClass(2, true)
  expect([...selection.classes]).toEqual([5])
  selection.toggleClass(5)
  expect(selection.isEmpty).toBe(true)
})

test('another dataset starts without a selection', () => {
  const selection = new Selection()
  selection.select(1, [1, 2], 'lasso')
  selection.lookAt(1)
  expect(selection.rows.length).toBe(2)
  selection.lookAt(2)
  expect(selection.isEmpty).toBe(true)
})
