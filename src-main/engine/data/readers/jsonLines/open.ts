/** Opens JSON records: a first pass learns the keys, then each pass hands every record on as a line of a delimited table. */
import type { Finding } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import type { OpenSource } from '../../dataset.ts'
import { type Layout, byteOf } from '../csv/layout.ts'
import { openTable } from '../csv/source.ts'
import { readingOf } from '../csv/table.ts'
import { isGzip, readBytes } from '../csv/text.ts'
import { detectEncoding } from '../csv/encoding.ts'
import type { JsonOptions } from '../jsonLines.ts'
import { openRandomAccess } from '../randomAccess.ts'
import { flatten, jsonRecords } from './records.ts'

const mostColumns = 20_000
const layout: Layout = { delimiter: byteOf(','), runs: false, quote: byteOf('"'), escape: 0, comment: 0, mark: byteOf('.') }
/** Stands for a line end inside a text while a record is a line, so that lines number records. */
const lineEnd = '\u2028'

export async function openJson(path: string, options: JsonOptions, signal?: AbortSignal): Promise<OpenSource> {
  const file = await openRandomAccess(path)
  const head = await file.readUpTo(0, 4096).finally(() => file.close())
  const gzip = isGzip(head)
  const encoding = gzip ? 'utf-8' : detectEncoding(head)
  const records = (given?: AbortSignal) => jsonRecords(readBytes(path, file.size, { gzip, encoding }, given), path)

  /** Position of each key, and where something nested was first met. */
  const columns = new Map<string, number>()
  let nested: { name: string; line: number } | null = null
  let values = 0
  let rows = 0
  let isList = true
  for await (const batch of records(signal)) {
    for (const { value, line } of batch) {
      rows++
      if (isList) isList = Object.keys(value).every((name, i) => name === `column ${i + 1}`)
      flatten(value, (name, _, isNested) => {
        if (isNested) nested ??= { name, line }
        else values++
        if (columns.has(name)) return
        columns.set(name, columns.size)
        if (columns.size > mostColumns)
          throw new StratumError(
            'DATA_UNSUITABLE',
            `The records have more than ${mostColumns} different keys, the last one on line ${line}: keys seem to be values.`,
            'Save the table with the same keys in every record.',
            { path, line },
          )
      })
    }
  }
  if (rows === 0) throw new StratumError('FILE_EMPTY', 'The file holds no records.', 'Export it again with its data.', { path })
  if (values === 0 && columns.size > 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The file holds ${rows === 1 ? 'one object' : 'objects'} of lists or objects, first under "${[...columns.keys()][0]}", and no records of single values.`,
      'Save it as a list of records: [{"name": value, …}, …].',
      { path, line: 1 },
    )
  if (columns.size === 0) columns.set('column 1', 0)

  const findings: Finding[] = []
  const found = nested as { name: string; line: number } | null
  if (found)
    findings.push({
      severity: 'warning',
      code: 'NESTED_VALUES',
      message: `Lists or deeper levels stand in "${found.name}", first on line ${found.line}; they are kept as their JSON text.`,
      hint: 'Save them as columns of numbers to learn from them.',
      where: { line: found.line, column: found.name },
    })
  async function* bytes(given?: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const batch of records(given)) yield Buffer.from(batch.map(({ value }) => lineOf(value, columns)).join(''))
  }
  const names = [...columns.keys()]
  const table = {
    path,
    sizeBytes: file.size,
    gzip,
    encoding,
    seekable: false,
    bytes,
    layout,
    meaning: { decimal: '.', thousands: '', missing: options.missing } as const,
    width: names.length,
    begin: 0,
    beginLine: 1,
    place: 'record',
  } as const
  return openTable(
    table,
    {
      format: 'json',
      formatTitle: 'JSON records',
      names: () => names,
      // The few that are of numbers alone are found to be by the survey.
      everyField: names.map((_, i) => i),
      types: options.types,
      dateOrder: options.dateOrder,
      labels: options.labels,
      keepZeros: options.leadingZeros === 'kept',
      encodingIsChosen: true,
      hasHeader: true,
      restore: (text) => text.replaceAll(lineEnd, '\n'),
      details: { records: isList ? 'lists' : 'objects', encoding, compressed: gzip },
    },
    findings,
    readingOf(0),
    signal,
  )
}

function lineOf(record: Readonly<Record<string, unknown>>, columns: ReadonlyMap<string, number>): string {
  const fields = Array.from(columns, (): string => '')
  flatten(record, (name, value) => {
    const column = columns.get(name)
    if (column === undefined) return
    fields[column] = typeof value === 'string' ? `"${value.replaceAll('"', '""').replace(/\r\n?|\n/g, lineEnd)}"` : String(value)
  })
  // A blank line would be no record.
  return fields.some((field) => field !== '') ? `${fields.join(',')}\n` : `""${','.repeat(fields.length - 1)}\n`
}
