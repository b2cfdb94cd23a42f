import { expect, test } from 'vitest'
import {
  formatArea,
  formatBytes,
  formatCount,
  formatDay,
  formatFixed,
  formatLike,
  formatNumber,
  formatPercent,
  formatRate,
  formatSeconds,
  formatSignificant,
  groupDigits,
} from '../../../../src-renderer/lib/format.ts'

const plain = (text: string): string => text.replace(/\u202f/g, ' ')

test('thousands are parted by a thin space and the minus is a minus', () => {
  expect(formatNumber(1234567)).toBe('1\u202f234\u202f567')
  expect(formatNumber(-4096)).toBe('−4\u202f096')
  expect(formatNumber(0.5)).toBe('0.5')
  expect(formatNumber(Number.NaN)).toBe('NaN')
})

test('figures that stand below each other keep their decimals', () => {
  expect(formatFixed(40.7, 3)).toBe('40.700')
  expect(plain(formatFixed(-1234.5, 1))).toBe('−1 234.5')
})

test('only significant digits are written, with powers of ten where they help', () => {
  expect(formatSignificant(0.0021834)).toBe('0.00218')
  expect(formatSignificant(12.345)).toBe('12.3')
  expect(plain(formatSignificant(39_000_000))).toBe('3.9 × 10⁷')
  expect(plain(formatSignificant(4.2e-7))).toBe('4.2 × 10⁻⁷')
})

test('whole numbers inside a text are grouped, figures with decimals stay', () => {
  expect(plain(groupDigits('99.5 % of 50000 held-out rows, 4800 against 120'))).toBe('99.5 % of 50 000 held-out rows, 4 800 against 120')
  expect(groupDigits('p 0.00012, rank 12345.5')).toBe('p 0.00012, rank 12345.5')
})

test('figures below each other have the decimals of one of them', () => {
  expect([6.68, 1.5, 0.5537].map((value) => formatLike(value, 0.5537))).toEqual(['6.680', '1.500', '0.554'])
  expect([11.1, 8.9].map((value) => formatLike(value, 7.144))).toEqual(['11.10', '8.90'])
  expect(plain(formatLike(2.3e-7, 4.2e-7))).toBe('2.30 × 10⁻⁷')
  expect(formatLike(5, 5, 2)).toBe('5.0')
  expect(formatLike(1, 0)).toBe('1.00')
})

test('a figure far larger than those it stands with keeps five digits', () => {
  expect([162.457024, 8.547283, 0.012345, 0.003939].map((value) => formatLike(value, 0.00394))).toEqual([
    '162.46',
    '8.5473',
    '0.01235',
    '0.00394',
  ])
})

test('a share that is not nothing or all is not told as such', () => {
  expect(plain(formatPercent(1 / 26_115))).toBe('< 0.1 %')
  expect(plain(formatPercent(0.9998))).toBe('99.98 %')
  expect(plain(formatPercent(0.996))).toBe('99.6 %')
  expect([0, 0.994, 1].map((share) => plain(formatPercent(share)))).toEqual(['0 %', '99 %', '100 %'])
})

test('large counts are shortened', () => {
  expect(plain(formatCount(260_503))).toBe('260 503')
  expect(plain(formatCount(120_600_000))).toBe('120.6 M')
})

test('rates, sizes and times read as in the design', () => {
  expect(plain(formatRate(252_000, 'px'))).toBe('0.25 M px/s')
  expect(plain(formatBytes(412e6))).toBe('412 MB')
  expect(plain(formatBytes(2.1e9))).toBe('2.1 GB')
  expect(plain(formatSeconds(44))).toBe('44 s')
  expect(plain(formatSeconds(130))).toBe('2 min 10 s')
  expect(plain(formatSeconds(3900))).toBe('1 h 05 min')
  expect(plain(formatPercent(0.62))).toBe('62 %')
  expect(plain(formatPercent(-0.37))).toBe('−37 %')
  expect(plain(formatPercent(0.006))).toBe('0.6 %')
})

test('days are said as people say them', () => {
  const now = new Date(2026, 10, 22, 15, 0)
  expect(formatDay(new Date(2026, 10, 22, 14, 2).toISOString(), now)).toBe('Today, 14:02')
  expect(formatDay(new Date(2026, 10, 21, 23, 59).toISOString(), now)).toBe('Yesterday')
  expect(formatDay(new Date(2026, 10, 18, 9, 0).toISOString(), now)).toBe('18 Nov')
  expect(formatDay(new Date(2025, 10, 18, 9, 0).toISOString(), now)).toBe('18 Nov 2025')
})

test('areas have the unit of their size', () => {
  expect(formatArea(0.008172)).toBe('8\u202f170\u202fm²')
  expect(formatArea(0.1)).toBe('0.1\u202fkm²')
  expect(formatArea(3.94)).toBe('3.94\u202fkm²')
})
