import { expect, test } from 'vitest'
import {
  dateTickFormat,
  dateTicks,
  dateWords,
  durationWords,
  timeAxis,
  timeValue,
  timeWords,
} from '../../../../../src-renderer/features/events/timeAxis.ts'

const at = (text: string): number => Date.parse(`${text}Z`) / 1000
const written = (from: string, to: string): string[] => dateTicks(at(from), at(to)).map(dateTickFormat(at(from), at(to)))

test('ticks are round moments, written with as much of the date as changes', () => {
  expect(written('2024-05-01T12:00:07', '2024-05-01T12:01:02')).toEqual(['12:00:15', '12:00:30', '12:00:45', '12:01:00'])
  expect(written('2024-05-01T00:00', '2024-05-01T21:00')).toEqual(['00:00', '06:00', '12:00', '18:00'])
  expect(written('2024-05-01T00:00', '2024-05-03T06:00')).toEqual(['1 May', '1 May 12:00', '2 May', '2 May 12:00', '3 May'])
  expect(written('2024-01-05T00:00', '2024-06-30T00:00')).toEqual(['1 Feb', '1 Mar', '1 Apr', '1 May', '1 Jun'])
  expect(written('2019-03-01T00:00', '2024-06-30T00:00')).toEqual(['2020', '2021', '2022', '2023', '2024'])
})

test('years are stepped by the calendar, leap years included', () => {
  expect(dateTicks(at('2023-12-31T00:00'), at('2025-01-02T00:00')).map(dateWords)).toContain('2024-04-01 00:00')
})

test('a time is read as the engine writes it', () => {
  expect(timeValue('2024-05-01T12:00:00', true)).toBe(at('2024-05-01T12:00:00'))
  expect(timeValue('17.5', false)).toBe(17.5)
  expect(timeValue(null, true)).toBeNull()
  expect(timeValue('12', null)).toBeNull()
  expect(timeWords('2024-05-01T12:00:30', true)).toBe('2024-05-01 12:00:30')
  expect(timeWords('2024-05-01T12:00:00', true)).toBe('2024-05-01 12:00')
})

test('without times a window is counted from 1', () => {
  expect(timeAxis(null).words(0)).toBe('window 1')
  expect(timeAxis(null).label).toBe('Window')
})

test('durations are told in days, hours or the data’s own time', () => {
  expect(durationWords(26 * 3600, true)).toBe('1\u202fd 2\u202fh')
  expect(durationWords(45 * 86_400, true)).toBe('45\u202fd')
  expect(durationWords(90, true)).toBe('1\u202fmin 30\u202fs')
  expect(durationWords(12.5, false)).toBe('12.5')
})
