/** A delimited table as a source: surveyed once, then read by chunk, row and field. */
import type { Column, Finding, SourceReport } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, RowChunk } from '../../dataset.ts'
import type { Conversion } from './columnValues.ts'
import { type ChosenType, type ConcludedColumn, arePadded, concludeColumn } from './columns.ts'
import type { DateOrder } from './dates.ts'
import { type Encoding, decoderFor } from './encoding.ts'
import { FieldTexts } from './fieldTexts.ts'
import { noteColumns, noteEncoding, noteTable, rowNumbersFinding, noteUnits } from './findings.ts'
import { isLabelName } from '../../columns/names.ts'
import { type Surveyed, recallSurvey, rememberSurvey, surveyKey } from './remembered.ts'
import type { SurveyPlan } from './survey.ts'
import { type SurveyResult, countsOf } from './surveyResult.ts'
import { type Reading, type Stretch, type Table, runOver, surveyTable, valuesOf } from './table.ts'
import { isDoubtful, missingSet, parseBoolean, parseNumber } from './values.ts'

export interface TableChoices {
  readonly format: string
  readonly formatTitle: string
  readonly names: (encoding: Encoding, findings: Finding[]) => string[]
  /** Columns that are of texts by the beginning of the file. */
  readonly everyField: readonly number[]
  readonly types: Readonly<Record<string, ChosenType>>
  readonly dateOrder: DateOrder | undefined
  /** Names of the columns that are labels; undefined goes by their names. */
  readonly labels: readonly string[] | undefined
  /** Whether whole numbers with zeros in front stay as they are written. */
  readonly keepZeros: boolean
  /** Whether a first column that counts the rows is told apart. */
  readonly rowNumbers?: boolean
  readonly encodingIsChosen: boolean
  /** The columns are named in the file. */
  readonly hasHeader: boolean
  /** Of the columns, from a line below their names; one character per byte. */
  readonly units?: readonly string[]
  /** Undoes what was done to texts before they were cut. */
  readonly restore?: (text: string) => string
  readonly details: SourceReport['details']
}

export async function openTable(
  table: Table,
  choices: TableChoices,
  findings: Finding[],
  reading: Reading,
  signal?: AbortSignal,
): Promise<OpenSource> {
  const { survey, index } = await surveyed(table, choices, reading, signal)
  const encoding = noteEncoding(table, survey, choices.encodingIsChosen, findings)
  const decoded = decoderFor(encoding)
  const { restore = (text: string) => text } = choices
  const decode = (bytes: string): string => restore(decoded(bytes))
  const noted: Finding[] = []
  const names = choices.names(encoding, noted)
  for (const name of [...Object.keys(choices.types), ...(choices.labels ?? [])])
    if (!names.includes(name))
      throw new StratumError('PARAMETER_INVALID', `There is no column called "${name}".`, `Columns are ${names.slice(0, 20).join(', ')}.`, {
        path: table.path,
        field: name,
      })
  const concluded = names.map((name, i) =>
    concludeColumn(survey, i, table.meaning, choices.types[name], choices.dateOrder, choices.keepZeros),
  )
  // A column without name and values comes from a delimiter too many at the end of lines.
  const isLeftOver = (i: number): boolean =>
    choices.hasHeader && survey.rows > 0 && concluded[i]?.present === 0 && names[i] === `column ${i + 1}`
  const kept = names.flatMap((_, i) => (isLeftOver(i) ? [] : [i]))
  const labels = labelsOf(names, kept, concluded, choices)
  const labelled = new Set(labels)
  const values = kept.filter((i) => concluded[i]?.conversion && !labelled.has(i))
  const countsRows = values.length > 1 && values[0] === 0 && isRowNumber(survey, names[0], choices)
  const learned = countsRows ? values.slice(1) : values
  if (countsRows) findings.push(rowNumbersFinding(names[0]))
  const isLearned = new Set(learned)

  const leftOver = names.length - kept.length
  const unnamed = names.filter((name, i) => name === `column ${i + 1}`).length
  findings.push(...noted.filter(({ code }) => code !== 'MISSING_HEADERS' || unnamed > leftOver))
  noteTable(table, survey, leftOver, findings)
  const units = choices.units?.map((unit) => decode(unit).trim() || null) ?? []
  noteUnits(units, table, findings)
  noteColumns(table, survey, names, kept, learned, labels, concluded, choices, decode, findings)
  const columns = learned.map((i): Column => {
    const { type, categories } = concluded[i] as ConcludedColumn
    return {
      name: names[i] as string,
      type,
      unit: units[i] ?? null,
      wavelengthNm: null,
      ...(categories ? { categories: categories.map(decode) } : {}),
    }
  })
  const report: SourceReport = {
    path: table.path,
    sizeBytes: table.sizeBytes,
    format: choices.format,
    formatTitle: choices.formatTitle,
    kind: 'table',
    rows: survey.rows,
    columns,
    dtype: 'mixed',
    grid: null,
    nodata: columns.map(() => null),
    metadataFields: kept.filter((i) => !isLearned.has(i)).map((i) => names[i] as string),
    ...(labels.length > 0 ? { labelFields: labels.map((i) => names[i] as string) } : {}),
    matrixBytes: survey.rows * columns.length * 4,
    findings,
    details: { ...choices.details, encoding },
  }
  return sourceOf(table, report, { names, kept, learned, concluded, index, decode }, reading)
}

/** Surveys the file; once more when a column turns out to mix numbers and texts, for its categories to be complete. */
async function surveyed(
  table: Table,
  choices: TableChoices,
  reading: Reading,
  signal?: AbortSignal,
): Promise<{ survey: SurveyResult; index: Stretch[] }> {
  const names = choices.names(table.encoding, [])
  const chosen = names.flatMap((name, i) => (['category', 'boolean', 'text'].includes(choices.types[name] ?? '') ? [i] : []))
  const plan: SurveyPlan = {
    layout: table.layout,
    meaning: table.meaning,
    width: table.width,
    checkUtf8: !choices.encodingIsChosen && (table.encoding === 'utf-8' || table.encoding === 'windows-1252'),
    everyField: [...new Set([...choices.everyField, ...chosen])],
  }
  const first = await surveyOnce(table, plan, reading, signal)
  const whole = new Set(plan.everyField)
  const mixed = names.flatMap((name, i) => {
    const at = countsOf(first.sum, i)
    const others = at('booleans') + at('texts')
    const isMixed = at('numbers') > 0 && others > (at('numbers') + others) / 100
    const staysText = choices.keepZeros && choices.types[name] === undefined && arePadded(first.sum, i)
    return !whole.has(i) && (isMixed || staysText) && first.sum.distinct.get(i) ? [i] : []
  })
  if (mixed.length === 0) return { survey: first.sum, index: first.index }
  const again = await surveyOnce(table, { ...plan, everyField: [...plan.everyField, ...mixed] }, reading, signal)
  return { survey: again.sum, index: again.index }
}

/** The stamp is taken before: a file that changes meanwhile is surveyed again. */
async function surveyOnce(table: Table, plan: SurveyPlan, reading: Reading, signal?: AbortSignal): Promise<Surveyed> {
  const key = await surveyKey(table, plan, reading)
  return recallSurvey(key) ?? rememberSurvey(key, await surveyTable(table, plan, reading, signal))
}

/** What R, readr and pandas call the column of row numbers that they write first. */
const numberNames = /^(?:column 1|unnamed: 0|\.\.\.1|row[._ ]?names?|row[._ ]?(?:id|numbers?))$/i

/** A first column named by no one that goes from 0 or 1 to the number of rows. */
function isRowNumber(survey: SurveyResult, name: string, { rowNumbers, hasHeader, types }: TableChoices): boolean {
  const at = countsOf(survey, 0)
  const isCounting = at('numbers') === survey.rows && at('fractions') === 0 && (at('min') === 0 || at('min') === 1)
  const isWhole = at('max') - at('min') === survey.rows - 1 && at('minTimes') === 1 && at('maxTimes') === 1
  return rowNumbers === true && hasHeader && types[name] === undefined && numberNames.test(name) && isCounting && isWhole
}

/** Those named by the user; else those whose name says so, unless nothing but times would be left to learn from: ds and y are a series. */
function labelsOf(
  names: readonly string[],
  kept: readonly number[],
  concluded: readonly ConcludedColumn[],
  { labels, types }: TableChoices,
): number[] {
  if (labels) return kept.filter((i) => labels.includes(names[i] as string))
  const byName = kept.filter((i) => concluded[i]?.conversion && isLabelName(names[i] as string, names) && !((names[i] as string) in types))
  const named = new Set(byName)
  return kept.some((i) => concluded[i]?.conversion && concluded[i]?.type !== 'date' && !named.has(i)) ? byName : []
}

interface Known {
  readonly names: readonly string[]
  /** Columns that hold something, and those of them that are learned from. */
  readonly kept: readonly number[]
  readonly learned: readonly number[]
  readonly concluded: readonly ConcludedColumn[]
  readonly index: readonly Stretch[]
  readonly decode: (bytes: string) => string
}

function sourceOf(table: Table, report: SourceReport, known: Known, reading: Reading): OpenSource {
  const { names, learned, concluded, index, decode } = known
  const { layout, meaning, width } = table
  const none = missingSet(meaning)

  async function* chunks({ columns, maxBytes = 32 << 20, signal }: ChunkOptions = {}): AsyncGenerator<RowChunk> {
    const wanted = (columns ?? learned.map((_, i) => i)).map((i) => learned[i] as number)
    const plan = {
      layout,
      meaning,
      width,
      columns: wanted.map((column) => ({ column, conversion: concluded[column]?.conversion as Conversion })),
    }
    const mostRows = Math.max(1, Math.floor(maxBytes / Math.max(1, wanted.length * 4)))
    let start = 0
    for await (const { n, X, valid } of valuesOf(table, plan, index, mostRows, reading, signal)) {
      yield { start, n, X, valid }
      start += n
    }
  }

  /** Records from a row on, in batches, as the texts of some columns. */
  async function* texts(columns: readonly number[], fromRow: number): AsyncGenerator<{ row: number; records: string[][] }> {
    const stretch = index.findLast(({ row }) => row <= fromRow)
    let row = stretch?.row ?? 0
    const reader = new FieldTexts(layout, width, columns)
    for await (const _ of runOver(table, reader.scanner, undefined, undefined, stretch?.start)) {
      void _
      const records = reader.take()
      if (records.length > 0) yield { row, records }
      row += records.length
    }
  }

  /** What a field says, as it is written; null where it says nothing. */
  function shownValue(column: number, text: string): number | string | boolean | null {
    if (none.has(text)) return null
    const { conversion, categories } = concluded[column] as ConcludedColumn
    if (conversion?.kind === 'number') {
      const value = parseNumber(text, meaning) ?? parseBoolean(text)
      return value === null || Number.isNaN(value) ? null : value
    }
    const isValue = !isDoubtful(text) || (categories ? categories.includes(text) : conversion === null)
    return isValue ? decode(text) : null
  }

  const isLearned = new Set(learned)
  const metadataIndex = known.kept.filter((i) => !isLearned.has(i))
  return {
    report,
    chunks,
    async preview(offset, limit, maxColumns) {
      const shown = [...metadataIndex, ...learned].slice(0, maxColumns)
      const rows: (number | string | boolean | null)[][] = []
      for await (const { row, records } of texts(shown, offset)) {
        const wanted = records.slice(Math.max(0, offset - row), Math.max(0, offset + limit - row))
        rows.push(...wanted.map((record) => record.map((text, i) => shownValue(shown[i] as number, text))))
        if (row + records.length >= offset + limit) break
      }
      return { names: shown.map((i) => names[i] as string), rows }
    },
    async *metadataBatches(fields, signal) {
      const columns = fields.map((field) => names.indexOf(field))
      for await (const { records } of texts(columns, 0)) {
        if (signal) throwIfCancelled(signal)
        yield records.map((record) =>
          record.map((text, i) => {
            const value = shownValue(columns[i] as number, text)
            return typeof value === 'boolean' ? Number(value) : value
          }),
        )
      }
    },
    async metadata(field) {
      const column = names.indexOf(field)
      if (column < 0)
        throw new StratumError(
          'PARAMETER_INVALID',
          `There is no column called "${field}".`,
          `Columns are ${names.slice(0, 20).join(', ')}.`,
          { path: table.path, field },
        )
      const values: (string | number | null)[] = []
      // The same text is kept once, however many rows have it.
      const kept = new Map<string, string>()
      for await (const { records } of texts([column], 0)) {
        for (const [text] of records as [string][]) {
          let value = shownValue(column, text)
          if (typeof value === 'string') {
            const same = kept.get(value)
            if (same === undefined && kept.size < 100_000) kept.set(value, value)
            value = same ?? value
          }
          values.push(typeof value === 'boolean' ? Number(value) : value)
        }
      }
      return values
    },
    close: async () => {},
  }
}
