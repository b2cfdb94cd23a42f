/** Opens a delimited text file: one pass judges its dialect from the start and its columns from the whole. */
import type { Column, Finding, SourceReport } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, RowChunk } from '../../dataset.ts'
import { openRandomAccess } from '../randomAccess.ts'
import type { CsvOptions } from '../csv.ts'
import { decimalOf, detectDelimiter, detectHeader, mostCommonWidth, sampleOf } from './detect.ts'
import { type Batch, readRecords } from './records.ts'
import { ColumnTally } from './tally.ts'
import { type Encoding, EncodingError, detectEncoding, isGzip, readText } from './text.ts'
import { type Dialect, isMissing, parseBoolean, parseNumber } from './values.ts'

const sampleChars = 256 << 10
const mostColumns = 200_000
const quote = '"'

interface Table {
  readonly path: string
  readonly sizeBytes: number
  readonly gzip: boolean
  readonly encoding: Encoding
  readonly dialect: Dialect
  readonly names: readonly string[]
  /** Records before the first row: the header and comments above it. */
  readonly skip: number
  readonly hasHeader: boolean
}

export async function openCsv(path: string, options: CsvOptions, signal?: AbortSignal): Promise<OpenSource> {
  const findings: Finding[] = []
  const table = await judge(path, options, undefined, findings)
  try {
    return await survey(table, findings, signal)
  } catch (thrown) {
    if (!(thrown instanceof EncodingError)) throw thrown
    if (options.encoding)
      throw new StratumError(
        'FILE_CORRUPT',
        `The text is not ${options.encoding}: a byte near ${thrown.byte} does not fit.`,
        'Choose another encoding.',
        { path, byte: thrown.byte },
        thrown,
      )
    const again: Finding[] = [
      {
        severity: 'info',
        code: 'ENCODING',
        message: `The text is not UTF-8 (first seen near byte ${thrown.byte}); it is read as Latin-1 (Windows-1252).`,
        hint: 'If accented letters look wrong, choose the encoding by hand.',
      },
    ]
    return survey(await judge(path, options, 'windows-1252', again), again, signal)
  }
}

/** Encoding, delimiter, decimal mark, header from the first 256 kB. */
async function judge(path: string, options: CsvOptions, forced: Encoding | undefined, findings: Finding[]): Promise<Table> {
  const file = await openRandomAccess(path)
  const head = await file.readUpTo(0, 4096).finally(() => file.close())
  const gzip = isGzip(head)
  const encoding = forced ?? options.encoding ?? (gzip ? 'utf-8' : detectEncoding(head))
  let sample = ''
  let complete = true
  try {
    for await (const piece of readText(path, file.size, gzip, encoding)) {
      sample += piece
      if (sample.length < sampleChars) continue
      complete = false
      break
    }
  } catch (thrown) {
    if (thrown instanceof EncodingError && !forced && !options.encoding)
      return judge(path, options, 'windows-1252', withEncodingNote(findings, thrown.byte))
    if (thrown instanceof EncodingError)
      throw new StratumError(
        'FILE_CORRUPT',
        `The text is not ${encoding}: a byte near ${thrown.byte} does not fit.`,
        'Choose another encoding.',
        { path, byte: thrown.byte },
        thrown,
      )
    throw thrown
  }
  if (sample.includes('\0'))
    throw new StratumError(
      'FORMAT_UNKNOWN',
      'The file holds zero bytes: it is not text.',
      'Choose a text file with one row per line, or another format.',
      { path, byte: sample.indexOf('\0') },
    )
  if (sample.trim() === '') throw new StratumError('FILE_EMPTY', 'The file holds only blank lines.', 'Export it again.', { path })

  const delimiter = options.delimiter ?? detectDelimiter(sample, quote, complete)
  const all = sampleOf(sample, delimiter, quote, complete)
  if (all.length === 0) all.push(...sampleOf(sample, delimiter, quote, true))
  const { fields: width } = mostCommonWidth(all)
  let comments = 0
  while (comments < all.length - 1 && all[comments]?.[0]?.startsWith('#') && all[comments]?.length !== width) comments++
  const records = all.slice(comments)
  const decimal = options.decimal ?? (delimiter === ',' ? '.' : decimalOf(records))
  const hasHeader = options.header === 'auto' ? detectHeader(records, decimal) : options.header === 'yes'
  const names = nameColumns(
    hasHeader ? (records[0] as string[]) : null,
    mostCommonWidth(hasHeader && records.length > 1 ? records.slice(1) : records).fields,
    findings,
  )
  if (names.length > mostColumns)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `The first record has ${names.length} fields; at most ${mostColumns} columns can be read.`,
      'Check the delimiter, or split the table.',
      { path, line: 1 },
    )
  if (comments > 0)
    findings.push({
      severity: 'info',
      code: 'COMMENTS',
      message: `${comments} comment lines at the top are skipped.`,
      hint: 'Nothing to do.',
    })
  return {
    path,
    sizeBytes: file.size,
    gzip,
    encoding,
    dialect: { delimiter, quote, decimal, missing: new Set(options.missing) },
    names,
    skip: comments + (hasHeader ? 1 : 0),
    hasHeader,
  }
}

function withEncodingNote(findings: Finding[], byte: number): Finding[] {
  findings.push({
    severity: 'info',
    code: 'ENCODING',
    message: `The text is not UTF-8 (first seen near byte ${byte}); it is read as Latin-1 (Windows-1252).`,
    hint: 'If accented letters look wrong, choose the encoding by hand.',
  })
  return findings
}

function nameColumns(header: readonly string[] | null, width: number, findings: Finding[]): string[] {
  if (!header) {
    findings.push({
      severity: 'info',
      code: 'NO_HEADER',
      message: 'The first line holds values, so the columns are numbered.',
      hint: 'If it does name the columns, set the header option to yes.',
    })
    return Array.from({ length: width }, (_, i) => `column ${i + 1}`)
  }
  const given = header.map((name) => name.trim())
  // R writes one name fewer than there are fields: the first field is the row's name.
  if (width === given.length + 1) given.unshift('row name')
  const missing = given.filter((name) => name === '').length
  const seen = new Map<string, number>()
  const doubled = new Set<string>()
  const names = given.map((name, i) => {
    const wanted = name || `column ${i + 1}`
    const times = (seen.get(wanted) ?? 0) + 1
    seen.set(wanted, times)
    if (times === 1) return wanted
    doubled.add(wanted)
    return `${wanted} (${times})`
  })
  if (missing > 0)
    findings.push({
      severity: 'warning',
      code: 'MISSING_HEADERS',
      message: `${missing} columns have no name and are numbered.`,
      hint: 'Name them in the first line of the file.',
    })
  if (doubled.size > 0)
    findings.push({
      severity: 'warning',
      code: 'DUPLICATE_HEADERS',
      message: `Names come more than once: ${[...doubled].slice(0, 5).join(', ')}. A number is added.`,
      hint: 'Check that these are different measurements.',
    })
  return names
}

async function* rowsOf(table: Table, signal?: AbortSignal): AsyncGenerator<Batch> {
  let skip = table.skip
  const text = readText(table.path, table.sizeBytes, table.gzip, table.encoding, signal)
  for await (const { records, lines } of readRecords(text, table.path, table.dialect.delimiter, table.dialect.quote)) {
    const drop = Math.min(skip, records.length)
    skip -= drop
    if (drop < records.length) yield drop === 0 ? { records, lines } : { records: records.slice(drop), lines: lines.slice(drop) }
  }
}

/** Counts rows and what each column holds. Memory: one batch and the tallies. */
async function survey(table: Table, findings: Finding[], signal?: AbortSignal): Promise<OpenSource> {
  const width = table.names.length
  const tallies = table.names.map(() => new ColumnTally())
  const ragged = { count: 0, lines: [] as number[] }
  let rows = 0
  for await (const { records, lines } of rowsOf(table, signal)) {
    rows += records.length
    for (let r = 0; r < records.length; r++) {
      const record = records[r] as string[]
      const line = lines[r] as number
      if (record.length !== width) {
        ragged.count++
        if (ragged.lines.length < 5) ragged.lines.push(line)
      }
      for (let c = 0; c < width; c++) tallies[c]?.add(record[c] ?? '', line, table.dialect)
    }
  }
  noteRows(table, rows, ragged, findings)
  const types = tallies.map((tally) => tally.type())
  const learned = table.names.flatMap((_, i) => (types[i] === 'number' || types[i] === 'integer' || types[i] === 'boolean' ? [i] : []))
  for (const i of learned) noteOddFields(table.names[i] as string, tallies[i] as ColumnTally, types[i] === 'boolean', findings)
  const empty = table.names.filter((_, i) => rows > 0 && tallies[i]?.present === 0)
  if (empty.length > 0)
    findings.push({
      severity: 'info',
      code: 'EMPTY_COLUMNS',
      message: `${empty.length} columns hold no value at all: ${empty.slice(0, 5).join(', ')}.`,
      hint: 'They are not learned from.',
    })
  if (rows > 0 && learned.length === 0)
    findings.push({
      severity: 'error',
      code: 'NO_NUMBERS',
      message: 'No column holds numbers.',
      hint: 'Check the delimiter and the decimal mark.',
    })
  const columns = learned.map(
    (i): Column => ({ name: table.names[i] as string, type: types[i] as Column['type'], unit: null, wavelengthNm: null }),
  )
  const { delimiter, decimal } = table.dialect
  const report: SourceReport = {
    path: table.path,
    sizeBytes: table.sizeBytes,
    format: 'csv',
    formatTitle: delimiter === '\t' ? 'Tab-separated table' : 'CSV table',
    kind: 'table',
    rows,
    columns,
    dtype: 'mixed',
    grid: null,
    nodata: columns.map(() => null),
    metadataFields: table.names.filter((_, i) => !learned.includes(i)),
    matrixBytes: rows * columns.length * 4,
    findings,
    details: {
      delimiter: delimiter === '\t' ? 'tab' : delimiter,
      decimal,
      encoding: table.encoding,
      header: table.hasHeader,
      compressed: table.gzip,
    },
  }
  return source(table, report, learned)
}

function noteRows(table: Table, rows: number, ragged: { count: number; lines: number[] }, findings: Finding[]): void {
  if (rows === 0)
    findings.push({
      severity: 'error',
      code: 'NO_ROWS',
      message: 'The file names columns but holds no rows.',
      hint: 'Export it again with its data.',
    })
  if (ragged.count > 0)
    findings.push({
      severity: 'warning',
      code: 'RAGGED_ROWS',
      message: `${ragged.count} rows do not have ${table.names.length} fields, first on line ${ragged.lines.join(', ')}. Missing fields are empty; extra ones are left out.`,
      hint: 'Look at these lines; a delimiter inside a text needs quotes.',
    })
}

function noteOddFields(name: string, tally: ColumnTally, isBoolean: boolean, findings: Finding[]): void {
  if (isBoolean || tally.notNumbers === 0 || !tally.firstOther) return
  findings.push({
    severity: 'warning',
    code: 'NOT_NUMBERS',
    message: `${tally.notNumbers} fields of "${name}" are not numbers, first "${tally.firstOther.text}" on line ${tally.firstOther.line}; they count as missing.`,
    hint: 'If this text means "no value", name it in the missing option; else correct the file.',
  })
}

function source(table: Table, report: SourceReport, learned: readonly number[]): OpenSource {
  const { dialect } = table

  function numberOf(raw: string | undefined): number {
    const field = raw === undefined ? '' : raw.trim()
    if (isMissing(field, dialect.missing)) return Number.NaN
    return parseNumber(field, dialect.decimal) ?? parseBoolean(field) ?? Number.NaN
  }

  async function* chunks({ columns, maxBytes = 32 << 20, signal }: ChunkOptions = {}): AsyncGenerator<RowChunk> {
    const fields = (columns ?? learned.map((_, i) => i)).map((column) => learned[column] as number)
    const d = fields.length
    const perChunk = Math.max(1, Math.min(report.rows, Math.floor(maxBytes / Math.max(1, d * 4)), 1 << 20))
    let start = 0
    let n = 0
    let X = new Float32Array(perChunk * d)
    let valid = new Uint8Array(perChunk)
    for await (const { records } of rowsOf(table, signal)) {
      for (const record of records) {
        for (let j = 0; j < d; j++) {
          const value = numberOf(record[fields[j] as number])
          X[n * d + j] = value
          if (value - value === 0) valid[n] = 1
        }
        if (++n < perChunk) continue
        yield { start, n, X, valid }
        start += n
        n = 0
        const left = Math.max(1, Math.min(perChunk, report.rows - start))
        X = new Float32Array(left * d)
        valid = new Uint8Array(left)
      }
    }
    if (n > 0) yield { start, n, X: X.length === n * d ? X : X.slice(0, n * d), valid: valid.length === n ? valid : valid.slice(0, n) }
  }

  const metadataIndex = table.names.flatMap((_, i) => (learned.includes(i) ? [] : [i]))
  return {
    report,
    chunks,
    async preview(offset, limit, maxColumns) {
      const shown = [...metadataIndex, ...learned].slice(0, maxColumns)
      const rows: (number | string | null)[][] = []
      let at = 0
      for await (const { records } of rowsOf(table)) {
        for (const record of records.slice(Math.max(0, offset - at), Math.max(0, offset + limit - at))) {
          rows.push(
            shown.map((i) => {
              const value = learned.includes(i) ? numberOf(record[i]) : null
              if (value !== null) return Number.isNaN(value) ? null : value
              const text = (record[i] ?? '').trim()
              return isMissing(text, dialect.missing) ? null : text
            }),
          )
        }
        at += records.length
        if (at >= offset + limit) break
      }
      return { names: shown.map((i) => table.names[i] as string), rows }
    },
    async metadata(field) {
      const i = table.names.indexOf(field)
      if (i < 0)
        throw new StratumError(
          'PARAMETER_INVALID',
          `There is no column called "${field}".`,
          `Columns are ${table.names.slice(0, 20).join(', ')}.`,
          { path: table.path, field },
        )
      const isNumber = learned.includes(i)
      const values: (string | number | null)[] = []
      for await (const { records } of rowsOf(table)) {
        for (const record of records) {
          const text = (record[i] ?? '').trim()
          if (isMissing(text, dialect.missing)) values.push(null)
          else values.push(isNumber ? parseNumber(text, dialect.decimal) : text)
        }
      }
      return values
    },
    close: async () => {},
  }
}
