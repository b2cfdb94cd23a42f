/**
 * Text → records of fields (RFC 4180, leniently): a field may be quoted, a quote inside is doubled, and a quoted field may
 * hold delimiters and line ends. Text after a closing quote is kept as part of the field. Blank lines are no records.
 */
import { StratumError } from '#common/errors.ts'

export interface Batch {
  readonly records: string[][]
  /** Line of the file (from 1) where each record begins. */
  readonly lines: number[]
}

/** A record longer than this is an unclosed quote or a file without line ends. */
export const longestRecord = 16 << 20

/** Batches of whole records. Memory: one piece of text, one unfinished record and the records of a batch. */
export async function* readRecords(text: AsyncIterable<string>, path: string, delimiter: string, quote: string): AsyncGenerator<Batch> {
  let held = ''
  let line = 1
  for await (const piece of text) {
    held = held ? held + piece : piece
    const batch = splitRecords(held, delimiter, quote, line, false)
    held = held.slice(batch.used)
    line = batch.nextLine
    if (held.length > longestRecord)
      throw new StratumError(
        'FILE_CORRUPT',
        `The record that begins on line ${line} goes on for more than ${longestRecord >> 20} MB${held.includes(quote) ? '; a quote is probably not closed' : ''}.`,
        `Look at line ${line} in a text editor, or choose another quote character.`,
        { path, line },
      )
    if (batch.records.length > 0) yield batch
  }
  const rest = splitRecords(held, delimiter, quote, line, true)
  if (rest.records.length > 0) yield rest
}

/** @param final the text ends here, so an unfinished record is a record; else it is left, and `used` says where it begins */
export function splitRecords(
  text: string,
  delimiter: string,
  quote: string,
  firstLine: number,
  final: boolean,
): Batch & { used: number; nextLine: number } {
  const records: string[][] = []
  const lines: number[] = []
  let at = 0
  let line = firstLine
  let used = 0
  let quoteAt = nextOf(text, quote, 0)
  while (at < text.length) {
    const end = text.indexOf('\n', at)
    const lineEnd = end < 0 ? text.length : end
    if (quoteAt < at) quoteAt = nextOf(text, quote, at)
    // The usual line holds no quote: split it at once.
    if (quoteAt >= lineEnd) {
      if (end < 0 && !final) break
      if (lineEnd > at) {
        records.push(text.slice(at, lineEnd).split(delimiter))
        lines.push(line)
      }
      at = lineEnd + 1
      line++
      used = Math.min(at, text.length)
      continue
    }
    const record = splitQuoted(text, at, delimiter, quote)
    if (!record.closed && !final) break
    records.push(record.fields)
    lines.push(line)
    line += record.lines
    at = record.end
    used = Math.min(at, text.length)
  }
  return { records, lines, used, nextLine: line }
}

/** Where it comes next, or beyond the end. */
function nextOf(text: string, character: string, from: number): number {
  const found = text.indexOf(character, from)
  return found < 0 ? text.length : found
}

function splitQuoted(
  text: string,
  start: number,
  delimiter: string,
  quote: string,
): { fields: string[]; end: number; lines: number; closed: boolean } {
  const fields: string[] = []
  let at = start
  let lines = 1
  for (;;) {
    let field = ''
    if (text[at] === quote) {
      at++
      for (;;) {
        const close = text.indexOf(quote, at)
        if (close < 0) {
          fields.push(field + text.slice(at))
          return { fields, end: text.length, lines: lines + countLines(text, at, text.length), closed: false }
        }
        lines += countLines(text, at, close)
        field += text.slice(at, close)
        at = close + 1
        if (text[at] !== quote) break
        field += quote
        at++
      }
    }
    let end = at
    while (end < text.length && text[end] !== delimiter && text[end] !== '\n') end++
    fields.push(field + text.slice(at, end))
    if (text[end] !== delimiter) return { fields, end: end + 1, lines, closed: end < text.length }
    at = end + 1
  }
}

function countLines(text: string, from: number, to: number): number {
  let n = 0
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) n++
  return n
}
