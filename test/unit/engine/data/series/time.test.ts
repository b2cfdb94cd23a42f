import { expect, it } from 'vitest'
import { type DateOrder, TimeColumn, type Times, timeText } from '#engine/data/series/time.ts'

function readTimes(cells: readonly (string | number | null)[], order: DateOrder, days: boolean): Times {
  const column = new TimeColumn(cells.length, order, days)
  for (const cell of cells) column.add(cell)
  return column.finish()
}

const seconds = (cells: (string | number | null)[], order: DateOrder = 'auto', days = false): number[] =>
  Array.from(readTimes(cells, order, days).values)

it.each([
  ['2014-05-14 01:14:00', Date.UTC(2014, 4, 14, 1, 14)],
  ['2014-05-14T01:14', Date.UTC(2014, 4, 14, 1, 14)],
  ['2014-05-14T01:14:00.25Z', Date.UTC(2014, 4, 14, 1, 14, 0, 250)],
  ['2014-05-14T01:14:00+02:00', Date.UTC(2014, 4, 13, 23, 14)],
  ['1981/01/02', Date.UTC(1981, 0, 2)],
  ['14.05.2014 13:05', Date.UTC(2014, 4, 14, 13, 5)],
  ['14/05/2014 1:05 PM', Date.UTC(2014, 4, 14, 13, 5)],
  ['14/05/2014 12:05 am', Date.UTC(2014, 4, 14, 0, 5)],
])('%s', (text, expected) => {
  expect(seconds([text])).toEqual([expected / 1000])
})

it('finds the order of day and month in the whole column, and says when it cannot', () => {
  expect(seconds(['01/02/2020', '01/13/2020'])).toEqual([Date.UTC(2020, 0, 2) / 1000, Date.UTC(2020, 0, 13) / 1000])
  expect(seconds(['01/02/2020', '13/02/2020'])).toEqual([Date.UTC(2020, 1, 1) / 1000, Date.UTC(2020, 1, 13) / 1000])
  expect(readTimes(['01/02/2020'], 'auto', false).findings).toHaveLength(1)
  expect(seconds(['01/02/2020'], 'month-first')).toEqual([Date.UTC(2020, 0, 2) / 1000])
})

it('takes numbers as they are, days where a column is one of dates, and nothing where there is no time', () => {
  expect(seconds([1.5, '2.5', null, '', 'x'])).toEqual([1.5, 2.5, Number.NaN, Number.NaN, Number.NaN])
  expect(seconds([1], 'auto', true)).toEqual([86_400])
  expect(readTimes(['1', 'x', 'y'], 'auto', false)).toMatchObject({ unreadable: 2, firstUnreadable: { row: 1, text: 'x' } })
  expect(seconds(['2023-02-31', '2023-13-01', '2023-01-01 25:00'])).toEqual([Number.NaN, Number.NaN, Number.NaN])
})

it('writes times that read back', () => {
  expect(timeText(seconds(['2014-05-14 01:14:00'])[0] as number)).toBe('2014-05-14T01:14:00')
  expect(timeText(0.25)).toBe('1970-01-01T00:00:00.250')
})

it('decides at the end, numbers among dates included', () => {
  expect(seconds([5, '01/02/2020', 7, '01/13/2020'])).toEqual([5, Date.UTC(2020, 0, 2) / 1000, 7, Date.UTC(2020, 0, 13) / 1000])
})
