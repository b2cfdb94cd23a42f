/** What the user should know of a table, with the lines where it is. */
import type { Finding } from '#common/domain/dataset.ts'
import { counted, nounFor } from '#common/domain/words.ts'
import { type ConcludedColumn, areIdentifiers, arePadded, areUnmarkedDays, suspiciousValue } from './columns.ts'
import type { Encoding } from './encoding.ts'
import type { TableChoices } from './source.ts'
import { type SurveyResult, countsOf } from './surveyResult.ts'
import type { Table } from './table.ts'

/** Whole numbers above this are not all float32. */
const exactFloat32 = 2 ** 24

/** The encoding the texts are in after all. */
export function noteEncoding(table: Table, { text }: SurveyResult, isChosen: boolean, findings: Finding[]): Encoding {
  if (isChosen || text.foreign === 0 || (table.encoding !== 'utf-8' && table.encoding !== 'windows-1252')) return table.encoding
  const line = table.beginLine + (text.firstLine ?? 0)
  if (text.foreign <= text.beyondAscii / 10) {
    findings.push({
      severity: 'warning',
      code: 'ENCODING_DAMAGED',
      message: `${counted(text.foreign, 'character')} ${nounFor(text.foreign, 'is', 'are')} not UTF-8 as the others are, first on line ${line}; ${nounFor(text.foreign, 'it is', 'they are')} shown as \ufffd.`,
      hint: 'Look at that line; if accented letters look wrong elsewhere too, choose the encoding by hand.',
      where: { line },
    })
    return 'utf-8'
  }
  findings.push({
    severity: 'info',
    code: 'ENCODING',
    message: `The text is not UTF-8 (first seen on line ${line}); it is read as Latin-1 (Windows-1252).`,
    hint: 'If accented letters look wrong, choose the encoding by hand.',
    where: { line },
  })
  return 'windows-1252'
}

export function noteTable(table: Table, survey: SurveyResult, leftOver: number, findings: Finding[]): void {
  const { ragged, rows } = survey
  if (rows === 0)
    findings.push({
      severity: 'error',
      code: 'NO_ROWS',
      message: 'The file names columns but holds no rows.',
      hint: 'Export it again with its data.',
    })
  if (survey.comments > 0)
    findings.push({
      severity: 'info',
      code: 'COMMENTS',
      message: `${counted(survey.comments, 'comment line')} in the table ${nounFor(survey.comments, 'is', 'are')} skipped.`,
      hint: `If ${nounFor(survey.comments, 'it is a row', 'they are rows')}, set the comment option to nothing.`,
    })
  if (leftOver > 0)
    findings.push({
      severity: 'info',
      code: 'UNNAMED_EMPTY_COLUMNS',
      message: `${counted(leftOver, 'column')} without name and values ${nounFor(leftOver, 'is', 'are')} left out: delimiters stand side by side or at the end of lines.`,
      hint: 'Nothing to do.',
    })
  if (ragged.count > 0) {
    const places = ragged.first.map(({ line, fields }) => ({ line: line + table.beginLine, fields }))
    findings.push({
      severity: 'warning',
      code: 'RAGGED_ROWS',
      message: `${counted(ragged.count, 'row')} ${nounFor(ragged.count, 'does', 'do')} not have ${counted(table.width, 'field')}, first on ${table.place} ${places.map(({ line, fields }) => `${line} (${fields})`).join(', ')}. Missing fields are empty; extra ones are left out.`,
      hint: 'Look at these lines; a delimiter inside a text needs quotes.',
      where: { [table.place]: places[0]?.line ?? 0 },
    })
  }
  if (survey.openQuote !== null) {
    const line = survey.openQuote + table.beginLine
    findings.push({
      severity: 'warning',
      code: 'UNCLOSED_QUOTE',
      message: `The quote that opens on line ${line} is never closed: all that follows it is one field.`,
      hint: 'Close it in a text editor, or choose another quote character.',
      where: { line },
    })
  }
}

export const rowNumbersFinding = (name: string): Finding => ({
  severity: 'info',
  code: 'ROW_NUMBERS',
  message: `${name} counts the rows, as R and pandas write it: kept beside them, not learned from.`,
  hint: 'If it is a measurement, set the row numbers option to learned.',
})

export function noteUnits(units: readonly (string | null)[], table: Table, findings: Finding[]): void {
  const given = [...new Set(units.filter((unit) => unit !== null))]
  if (given.length === 0) return
  findings.push({
    severity: 'info',
    code: 'UNITS_LINE',
    message: `The line below the names gives units (${given.slice(0, 5).join(', ')}${given.length > 5 ? ', …' : ''}); it is no row.`,
    hint: 'If it is one, name the columns in the file and remove what is not.',
    where: { [table.place]: table.beginLine - 1 },
  })
}

export function noteColumns(
  table: Table,
  survey: SurveyResult,
  names: readonly string[],
  kept: readonly number[],
  learned: readonly number[],
  labels: readonly number[],
  concluded: readonly ConcludedColumn[],
  choices: TableChoices,
  decode: (bytes: string) => string,
  findings: Finding[],
): void {
  const name = (i: number): string => names[i] as string
  const listOf = (columns: readonly number[]): string => columns.slice(0, 5).map(name).join(', ') + (columns.length > 5 ? ', …' : '')
  for (const i of learned) noteStrange(table, survey, i, name(i), concluded[i] as ConcludedColumn, decode, findings)
  for (const i of kept)
    if (choices.types[name(i)] === undefined) noteMixed(table, survey, i, name(i), concluded[i] as ConcludedColumn, decode, findings)
  const empty = kept.filter((i) => survey.rows > 0 && concluded[i]?.present === 0)
  if (empty.length > 0)
    findings.push({
      severity: 'info',
      code: 'EMPTY_COLUMNS',
      message: `${counted(empty.length, 'column')} ${nounFor(empty.length, 'holds', 'hold')} no value at all: ${listOf(empty)}.`,
      hint: 'Nothing is learned from columns without values.',
    })
  if (survey.rows > 0 && learned.length === 0)
    findings.push({
      severity: 'error',
      code: 'NO_NUMBERS',
      message: 'No column holds numbers, categories or dates.',
      hint: 'Check the delimiter and the decimal mark, or say with the types option what a column is.',
    })
  if (labels.length > 0)
    findings.push({
      severity: 'info',
      code: 'LABELS',
      message: `By name, ${listOf(labels)} ${nounFor(labels.length, 'is a label', 'are labels')}: kept beside the rows, not learned from.`,
      hint: 'To learn from them, set the labels option to an empty list.',
    })
  const ambiguous = kept.filter((i) => concluded[i]?.ambiguous)
  if (ambiguous.length > 0)
    findings.push({
      severity: 'warning',
      code: 'AMBIGUOUS_DATES',
      message: `Day and month cannot be told apart in ${listOf(ambiguous)}; they are read as month/day/year.`,
      hint: 'Set the date order option to day first if that is how they are meant.',
    })
  const identifiers = kept.filter((i) => concluded[i]?.type === 'text' && choices.types[name(i)] === undefined && areIdentifiers(survey, i))
  if (identifiers.length > 0)
    findings.push({
      severity: 'info',
      code: 'LARGE_IDENTIFIERS',
      message: `${listOf(identifiers)} ${nounFor(identifiers.length, 'holds', 'hold')} whole numbers that no computing keeps apart: kept beside the rows as they are written, not learned from.`,
      hint: 'If they are measurements, choose number as the type of the column.',
    })
  const padded = kept.filter((i) => choices.keepZeros && choices.types[name(i)] === undefined && arePadded(survey, i))
  if (padded.length > 0) notePadded(padded, listOf(padded), concluded, findings)
  const tooMany = kept.filter((i) => choices.types[name(i)] === 'category' && !concluded[i]?.conversion)
  if (tooMany.length > 0)
    findings.push({
      severity: 'warning',
      code: 'TOO_MANY_CATEGORIES',
      message: `${listOf(tooMany)} ${nounFor(tooMany.length, 'holds more than 1000 different texts and stays a text', 'hold more than 1000 different texts and stay texts')}.`,
      hint: 'Group its values first.',
    })
  noteSuspicious(survey, learned, name, findings)
  const days = learned.filter((i) => concluded[i]?.type === 'integer' && choices.types[name(i)] === undefined && areUnmarkedDays(survey, i))
  for (const i of days)
    findings.push({
      severity: 'warning',
      code: 'UNMARKED_DATES',
      message: `All whole numbers of ${name(i)} are dates without marks, such as ${countsOf(survey, i)('max')}; as numbers the step from one month to the next is not that of a day.`,
      hint: 'Choose date as the type of the column.',
      where: { column: name(i), type: 'date' },
    })
  const large = learned.filter((i) => concluded[i]?.type === 'integer' && !days.includes(i) && greatest(survey, i) > exactFloat32)
  if (large.length > 0)
    findings.push({
      severity: 'info',
      code: 'ROUNDED_INTEGERS',
      message: `Whole numbers above 2²⁴ in ${listOf(large)} are rounded to seven digits when learned from.`,
      hint: 'If they are identifiers, choose text as the type of the column.',
    })
}

function notePadded(columns: readonly number[], names: string, concluded: readonly ConcludedColumn[], findings: Finding[]): void {
  const learned = columns.filter((i) => concluded[i]?.type === 'category').length
  const fate =
    learned === 0
      ? 'kept beside the rows as they are written, not learned from'
      : learned === columns.length
        ? 'read as categories, as they are written'
        : 'kept as they are written, as categories where few come back often'
  findings.push({
    severity: 'warning',
    code: 'LEADING_ZEROS',
    message: `${names} ${nounFor(columns.length, 'holds', 'hold')} numbers with zeros in front, such as codes have: ${fate}.`,
    hint: 'If they are quantities, read them as numbers, or choose the type of one column.',
    where: { option: 'leadingZeros', value: 'numbers' },
  })
}

function noteStrange(
  table: Table,
  survey: SurveyResult,
  i: number,
  name: string,
  column: ConcludedColumn,
  decode: (bytes: string) => string,
  findings: Finding[],
): void {
  const first = survey.firstOther.get(i)
  if (column.strange <= 0 || !first) return
  const [line, text] = [first.line + table.beginLine, decode(first.text)]
  const wanted = { date: 'dates', boolean: 'truth values' }[column.type as string] ?? 'numbers'
  findings.push({
    severity: 'warning',
    code: column.type === 'date' ? 'NOT_DATES' : 'NOT_NUMBERS',
    message: `${counted(column.strange, 'field')} of "${name}" ${nounFor(column.strange, 'is', 'are')} not ${wanted}${column.type === 'date' ? '' : `, first "${text}" on ${table.place} ${line}`}; ${nounFor(column.strange, 'it counts', 'they count')} as missing.`,
    hint: 'If this text means "no value", name it in the missing option; else correct the file.',
    where: { column: name, [table.place]: line },
  })
}

const mostlyNumbers = 0.8

/** A column of numbers but for some texts, often a word for "no value", is no column of numbers; nobody would expect it to be missing. */
function noteMixed(
  table: Table,
  survey: SurveyResult,
  i: number,
  name: string,
  { type, present }: ConcludedColumn,
  decode: (bytes: string) => string,
  findings: Finding[],
): void {
  const first = survey.firstOther.get(i)
  const numbers = countsOf(survey, i)('numbers')
  if (!first || (type !== 'text' && type !== 'category') || numbers < mostlyNumbers * present) return
  const line = first.line + table.beginLine
  findings.push({
    severity: 'warning',
    code: 'MIXED_COLUMN',
    message: `"${name}" holds ${counted(numbers, 'number')} and ${counted(present - numbers, 'other text')}, first "${decode(first.text)}" on ${table.place} ${line}; all are read as ${type === 'category' ? 'categories' : 'texts, which are not learned from'}.`,
    hint: 'If this text means "no value", name it in the missing option; else correct the file.',
    where: { column: name, [table.place]: line },
  })
}

const greatest = (survey: SurveyResult, i: number): number => {
  const at = countsOf(survey, i)
  return Math.max(Math.abs(at('max')), Math.abs(at('min')))
}

function noteSuspicious(survey: SurveyResult, learned: readonly number[], name: (i: number) => string, findings: Finding[]): void {
  const byValue = new Map<number, number[]>()
  for (const i of learned) {
    const value = suspiciousValue(survey, i)?.value
    if (value !== undefined) byValue.set(value, [...(byValue.get(value) ?? []), i])
  }
  for (const [value, columns] of byValue)
    findings.push({
      severity: 'warning',
      code: 'SUSPICIOUS_VALUE',
      message: `${value} stands far from all other values of ${columns.slice(0, 5).map(name).join(', ')}${columns.length > 5 ? ` and ${counted(columns.length - 5, 'more column')}` : ''}: it probably means "no value".`,
      hint: `Add ${value} to the missing option.`,
      where: { value, column: name(columns[0] as number) },
    })
}
