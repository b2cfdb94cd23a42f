/** Opens a delimited text file: its beginning tells how it is written, a survey of the whole what its columns hold. */
import type { Finding } from '#common/domain/dataset.ts'
import { counted, nounFor } from '#common/domain/words.ts'
import { StratumError } from '#common/errors.ts'
import type { OpenSource } from '../../dataset.ts'
import type { CsvOptions } from '../csv.ts'
import { openRandomAccess } from '../randomAccess.ts'
import {
  beginOfLine,
  decimalOf,
  detectHeader,
  detectLayout,
  mostCommonWidth,
  preambleOf,
  sampleRecords,
  thousandsOf,
  unitsOf,
} from './detect.ts'
import { type Encoding, checkUtf8, cutAsBytes, decoderFor, detectEncoding } from './encoding.ts'
import { byteOf, carriageReturn, lineFeed, unitSeparator } from './layout.ts'
import { nameColumns } from './names.ts'
import { openTable } from './source.ts'
import { type Reading, type Table, readingOf } from './table.ts'
import { isGzip, readBytes, replaceBytes } from './text.ts'
import { type Meaning, isDoubtful, missingSet, parseNumber } from './values.ts'

const sampleBytes = 256 << 10
/** A table of many columns has long lines: then this much is looked at, for as many lines. */
const [fewestLines, mostSampleBytes] = [8, 4 << 20]
const mostColumns = 200_000

export async function openCsv(path: string, options: CsvOptions, signal?: AbortSignal, reading?: Reading): Promise<OpenSource> {
  const file = await openRandomAccess(path)
  const head = await file.readUpTo(0, 4096).finally(() => file.close())
  const gzip = isGzip(head)
  const first = gzip ? await firstBytes(path, file.size, signal) : head
  const encoding = options.encoding ?? detectEncoding(first)
  const several = severalBytes(options.delimiter, encoding)
  const bytes = (given?: AbortSignal): AsyncIterable<Uint8Array> => {
    const pieces = readBytes(path, file.size, { gzip, encoding }, given)
    return several ? replaceBytes(pieces, several, unitSeparator) : pieces
  }
  const { sample, complete } = await sampleOf(bytes(signal), sampleBytes)
  refuseOther(path, sample)

  const findings: Finding[] = []
  const judged = judge(
    path,
    sample,
    complete,
    encoding,
    several ? { ...options, delimiter: String.fromCharCode(unitSeparator) } : options,
    findings,
  )
  const table: Table = {
    path,
    sizeBytes: file.size,
    gzip,
    encoding: judged.encoding,
    seekable: !gzip && cutAsBytes(encoding) && !several,
    bytes,
    layout: judged.layout,
    meaning: judged.meaning,
    width: judged.width,
    begin: judged.begin,
    beginLine: judged.beginLine,
    place: 'line',
  }
  const { delimiter, quote } = judged.layout
  return openTable(
    table,
    {
      format: 'csv',
      formatTitle: delimiter === 9 ? 'Tab-separated table' : 'CSV table',
      names: judged.names,
      everyField: judged.everyField,
      types: options.types,
      dateOrder: options.dateOrder,
      labels: options.labels,
      keepZeros: options.leadingZeros === 'kept',
      rowNumbers: options.rowNumbers === 'beside',
      encodingIsChosen: options.encoding !== undefined,
      hasHeader: judged.hasHeader,
      ...(judged.units ? { units: judged.units } : {}),
      ...(several ? { restore: (text) => text.replaceAll(String.fromCharCode(unitSeparator), options.delimiter as string) } : {}),
      details: {
        delimiter: several
          ? (options.delimiter as string)
          : delimiter === 9
            ? 'tab'
            : judged.layout.runs
              ? 'blanks'
              : String.fromCharCode(delimiter),
        ...(quote === 39 ? { quote: "'" } : {}),
        decimal: judged.meaning.decimal,
        header: judged.hasHeader,
        compressed: gzip,
      },
    },
    findings,
    reading ?? readingOf(file.size),
    signal,
  )
}

/** A delimiter that is no ASCII character, as its bytes. */
function severalBytes(delimiter: string | undefined, encoding: Encoding): Uint8Array | null {
  if (delimiter === undefined || delimiter === 'tab' || delimiter === 'space') return null
  const bytes = Buffer.from(delimiter, encoding === 'windows-1252' ? 'latin1' : 'utf8')
  return bytes.length === 1 && (bytes[0] as number) < 128 ? null : bytes
}

async function firstBytes(path: string, size: number, signal?: AbortSignal): Promise<Uint8Array> {
  const { sample } = await sampleOf(readBytes(path, size, { gzip: true, encoding: 'utf-8' }, signal), 4096)
  return sample
}

/** At least `length` bytes, and more when the lines are long. */
function endOfSample(sample: Uint8Array, length: number): number {
  let lines = 0
  let i = 0
  for (; i < sample.length && (i < length || lines < fewestLines); i++) if (sample[i] === lineFeed || sample[i] === carriageReturn) lines++
  return i
}

async function sampleOf(bytes: AsyncIterable<Uint8Array>, length: number): Promise<{ sample: Uint8Array; complete: boolean }> {
  const parts: Uint8Array[] = []
  let held = 0
  let lines = 0
  let complete = true
  for await (const piece of bytes) {
    parts.push(piece)
    held += piece.length
    for (const byte of piece) if (byte === lineFeed || byte === carriageReturn) lines++
    if (held <= length || (lines < fewestLines && held < mostSampleBytes)) continue
    complete = false
    break
  }
  const sample = new Uint8Array(Buffer.concat(parts))
  return { sample: complete || lines < fewestLines ? sample : sample.subarray(0, endOfSample(sample, length)), complete }
}

function refuseOther(path: string, sample: Uint8Array): void {
  const zero = sample.indexOf(0)
  if (zero >= 0)
    throw new StratumError(
      'FORMAT_UNKNOWN',
      'The file holds zero bytes: it is not text.',
      'Choose a text file with one row per line, or another format.',
      { path, byte: zero },
    )
  if (sample.every((byte) => byte <= 32))
    throw new StratumError('FILE_EMPTY', 'The file holds only blank lines.', 'Export it again.', { path })
}

interface Judged extends Pick<Table, 'encoding' | 'layout' | 'meaning' | 'width' | 'begin' | 'beginLine'> {
  /** Decoded with the encoding; undecided until the survey for bytes that are not UTF-8. */
  readonly names: (encoding: Encoding, findings: Finding[]) => string[]
  readonly everyField: readonly number[]
  readonly hasHeader: boolean
  /** One character per byte; null without a line of units. */
  readonly units: readonly string[] | null
}

/** How the file is written, from its first 256 kB. */
function judge(path: string, sample: Uint8Array, complete: boolean, given: Encoding, options: CsvOptions, findings: Finding[]): Judged {
  const mark = sample[0] === 0xef && sample[1] === 0xbb && sample[2] === 0xbf ? 3 : 0
  const text = sample.subarray(mark)
  const skipped = beginOfLine(text, options.skip)
  const body = text.subarray(skipped)
  const comment = options.comment ?? (/^[ \t]*#/m.test(Buffer.from(body.subarray(0, 65_536)).toString('latin1')) ? '#' : '')
  const quote = options.quote === 'none' ? '' : options.quote
  const delimiter = options.delimiter === 'tab' ? '\t' : options.delimiter === 'space' ? ' ' : options.delimiter
  let layout = detectLayout(body, complete, { delimiter, quote, comment: '' })
  let all = sampleRecords(body, layout, complete).records
  if (all.length === 0) all = sampleRecords(body, layout, true).records
  // Lines that begin with # are comments unless they are as wide as the table: then it is its header.
  if (comment !== '' && (options.comment !== undefined || all[0]?.fields.length !== mostCommonWidth(all).fields)) {
    layout = detectLayout(body, complete, { delimiter, quote, comment })
    all = sampleRecords(body, layout, complete).records
    if (all.length === 0) all = sampleRecords(body, layout, true).records
  }
  const preamble = options.header === 'yes' || options.skip > 0 ? 0 : preambleOf(all)
  const records = all.slice(preamble)
  const decimal = options.decimal ?? decimalOf(records)
  const thousands = options.thousands ?? thousandsOf(records, decimal)
  const meaning: Meaning = { decimal, thousands: thousands === 'none' ? '' : thousands, missing: options.missing }
  layout = { ...layout, mark: byteOf(decimal) }
  const hasHeader = options.header === 'auto' ? detectHeader(records, meaning) : options.header === 'yes'
  const units = hasHeader ? unitsOf(records.slice(1), meaning) : null
  const below = hasHeader ? records.slice(units ? 2 : 1) : records
  const common = mostCommonWidth(below.length > 0 ? below : records).fields
  const header = hasHeader ? [...(records[0]?.fields ?? [])] : null
  // The line of names may end with a delimiter where the others do not.
  while (header && below.length > 0 && header.length > common && header.at(-1) === '') header.pop()
  const width = Math.max(common, header?.length ?? 0)
  if (width > mostColumns)
    throw new StratumError(
      'FORMAT_UNSUPPORTED',
      `The first record has ${width} fields; at most ${mostColumns} columns can be read.`,
      'Check the delimiter, or split the table.',
      { path, line: 1 },
    )
  const lastIsEmpty = below.length > 0 && below.every(({ fields }) => (fields[common - 1] ?? '') === '')
  const beginLine = below[0]?.line ?? (records[0]?.line ?? 0) + (hasHeader ? 1 : 0)
  if (preamble > 0)
    findings.push({
      severity: 'info',
      code: 'PREAMBLE',
      message: `${counted(preamble, 'line')} above the table ${nounFor(preamble, 'is', 'are')} skipped: "${all[0]?.fields.join(' ').slice(0, 60)}".`,
      hint: 'If that belongs to the table, set the header option to yes.',
      where: { line: 1 },
    })
  const begin = below.length === 0 && hasHeader ? body.length : beginOfLine(body, beginLine)
  const encoding = options.encoding === undefined && given === 'utf-8' && !isUtf8Sample(body) ? 'windows-1252' : given
  return {
    encoding,
    layout,
    meaning,
    width,
    begin: mark + skipped + begin,
    beginLine: 1 + options.skip + beginLine,
    names: (final, into) => nameColumns(header?.map(decoderFor(final)) ?? null, width, lastIsEmpty && width > (header?.length ?? 0), into),
    everyField: textColumns(
      below.map(({ fields }) => fields),
      width,
      meaning,
    ),
    hasHeader,
    units,
  }
}

/** Up to its last line end: a character may be cut off behind. */
function isUtf8Sample(sample: Uint8Array): boolean {
  const end = sample.lastIndexOf(lineFeed)
  const { foreign, beyondAscii } = checkUtf8(end < 0 ? sample.subarray(0, Math.max(0, sample.length - 3)) : sample.subarray(0, end), 0)
  return foreign <= beyondAscii / 10
}

/** Columns that are not of numbers in the sample. */
function textColumns(records: readonly string[][], width: number, meaning: Meaning): number[] {
  const none = missingSet(meaning)
  const columns: number[] = []
  for (let column = 0; column < width; column++) {
    let others = 0
    let present = 0
    for (const fields of records) {
      const field = fields[column] ?? ''
      if (none.has(field) || isDoubtful(field)) continue
      present++
      if (parseNumber(field, meaning) === null) others++
    }
    if (others > present / 100) columns.push(column)
  }
  return columns
}
