import { expect, it } from 'vitest'
import { counted, localTime, nounFor, spanned } from '../../../../src-main/common/domain/words.ts'

it('one of a thing is told in the singular, none and several in the plural', () => {
  expect([0, 1, 2].map((n) => counted(n, 'row'))).toEqual(['0 rows', '1 row', '2 rows'])
  expect([1, 3].map((n) => counted(n, 'category', 'categories'))).toEqual(['1 category', '3 categories'])
  expect([1, 2].map((n) => nounFor(n, 'is', 'are'))).toEqual(['is', 'are'])
})

it('a range of one number is that number', () => {
  expect([spanned(2, 2, 'cluster'), spanned(1, 1, 'cluster'), spanned(2, 7, 'cluster')]).toEqual([
    '2 clusters',
    '1 cluster',
    '2 to 7 clusters',
  ])
})

it('a time is told on the clock of this computer, without its seconds', () => {
  const time = new Date(2026, 10, 23, 14, 2, 59)
  expect([localTime(time.toISOString()), localTime(time.getTime())]).toEqual(['23 Nov 2026, 14:02', '23 Nov 2026, 14:02'])
})
