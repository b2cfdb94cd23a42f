/** Bytes of JSON → its records, one after another: the elements of the outermost array, or the values that follow each other. */
import { StratumError } from '#common/errors.ts'
import { longestRecord } from '../csv/layout.ts'

export interface JsonRecord {
  readonly value: Readonly<Record<string, unknown>>
  /** Line of the file, from 1, where it begins. */
  readonly line: number
}

const mostDepth = 64
const [openBrace, closeBrace, openBracket, closeBracket, quote, backslash, comma] = [123, 125, 91, 93, 34, 92, 44]

/** Memory: one piece of bytes and one record. Throws FILE_CORRUPT, FILE_TRUNCATED, DATA_UNSUITABLE with the line. */
export async function* jsonRecords(pieces: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<JsonRecord[]> {
  const decoder = new TextDecoder('utf-8')
  let line = 1
  /** The begin of a record that goes on in the next piece. */
  let held: Uint8Array[] = []
  let heldBytes = 0
  let recordLine = 0
  let [depth, base, inText, escaped, started, ended] = [0, 0, false, false, false, false]

  const fail = (code: 'FILE_CORRUPT' | 'FILE_TRUNCATED' | 'DATA_UNSUITABLE', message: string, hint: string, at = line): StratumError =>
    new StratumError(code, message, hint, { path, line: at })
  const notRecords = (at: number): StratumError =>
    fail(
      'DATA_UNSUITABLE',
      `On line ${at} stands a single value where a record {"name": value, …} was expected.`,
      'Save the table as CSV, or as one record per line.',
      at,
    )

  function parsed(bytes: Uint8Array): JsonRecord {
    let value: unknown
    try {
      value = JSON.parse(decoder.decode(bytes))
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message.slice(0, 100) : ''
      throw new StratumError(
        'FILE_CORRUPT',
        `The record on line ${recordLine} is not JSON: ${reason}`,
        'Look at this line in a text editor.',
        { path, line: recordLine },
        thrown,
      )
    }
    const isList = Array.isArray(value)
    const record = isList
      ? Object.fromEntries((value as unknown[]).map((item, i) => [`column ${i + 1}`, item]))
      : (value as Record<string, unknown>)
    return { value: record, line: recordLine }
  }

  for await (const piece of pieces) {
    const records: JsonRecord[] = []
    let begin = depth > base ? 0 : -1
    for (let i = 0; i < piece.length; i++) {
      const byte = piece[i] as number
      if (byte === 10) line++
      if (inText) {
        if (escaped) escaped = false
        else if (byte === backslash) escaped = true
        else if (byte === quote) inText = false
        continue
      }
      if (byte <= 32) continue
      if (byte === openBrace || byte === openBracket) {
        if (ended)
          throw fail('FILE_CORRUPT', `On line ${line} something follows the end of the list.`, 'Look at this line in a text editor.')
        if (!started && byte === openBracket) {
          started = true
          base = 1
        } else if (depth === base) {
          started = true
          begin = i
          recordLine = line
        }
        if (++depth > mostDepth)
          throw fail('FILE_CORRUPT', `Values are nested more than ${mostDepth} deep on line ${line}.`, 'This is no table of records.')
      } else if (byte === closeBrace || byte === closeBracket) {
        if (--depth < 0)
          throw fail('FILE_CORRUPT', `A bracket is closed on line ${line} that was never opened.`, 'Look at this line in a text editor.')
        if (depth === base && begin >= 0) {
          const end = piece.subarray(begin, i + 1)
          records.push(parsed(held.length > 0 ? Buffer.concat([...held, end]) : end))
          held = []
          heldBytes = 0
          begin = -1
        } else if (depth < base) ended = true
      } else if (byte === quote) {
        if (depth <= base) throw notRecords(line)
        inText = true
      } else if (depth <= base && byte !== comma && !(byte >= 0xbb && !started)) throw notRecords(line)
    }
    if (begin >= 0) {
      held.push(piece.slice(begin))
      heldBytes += piece.length - begin
      if (heldBytes > longestRecord)
        throw fail(
          'FILE_CORRUPT',
          `The record that begins on line ${recordLine} goes on for more than ${longestRecord >> 20} MB.`,
          'Look at this line in a text editor.',
          recordLine,
        )
    }
    if (records.length > 0) yield records
  }
  if (depth > 0)
    throw fail(
      'FILE_TRUNCATED',
      `The file ends in the middle of the record or list that begins on line ${recordLine || 1}.`,
      'Fetch the file again.',
      recordLine || 1,
    )
}

/** A record with one level of nesting resolved: {a: {b: 1}} has the column a.b. What is nested deeper, or a list, is its JSON text. */
export function flatten(
  record: Readonly<Record<string, unknown>>,
  put: (name: string, value: string | number | boolean, nested: boolean) => void,
): void {
  for (const [name, value] of Object.entries(record)) {
    if (value !== null && typeof value === 'object' && !Array.isArray(value))
      for (const [inner, deep] of Object.entries(value)) putOne(`${name}.${inner}`, deep, put)
    else putOne(name, value, put)
  }
}

function putOne(name: string, value: unknown, put: (name: string, value: string | number | boolean, nested: boolean) => void): void {
  if (value === null || value === undefined) return
  if (typeof value === 'object') put(name, JSON.stringify(value), true)
  else put(name, value as string | number | boolean, false)
}
