/** What a survey of a table has counted (survey.ts), and how counts of its pieces are put together. */
import { type TextCheck, addTextCheck } from './encoding.ts'

/** More distinct texts than this is free text, not categories. */
export const mostCategories = 1000

/** Positions in a column's counts. */
export const count = {
  numbers: 0,
  fractions: 1,
  missing: 2,
  booleans: 3,
  dates: 4,
  texts: 5,
  /** Least value, how often, the next larger one; and the same from above. */
  min: 6,
  minTimes: 7,
  secondMin: 8,
  max: 9,
  maxTimes: 10,
  secondMax: 11,
  /** Dates whose first number cannot be a month, whose second cannot be one, and that can be either. */
  dayFirst: 12,
  monthFirst: 13,
  eitherOrder: 14,
  /** Those of them with points between. */
  pointed: 15,
  /** Texts that are no value unless the column is of texts. */
  doubtful: 16,
  /** Whole numbers without a sign that begin with a zero they do not need, and the least and most digits of them. */
  padded: 17,
  leastDigits: 18,
  mostDigits: 19,
  /** Whole numbers that are days written without marks, such as 20180903. */
  days: 20,
} as const
export const perColumn = 21

export interface Distinct {
  /** One character per byte. */
  readonly texts: string[]
  readonly times: number[]
}

export interface SurveyResult {
  rows: number
  lines: number
  comments: number
  ragged: { count: number; first: { line: number; fields: number }[] }
  readonly counts: Float64Array
  text: TextCheck
  /** Line of a quote that is never closed. */
  openQuote: number | null
  /** By column: the first field that is neither missing nor a number. */
  readonly firstOther: Map<number, { line: number; text: string }>
  /** By column: its distinct texts; null when there are too many. A column without texts is not here. */
  readonly distinct: Map<number, Distinct | null>
}

/** Places among ragged rows that are told. */
export const mostPlaces = 5

export function emptyResult(width: number): SurveyResult {
  const counts = new Float64Array(width * perColumn)
  for (let at = 0; at < counts.length; at += perColumn) {
    counts[at + count.min] = counts[at + count.secondMin] = Number.POSITIVE_INFINITY
    counts[at + count.max] = counts[at + count.secondMax] = Number.NEGATIVE_INFINITY
    counts[at + count.leastDigits] = Number.POSITIVE_INFINITY
  }
  return {
    rows: 0,
    lines: 0,
    comments: 0,
    ragged: { count: 0, first: [] },
    counts,
    openQuote: null,
    text: { foreign: 0, beyondAscii: 0, firstLine: null },
    firstOther: new Map(),
    distinct: new Map(),
  }
}

const added = [count.numbers, count.fractions, count.missing, count.booleans, count.dates, count.texts] as const
const evidence = [count.dayFirst, count.monthFirst, count.eitherOrder, count.pointed, count.doubtful, count.padded, count.days] as const

/** Adds what follows in the file. Lines of `next` count from its beginning. */
export function addSurvey(sum: SurveyResult, next: SurveyResult): void {
  for (let at = 0; at < sum.counts.length; at += perColumn) {
    for (const i of added) sum.counts[at + i] = (sum.counts[at + i] as number) + (next.counts[at + i] as number)
    for (const i of evidence) sum.counts[at + i] = (sum.counts[at + i] as number) + (next.counts[at + i] as number)
    sum.counts[at + count.leastDigits] = Math.min(
      sum.counts[at + count.leastDigits] as number,
      next.counts[at + count.leastDigits] as number,
    )
    sum.counts[at + count.mostDigits] = Math.max(sum.counts[at + count.mostDigits] as number, next.counts[at + count.mostDigits] as number)
    addExtreme(sum.counts, next.counts, at, count.min, 1)
    addExtreme(sum.counts, next.counts, at, count.max, -1)
  }
  for (const place of next.ragged.first)
    if (sum.ragged.first.length < mostPlaces) sum.ragged.first.push({ ...place, line: place.line + sum.lines })
  sum.ragged.count += next.ragged.count
  for (const [column, { line, text }] of next.firstOther)
    if (!sum.firstOther.has(column)) sum.firstOther.set(column, { line: line + sum.lines, text })
  for (const [column, distinct] of next.distinct) sum.distinct.set(column, mergeDistinct(sum.distinct.get(column), distinct))
  if (sum.openQuote === null && next.openQuote !== null) sum.openQuote = next.openQuote + sum.lines
  addTextCheck(sum.text, { ...next.text, firstLine: next.text.firstLine === null ? null : next.text.firstLine + sum.lines })
  sum.rows += next.rows
  sum.lines += next.lines
  sum.comments += next.comments
}

/** @param sign 1 for the least value, −1 for the greatest */
function addExtreme(sum: Float64Array, next: Float64Array, at: number, which: number, sign: number): void {
  const i = at + which
  const [firstA, secondA] = [sum[i] as number, sum[i + 2] as number]
  const [firstB, secondB] = [next[i] as number, next[i + 2] as number]
  const nearer = (a: number, b: number): number => (sign * (a - b) <= 0 || Number.isNaN(a - b) ? a : b)
  if (firstA === firstB) {
    sum[i + 1] = (sum[i + 1] as number) + (next[i + 1] as number)
    sum[i + 2] = nearer(secondA, secondB)
  } else if (sign * firstA < sign * firstB) sum[i + 2] = nearer(firstB, secondA)
  else {
    sum[i] = firstB
    sum[i + 1] = next[i + 1] as number
    sum[i + 2] = nearer(firstA, secondB)
  }
}

function mergeDistinct(sum: Distinct | null | undefined, next: Distinct | null): Distinct | null {
  if (sum === null || next === null) return null
  if (sum === undefined) return next
  const places = new Map(sum.texts.map((text, i) => [text, i]))
  for (const [i, text] of next.texts.entries()) {
    const place = places.get(text)
    if (place === undefined) {
      sum.texts.push(text)
      sum.times.push(next.times[i] as number)
    } else sum.times[place] = (sum.times[place] as number) + (next.times[i] as number)
  }
  return sum.texts.length > mostCategories ? null : sum
}

/** Counts of one column, by name. */
export const countsOf = (result: SurveyResult, column: number): ((which: keyof typeof count) => number) => {
  const at = column * perColumn
  return (which) => result.counts[at + count[which]] as number
}
