import { expect, test } from 'vitest'
import { figuresOf, formatSpread, formatStatistic } from '../../../../src-renderer/lib/values.ts'

const plain = (text: string): string => text.replace(/\u202f/g, ' ')
const written = (values: readonly number[]): string[] => values.map((value) => plain(figuresOf(values).text(value)))

test('numbers of a column have the decimals of the one that has most', () => {
  expect(written([42.41286, 0.1, -7])).toEqual(['42.41286', '0.10000', '−7.00000'])
  expect(written([1005.6, 1012])).toEqual(['1 005.6', '1 012.0'])
  expect(written([12, 1_000_000, -3])).toEqual(['12', '1 000 000', '−3'])
})

test('single precision shows seven digits and no noise, double precision nine, and the rest on asking', () => {
  expect(written([Math.fround(0.1), Math.fround(0.25)])).toEqual(['0.10', '0.25'])
  const third = figuresOf([1 / 3, 123.456])
  expect(third.text(1 / 3)).toBe('0.333333')
  expect(third.text(123.456)).toBe('123.456000')
  expect([third.exact(1 / 3), third.exact(123.456)]).toEqual(['0.333333333', undefined])
})

test('tiny and huge columns share their digits, a tiny value in a plain column is no row of zeros', () => {
  expect(written([1.49e-7, 1.4962e-7])).toEqual(['1.4900 × 10⁻⁷', '1.4962 × 10⁻⁷'])
  expect(written([3.5e12, 4.25e12, 1.5])).toEqual(['3.50 × 10¹²', '4.25 × 10¹²', '1.5'])
  const mixed = figuresOf([1234.5678, 2.5])
  expect([mixed.text(0.0000021), mixed.text(0)].map(plain)).toEqual(['2.1 × 10⁻⁶', '0.0000'])
  expect(figuresOf([1.5]).text(Number.NaN)).toBe('NaN')
  expect(figuresOf([1.5]).text(Number.NEGATIVE_INFINITY)).toBe('−∞')
  expect(figuresOf([]).text(3)).toBe('3')
})

test('statistics of a column have the decimals that its spread asks for', () => {
  const number = { type: 'number' } as const
  expect([-2.5679, 0.0653, 0.052079].map((value) => formatStatistic(value, number, 0.96109))).toEqual(['−2.5679', '0.0653', '0.0521'])
  expect(plain(formatStatistic(1003.12, number, 3))).toBe('1 003.12')
  expect(formatStatistic(0.1, number, 0)).toBe('0.1')
  expect(plain(formatStatistic(6_396_880_123, { type: 'integer' }, 9e8))).toBe('6 396 880 123')
  expect(plain(formatStatistic(4_795_000_000.4, { type: 'integer' }, 9e8, false))).toBe('4 795 000 000')
  expect(formatStatistic(2.25, { type: 'integer' }, 1.5, false)).toBe('2.250')
  expect(plain(formatStatistic(1.49e-7, number, 2e-8))).toBe('1.490 × 10⁻⁷')
  expect(formatStatistic(19_723.5, { type: 'date' }, 78)).toBe('2024-01-01 12:00')
  expect(formatStatistic(1, { type: 'category', categories: ['a', 'b'] }, 1)).toBe('–')
  expect(formatSpread(0.96109, number)).toBe('0.9611')
  expect(plain(formatSpread(78.6752, { type: 'date' }))).toBe('78.68 days')
})
