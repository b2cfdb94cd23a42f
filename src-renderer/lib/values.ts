/** Figures of a column as its type writes them: dates as days, whole numbers whole, none of categories. */
import type { Column } from '#common/domain/dataset.ts'
import { formatNumber, formatSignificant } from './format.ts'

const msPerDay = 86_400_000

/** Days since 1970 as '2004-03-10', with the time where there is one. */
export function formatDate(days: number): string {
  const time = new Date(days * msPerDay)
  if (Number.isNaN(time.getTime())) return formatNumber(days)
  const [day = '', clock = ''] = time.toISOString().split('T')
  return clock.startsWith('00:00') ? day : `${day} ${clock.slice(0, 5)}`
}

/** @param exact whether the value is one of the column's own, not a mean of them */
export function formatValue(value: number, { type, categories }: Pick<Column, 'type' | 'categories'>, exact = true, digits = 4): string {
  if (type === 'date') return formatDate(exact ? value : Math.round(value))
  // Categories have names, not an order: least and greatest of them mean nothing.
  if (type === 'category' && categories) return '–'
  if (type === 'integer' && exact && Number.isInteger(value) && Math.abs(value) < 1e9) return formatNumber(value)
  return formatSignificant(value, digits)
}

/** A spread is no value: of dates it is a number of days. */
export const formatSpread = (value: number, { type, categories }: Pick<Column, 'type' | 'categories'>, digits = 4): string =>
  type === 'date'
    ? `${formatSignificant(value, digits)}\u202fdays`
    : type === 'category' && categories
      ? '–'
      : formatSignificant(value, digits)
