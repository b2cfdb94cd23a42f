import { expect, test } from 'vitest'
import type { Column } from '#common/domain/dataset.ts'
import { traversed } from '../../../../../src-renderer/features/report/traversal.ts'

const column = (name: string, over: Partial<Column> = {}): Column => ({ name, type: 'number', unit: null, wavelengthNm: null, ...over })
const walk = {
  names: ['a', 'kind', 'b', 'c'],
  values: Float32Array.of(-1, 0, 1),
  // one line a step
  profiles: Float32Array.of(1, 0, 10, 5, 2, 1, 10, 9, 3, 0, 11, 1),
}

test('a walk shows every column that is a number, in the order of the data', () => {
  const shown = traversed(walk, [column('a'), column('kind', { categories: ['x', 'y'] }), column('b'), column('c')], 10)
  expect(shown.columns.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  expect(shown.values).toEqual([-1, 0, 1])
  expect(shown.profiles).toEqual([
    [1, 10, 5],
    [2, 10, 9],
    [3, 11, 1],
  ])
})

test('of too many columns those are shown that change most, largest change first', () => {
  const shown = traversed(walk, [column('a'), column('b'), column('c')], 2)
  expect(shown.columns.map(({ name }) => name)).toEqual(['c', 'a'])
  expect(shown.profiles[1]).toEqual([9, 2])
})
