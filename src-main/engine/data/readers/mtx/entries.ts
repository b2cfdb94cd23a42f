/** The text of a Matrix Market file: its header, and its entries in blocks. Places are by line. */
import { stat } from 'node:fs/promises'
import { StratumError } from '#common/errors.ts'
import type { Entries } from '../../cells/entryStore.ts'
import { isGzip, linePieces } from '../../cells/textStream.ts'

export interface MtxHeader {
  readonly field: 'integer' | 'real' | 'pattern'
  readonly symmetric: boolean
  readonly rows: number
  readonly columns: number
  readonly entries: number
}

const mostAxis = 100_000_000
/** Shortest line of an entry: two digits, a space, a line end. */
const fewestEntryBytes = 4
const mostExpansion = 1100
const mostHeaderBytes = 16 << 20

/** @throws FORMAT_UNSUPPORTED for dense and complex matrices, FILE_CORRUPT for a header that is none or claims more than fits */
export async function readHeader(path: string): Promise<MtxHeader> {
  const { size } = await stat(path)
  const zipped = await isGzip(path)
  for await (const line of headerLines(path)) {
    if (line.number === 1) continue
    const [rows, columns, entries] = line.text.trim().split(/\s+/).map(Number)
    const whole = [rows, columns, entries].every((n) => n !== undefined && Number.isSafeInteger(n) && n >= 0)
    const bound = ((zipped ? mostExpansion : 1) * size) / fewestEntryBytes
    if (!whole || (rows as number) > mostAxis || (columns as number) > mostAxis || (entries as number) > bound)
      throw corrupt(path, line.number, `"${line.text.slice(0, 60)}" does not fit a file of ${size} bytes`)
    return { ...line.banner, rows: rows as number, columns: columns as number, entries: entries as number }
  }
  throw corrupt(path, 1, 'the line with the shape is missing')
}

type Banner = Pick<MtxHeader, 'field' | 'symmetric'>

/** The first line, and the first after the comments. */
async function* headerLines(path: string): AsyncGenerator<{ text: string; number: number; banner: Banner }> {
  const decoder = new TextDecoder('latin1')
  let number = 0
  let bytes = 0
  let banner: Banner | null = null
  for await (const piece of linePieces(path)) {
    bytes += piece.length
    for (let at = 0; at < piece.length; ) {
      const end = piece.indexOf(10, at)
      const text = decoder.decode(piece.subarray(at, end < 0 ? piece.length : end)).trim()
      at = end < 0 ? piece.length : end + 1
      number++
      if (banner === null) banner = parseBanner(path, text)
      else if (text !== '' && !text.startsWith('%')) {
        yield { text, number, banner }
        return
      }
    }
    if (bytes > mostHeaderBytes) throw corrupt(path, number, 'the comments do not end')
  }
}

function parseBanner(path: string, text: string): Banner {
  const [mark, object, format, field, symmetry] = text.toLowerCase().split(/\s+/)
  if (mark !== '%%matrixmarket' || object !== 'matrix') throw corrupt(path, 1, 'it does not begin with %%MatrixMarket matrix')
  const refuse = (what: string): StratumError =>
    new StratumError(
      'FORMAT_UNSUPPORTED',
      `This Matrix Market file ${what}.`,
      'Write it with scipy.io.mmwrite from a sparse matrix of real numbers.',
      { path, line: 1 },
    )
  if (format !== 'coordinate') throw refuse('is dense (array); only sparse ones (coordinate) are read')
  if (field !== 'integer' && field !== 'real' && field !== 'pattern' && field !== 'double')
    throw refuse(`holds ${field ?? 'unnamed'} values`)
  if (symmetry !== 'general' && symmetry !== 'symmetric') throw refuse(`is ${symmetry ?? 'of unnamed symmetry'}`)
  return { field: field === 'double' ? 'real' : field, symmetric: symmetry === 'symmetric' }
}

const corrupt = (path: string, line: number, what: string): StratumError =>
  new StratumError('FILE_CORRUPT', `Line ${line} of the matrix is wrong: ${what}.`, 'Fetch the file again.', { path, line })

/**
 * Every entry, rows and columns from 0, in the order of the file. At most a megabyte of text a block.
 * @throws FILE_CORRUPT with the line of an entry that is none or lies outside, FILE_TRUNCATED when entries are missing
 */
export async function* readEntries(path: string, header: MtxHeader, signal?: AbortSignal): AsyncGenerator<Entries> {
  const decoder = new TextDecoder('latin1')
  let line = 0
  let inHeader = true
  let seen = 0
  for await (const piece of linePieces(path, signal)) {
    const room = Math.ceil(piece.length / fewestEntryBytes) + 1
    const block = { rows: new Uint32Array(room), columns: new Uint32Array(room), values: new Float32Array(room), n: 0 }
    const n = piece.length
    for (let at = 0; at < n; ) {
      const begin = at
      line++
      const first = skipSpace(piece, at)
      if (first >= n || piece[first] === 10 || piece[first] === 37) {
        at = nextLine(piece, first)
        continue
      }
      if (inHeader) {
        inHeader = false
        at = nextLine(piece, first)
        continue
      }
      // Two whole numbers, then the value.
      let row = 0
      at = first
      for (let digit = (piece[at] ?? 0) - 48; digit >= 0 && digit <= 9; digit = (piece[++at] ?? 0) - 48) row = row * 10 + digit
      at = skipSpace(piece, at)
      let column = 0
      for (let digit = (piece[at] ?? 0) - 48; digit >= 0 && digit <= 9; digit = (piece[++at] ?? 0) - 48) column = column * 10 + digit
      at = skipSpace(piece, at)
      const valueAt = at
      let value = 0
      for (let digit = (piece[at] ?? 0) - 48; digit >= 0 && digit <= 9; digit = (piece[++at] ?? 0) - 48) value = value * 10 + digit
      const after = skipSpace(piece, at)
      if (after < n && piece[after] !== 10) {
        at = nextLine(piece, after)
        value = Number(decoder.decode(piece.subarray(valueAt, at)).trim() || Number.NaN)
        if (Number.isNaN(value) && !/^[+-]?nan\s*$/i.test(decoder.decode(piece.subarray(valueAt, at))))
          throw corrupt(path, line, `"${decoder.decode(piece.subarray(begin, at)).trim().slice(0, 60)}" is no entry`)
      } else {
        if (at === valueAt) {
          if (header.field !== 'pattern')
            throw corrupt(path, line, `"${decoder.decode(piece.subarray(begin, after)).trim().slice(0, 60)}" has no value`)
          value = 1
        }
        at = after + 1
      }
      if (row < 1 || row > header.rows || column < 1 || column > header.columns)
        throw corrupt(path, line, `row ${row}, column ${column} lies outside ${header.rows} × ${header.columns}`)
      if (++seen > header.entries) throw corrupt(path, line, `there are more entries than the ${header.entries} that are claimed`)
      block.rows[block.n] = row - 1
      block.columns[block.n] = column - 1
      block.values[block.n++] = value
    }
    if (block.n > 0) yield header.symmetric ? mirrored(block) : trimmed(block)
  }
  if (seen < header.entries)
    throw new StratumError(
      'FILE_TRUNCATED',
      `The matrix has ${seen} of ${header.entries} entries.`,
      'The copy or download was probably cut off: fetch the file again.',
      { path, line },
    )
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from
  while (bytes[at] === 32 || bytes[at] === 9 || bytes[at] === 13) at++
  return at
}

function nextLine(bytes: Uint8Array, from: number): number {
  const end = bytes.indexOf(10, from)
  return end < 0 ? bytes.length : end + 1
}

const trimmed = ({ rows, columns, values, n }: Entries): Entries => ({
  rows: rows.slice(0, n),
  columns: columns.slice(0, n),
  values: values.slice(0, n),
  n,
})

/** A symmetric matrix is stored by half: the other half stands at the mirrored places. */
function mirrored({ rows, columns, values, n }: Entries): Entries {
  const out = { rows: new Uint32Array(2 * n), columns: new Uint32Array(2 * n), values: new Float32Array(2 * n), n: 0 }
  const put = (row: number, column: number, value: number): void => {
    out.rows[out.n] = row
    out.columns[out.n] = column
    out.values[out.n++] = value
  }
  for (let i = 0; i < n; i++) {
    const [row, column, value] = [rows[i] as number, columns[i] as number, values[i] as number]
    put(row, column, value)
    if (row !== column) put(column, row, value)
  }
  return trimmed(out)
}
