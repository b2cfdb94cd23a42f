/** What is known of a delimited file once its beginning has been looked at, and the two ways to go through its records. */
import { availableParallelism } from 'node:os'
import { throwIfCancelled } from '#common/errors.ts'
import { ColumnValues, type Rows, type ValuesPlan } from './columnValues.ts'
import type { Encoding } from './encoding.ts'
import { inOrder, openLanes } from './lanes.ts'
import { EndlessRecord, type Layout } from './layout.ts'
import { type Extent, RecordBuffer, endlessRecord } from './pieces.ts'
import type { Scanner } from './scanner.ts'
import { Survey, type SurveyPlan } from './survey.ts'
import { type SurveyResult, addSurvey, emptyResult } from './surveyResult.ts'
import { readBytes } from './text.ts'
import type { Meaning } from './values.ts'

export interface Table {
  readonly path: string
  readonly sizeBytes: number
  readonly gzip: boolean
  readonly encoding: Encoding
  /** Its records lie in the file as they are read, so that it can be read from any place. */
  readonly seekable: boolean
  /** Bytes → bytes of records, where they are not in the file as they are read. */
  readonly bytes: (signal?: AbortSignal) => AsyncIterable<Uint8Array>
  readonly layout: Layout
  readonly meaning: Meaning
  readonly width: number
  /** Where the first record begins in the bytes read, and on which line, counted from 1. */
  readonly begin: number
  readonly beginLine: number
  /** What a line of the bytes read is to the user. */
  readonly place: 'line' | 'record'
}

/** A stretch of the file whose records are known. */
export interface Stretch extends Extent {
  readonly row: number
  readonly rows: number
}

export interface Reading {
  readonly threads: number
  readonly pieceBytes: number
}

/** Smaller files are read before threads have started. */
const worthThreads = 8 << 20

export const readingOf = (size: number): Reading => ({
  threads: size < worthThreads ? 1 : Math.min(4, availableParallelism()),
  pieceBytes: 2 << 20,
})

/** Surveys every record. Memory: some pieces per thread, and the distinct texts of a column up to 1000. */
export async function surveyTable(
  table: Table,
  plan: SurveyPlan,
  reading: Reading,
  signal?: AbortSignal,
): Promise<{ sum: SurveyResult; index: Stretch[] }> {
  const sum = emptyResult(plan.width)
  if (!table.seekable) {
    const survey = new Survey(plan, [])
    for await (const _ of runOver(table, survey.scanner, signal, survey.checkText)) void _
    addSurvey(sum, survey.result())
    return { sum, index: [] }
  }
  const { begin, sizeBytes } = table
  const { pieceBytes, threads } = reading
  const n = Math.max(1, Math.ceil((sizeBytes - begin) / pieceBytes))
  const index: Stretch[] = []
  const lanes = await openLanes(
    { path: table.path, size: sizeBytes, layout: table.layout, work: { kind: 'survey', plan } },
    threads,
    signal,
  )
  try {
    const closed = new Set<number>()
    const pieceOf = (i: number) => ({
      start: begin + i * pieceBytes,
      end: Math.min(sizeBytes, begin + (i + 1) * pieceBytes),
      exact: i === 0,
    })
    let end = begin
    let i = 0
    for await (const guessed of inOrder(n, 2 * lanes.count, (k) => lanes.run(k, { piece: pieceOf(k), rows: 0, closed: [...closed] }))) {
      const lane = i
      const piece = pieceOf(i++)
      if (end >= piece.end) continue
      // A piece that began inside a quoted text is read again from where the one before has ended.
      const done =
        guessed.extent.start === end && !guessed.endless
          ? guessed
          : await lanes.run(lane, { piece: { start: end, end: piece.end, exact: true }, rows: 0, closed: [...closed] })
      if (done.endless) throw endlessRecord(table.path, done.endless, table.beginLine + sum.lines)
      const survey = done.survey as SurveyResult
      index.push({ ...done.extent, row: sum.rows, rows: survey.rows })
      addSurvey(sum, survey)
      for (const [column, distinct] of sum.distinct) if (distinct === null) closed.add(column)
      end = done.extent.end
    }
  } finally {
    await lanes.close()
  }
  return { sum, index }
}

/** Chosen columns of every row, in order, at most `mostRows` at a time. */
export async function* valuesOf(
  table: Table,
  plan: ValuesPlan,
  index: readonly Stretch[],
  mostRows: number,
  reading: Reading,
  signal?: AbortSignal,
): AsyncGenerator<Rows> {
  if (!table.seekable) {
    const values = new ColumnValues(plan, 0)
    for await (const _ of runOver(table, values.scanner, signal)) {
      void _
      if (values.held > 0) yield* cut(values.take(), plan.columns.length, mostRows)
    }
    const rest = values.take()
    if (rest.n > 0) yield* cut(rest, plan.columns.length, mostRows)
    return
  }
  const setting = { path: table.path, size: table.sizeBytes, layout: table.layout, work: { kind: 'values', plan } } as const
  const lanes = await openLanes(setting, Math.min(reading.threads, index.length), signal)
  try {
    const ask = (k: number) => {
      const { start, end, rows } = index[k] as Stretch
      return lanes.run(k, { piece: { start, end, exact: true }, rows, closed: [] })
    }
    for await (const { rows } of inOrder(index.length, lanes.count + 1, ask)) {
      if (rows && rows.n > 0) yield* cut(rows, plan.columns.length, mostRows)
    }
  } finally {
    await lanes.close()
  }
}

function* cut(rows: Rows, d: number, most: number): Generator<Rows> {
  if (rows.n <= most) {
    yield rows
    return
  }
  for (let from = 0; from < rows.n; from += most) {
    const to = Math.min(rows.n, from + most)
    yield { n: to - from, X: rows.X.slice(from * d, to * d), valid: rows.valid.slice(from, to) }
  }
}

/**
 * Runs a scanner over the bytes of a table from its first record, or from a stretch of it on, in this thread; comes back after
 * every piece.
 */
export async function* runOver(
  table: Table,
  scanner: Scanner,
  signal?: AbortSignal,
  check?: (bytes: Uint8Array, line: number) => void,
  from?: number,
): AsyncGenerator<void> {
  const buffer = new RecordBuffer()
  let skip = from === undefined ? table.begin : 0
  const pieces =
    from === undefined ? table.bytes(signal) : readBytes(table.path, table.sizeBytes, { gzip: false, encoding: 'utf-8', from }, signal)
  const run = (final: boolean): void => {
    try {
      buffer.run(scanner, Number.POSITIVE_INFINITY, final, table.layout, check)
    } catch (thrown) {
      throw thrown instanceof EndlessRecord ? endlessRecord(table.path, thrown, table.beginLine) : thrown
    }
  }
  for await (const piece of pieces) {
    if (signal) throwIfCancelled(signal)
    const wanted = skip > 0 ? piece.subarray(Math.min(skip, piece.length)) : piece
    skip -= piece.length - wanted.length
    if (wanted.length === 0) continue
    buffer.room(wanted.length).set(wanted)
    buffer.added(wanted.length)
    run(false)
    yield
  }
  run(true)
  yield
}
