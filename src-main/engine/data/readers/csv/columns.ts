/** Concludes from a survey what each column is and how its fields become numbers. */
import type { ColumnType } from '#common/domain/dataset.ts'
import type { Conversion } from './columnValues.ts'
import type { DateOrder } from './dates.ts'
import { type Distinct, type SurveyResult, countsOf } from './surveyResult.ts'
import { type Meaning, isDash, missingSet, parseNumber } from './values.ts'

/** What a user may say a column is; a time stamp is a date. */
export const chosenTypes = ['number', 'integer', 'boolean', 'category', 'date', 'unix-seconds', 'unix-milliseconds', 'text'] as const
export type ChosenType = (typeof chosenTypes)[number]

/** A column is of numbers or dates when at most this share of its fields is something else; those are then missing, and reported. */
export const tolerated = 0.01

/** Up to this many categories are taken however rarely they come back; more must come back this often on average. */
const fewCategories = 50
const oftenEnough = 10

export interface ConcludedColumn {
  readonly type: ColumnType
  /** Null: not learned from. */
  readonly conversion: Conversion | null
  /** By position, one character per byte. */
  readonly categories?: readonly string[]
  readonly present: number
  readonly missing: number
  /** Fields that are not of the type and count as missing. */
  readonly strange: number
  /** Month and day could be the other way round everywhere. */
  readonly ambiguous: boolean
}

export function concludeColumn(
  survey: SurveyResult,
  i: number,
  meaning: Meaning,
  chosen: ChosenType | undefined,
  chosenOrder: DateOrder | undefined,
  keepZeros: boolean,
): ConcludedColumn {
  const at = countsOf(survey, i)
  const [numbers, booleans, dates, texts] = [at('numbers'), at('booleans'), at('dates'), at('texts')]
  const present = numbers + booleans + dates + texts
  const base = { present, missing: survey.rows - present, strange: 0, ambiguous: false }
  const [dayFirst, monthFirst, either] = [at('dayFirst'), at('monthFirst'), at('eitherOrder')]
  const order: DateOrder = chosenOrder ?? (dayFirst > 0 || (monthFirst === 0 && at('pointed') > 0) ? 'dmy' : 'mdy')
  const distinct = survey.distinct.get(i)
  const type = chosen ?? inferType()

  function inferType(): ColumnType {
    if (present === 0 || areIdentifiers(survey, i)) return 'text'
    if (keepZeros && arePadded(survey, i)) return textType()
    if (numbers > 0 && present - numbers <= tolerated * present) return at('fractions') > 0 ? 'number' : 'integer'
    if (booleans === present) return 'boolean'
    if (dates > 0 && present - dates <= tolerated * present && (dayFirst === 0 || monthFirst === 0)) return 'date'
    return textType()
  }
  function textType(): ColumnType {
    return distinct && areCategories(categoriesOf(distinct, meaning), present + at('doubtful')) ? 'category' : 'text'
  }

  switch (type) {
    case 'number':
    case 'integer':
      return { ...base, type, conversion: { kind: 'number', factor: 1 }, strange: present - numbers - (chosen ? booleans : 0) }
    case 'unix-seconds':
    case 'unix-milliseconds': {
      const factor = 1 / (type === 'unix-seconds' ? 86_400 : 86_400_000)
      return { ...base, type: 'date', conversion: { kind: 'number', factor }, strange: present - numbers }
    }
    case 'boolean':
      return { ...base, type, conversion: { kind: 'boolean' }, strange: present - booleans - numbers }
    case 'date': {
      const strange = present - dates - at('days') + (order === 'dmy' ? monthFirst : dayFirst)
      const ambiguous = !chosenOrder && either > 0 && dayFirst === 0 && monthFirst === 0 && at('pointed') === 0
      return { ...base, type, conversion: { kind: 'date', order }, strange, ambiguous }
    }
    case 'category': {
      const categories = distinct ? categoriesOf(distinct, meaning) : []
      // Too many were met: it stays a text, whatever was wished.
      if (!distinct) return { ...base, type: 'text', conversion: null }
      return { ...base, type, conversion: { kind: 'category', categories }, categories }
    }
    default:
      return { ...base, type: 'text', conversion: null }
  }
}

/** Up to 2⁵³ every whole number is itself, beyond not even as a double; up to 2⁶⁴ databases number rows. */
const [exact, mostIdentifier] = [2 ** 53, 2 ** 64]

/** Whole numbers beyond what can be told apart, more than one of them: they name rows, and only as texts stay what they are. */
export function areIdentifiers(survey: SurveyResult, i: number): boolean {
  const at = countsOf(survey, i)
  const [largest, next] = at('max') > exact ? [at('max'), at('secondMax')] : [-at('min'), -at('secondMin')]
  const counted = at('booleans') + at('dates') + at('texts') + at('fractions') === 0 && at('numbers') > 0
  return counted && next > exact && largest <= mostIdentifier
}

/** Fewer than these may be days by chance. */
const fewestDays = 5

/** Whole numbers that are all days written without marks. */
export function areUnmarkedDays(survey: SurveyResult, i: number): boolean {
  const at = countsOf(survey, i)
  const present = at('numbers') + at('booleans') + at('dates') + at('texts')
  return at('days') >= fewestDays && present - at('days') <= tolerated * present
}

/** Two digits are the month, the day or the hour (01 … 12) in nearly every table, and numbers; codes have more. */
const fewestDigits = 3

/**
 * Whole numbers that begin with zeros they do not need, such as 00123: codes of places, samples and articles, of which a number would
 * lose the zeros. readr and DuckDB keep them as texts, pandas and polars make 123 of them. It takes more than a stray one of them, or
 * all as long as the longest number of the column.
 */
export function arePadded(survey: SurveyResult, i: number): boolean {
  const at = countsOf(survey, i)
  const [numbers, padded, digits] = [at('numbers'), at('padded'), at('mostDigits')]
  const others = at('booleans') + at('dates') + at('texts')
  if (padded === 0 || digits < fewestDigits || at('fractions') > 0 || at('min') < 0 || others > tolerated * (numbers + others)) return false
  return padded > tolerated * numbers || (at('leastDigits') === digits && at('max') < 10 ** digits)
}

/** Sorted, so that they do not depend on the order of rows; numbers by size. Missing values are none. */
export function categoriesOf({ texts }: Distinct, meaning: Meaning): string[] {
  const none = missingSet(meaning)
  const dashes = texts.includes('+')
  const kept = texts.filter((text) => !none.has(text) && (dashes || !isDash(text)))
  const numbers = kept.map((text) => parseNumber(text, meaning))
  if (numbers.every((value) => value !== null && !Number.isNaN(value))) {
    const value = new Map(kept.map((text, i) => [text, numbers[i] as number]))
    return kept.sort((a, b) => (value.get(a) as number) - (value.get(b) as number) || (a < b ? -1 : 1))
  }
  return kept.sort((a, b) => (a < b ? -1 : 1))
}

const areCategories = ({ length }: readonly string[], present: number): boolean =>
  length > 1 && length <= present / 2 + 1 && length < present && (length <= fewCategories || length * oftenEnough <= present)

/** Codes that stand for "no value" in many instruments' files. */
const codes = new Set([
  -1, -9, -99, -200, -888, -999, -9999, -99_999, -32_768, 99, 999, 9999, 99_999, 999_999, 1e20, 1e30, -1e30, -999.9, -9999.9,
])

/**
 * A value that is probably no measurement: a usual code, met at least three times, and far from all others — beyond zero where the
 * others are not, or by more than half of their whole range.
 */
export function suspiciousValue(survey: SurveyResult, i: number): { value: number; times: number } | null {
  const at = countsOf(survey, i)
  const [min, secondMin, max, secondMax] = [at('min'), at('secondMin'), at('max'), at('secondMax')]
  if (codes.has(min) && min < -1 && at('minTimes') >= 3 && Number.isFinite(secondMin)) {
    if (secondMin >= 0 || secondMin - min > (max - secondMin) / 2) return { value: min, times: at('minTimes') }
  }
  if (codes.has(max) && max > 0 && at('maxTimes') >= 3 && Number.isFinite(secondMax)) {
    if (max - secondMax > 2 * (secondMax - min) && secondMax > min) return { value: max, times: at('maxTimes') }
  }
  return null
}
