/** Figures of a column as its type writes them: dates as days, whole numbers whole, none of categories. */
import type { Column } from '#common/domain/dataset.ts'
import { formatFixed, formatLike, formatNumber, formatScientific, formatSignificant } from './format.ts'

const msPerDay = 86_400_000
type Typed = Pick<Column, 'type' | 'categories'>

/** Days since 1970 as '2004-03-10', with the time where there is one. */
export function formatDate(days: number): string {
  const time = new Date(days * msPerDay)
  if (Number.isNaN(time.getTime())) return formatNumber(days)
  const [day = '', clock = ''] = time.toISOString().split('T')
  return clock.startsWith('00:00') ? day : `${day} ${clock.slice(0, 5)}`
}

/**
 * A statistic of a column, with the decimals that four digits of the column's spread have, so that those of one column can be compared.
 * @param spread  standard deviation or range; null where there is none
 * @param exact   whether the value is one of the column's own, not a mean of them
 */
export function formatStatistic(value: number, { type, categories }: Typed, spread: number | null, exact = true): string {
  if (type === 'date') return formatDate(exact ? value : Math.round(value))
  // Categories have names, not an order: least and greatest of them mean nothing.
  if (type === 'category' && categories) return '–'
  if (exact && Number.isInteger(value) && (type === 'integer' || type === 'boolean') && Math.abs(value) < mostWhole)
    return formatNumber(value)
  if (type === 'integer' && isPlainWhole(spread ?? 0) && Math.abs(value) < mostWhole) return formatNumber(value, 0)
  return spread === null || spread === 0 ? formatSignificant(value, 6) : formatLike(value, spread, 4)
}

/** Of whole numbers that spread this far, a fraction says nothing. */
const isPlainWhole = (spread: number): boolean => spread >= 1000 && spread < mostWhole

/** A spread is no value: of dates it is a number of days. */
export const formatSpread = (value: number, { type, categories }: Typed): string =>
  type === 'date'
    ? `${formatSignificant(value, 4)}\u202fdays`
    : type === 'category' && categories
      ? '–'
      : value === 0
        ? '0'
        : type === 'integer' && isPlainWhole(value)
          ? formatNumber(value, 0)
          : formatLike(value, value, 4)

/** How the numbers of one column are written below each other. */
export interface Figures {
  readonly text: (value: number) => string
  /** All digits of a value, where `text` leaves some out. */
  readonly exact: (value: number) => string | undefined
}

/** Whole numbers up to this are exact. */
const mostWhole = 2 ** 53
/** What float32 and, within reason, float64 tell apart. */
const [singleDigits, doubleDigits] = [7, 9]
const [smallestPlain, largestPlain] = [-4, 9]

/**
 * Every number with the decimals that the one with most of them has, up to what its type can tell apart: 0.1 above 42.41286 is 0.10000.
 * @param sample values of the column, such as its first page
 */
export function figuresOf(sample: readonly number[]): Figures {
  const values = sample.filter(Number.isFinite)
  const digits = values.every((value) => Math.fround(value) === value) ? singleDigits : doubleDigits
  const round = (value: number): number => Number(value.toPrecision(digits))
  const exact = (shown: (value: number) => number) => (value: number) =>
    !Number.isFinite(value) || shown(value) === round(value) ? undefined : String(round(value)).replace('-', '−')
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  if (values.every(Number.isInteger) && largest < mostWhole)
    return { text: (value) => (Number.isInteger(value) ? formatNumber(value) : formatSignificant(value, digits)), exact: () => undefined }
  const exponent = largest === 0 ? 0 : Math.floor(Math.log10(largest))
  if (exponent >= largestPlain || exponent < smallestPlain) {
    const mantissa = Math.min(6, Math.max(1, ...values.map((value) => significantDigits(round(value)))))
    const isPlain = (value: number): boolean => Math.abs(value) >= 10 ** smallestPlain && Math.abs(value) < 10 ** largestPlain
    return {
      text: (value) => (isPlain(value) ? formatNumber(Number(value.toPrecision(mantissa))) : formatScientific(value, mantissa)),
      exact: exact((value) => Number(value.toPrecision(mantissa))),
    }
  }
  const decimals = Math.min(Math.max(0, digits - 1 - exponent), Math.max(0, ...values.map((value) => decimalsOf(round(value)))))
  // What would be all zeros is told by its own digits.
  const isTiny = (value: number): boolean =>
    value !== 0 && Math.abs(value) < 10 ** (1 - decimals) && Number(value.toFixed(decimals)) !== round(value)
  return {
    text: (value) => (isTiny(value) ? formatSignificant(value, 3) : formatFixed(value, decimals)),
    exact: exact((value) => (isTiny(value) ? Number(value.toPrecision(3)) : Number(value.toFixed(decimals)))),
  }
}

const partsOf = (value: number): readonly [whole: string, fraction: string, exponent: number] => {
  const [mantissa = '', exponent = '0'] = String(Math.abs(value)).split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return [whole, fraction, Number(exponent)]
}
function decimalsOf(value: number): number {
  const [, fraction, exponent] = partsOf(value)
  return Math.max(0, fraction.length - exponent)
}
function significantDigits(value: number): number {
  const [whole, fraction] = partsOf(value)
  return `${whole}${fraction}`.replace(/^0+|0+$/g, '').length
}
