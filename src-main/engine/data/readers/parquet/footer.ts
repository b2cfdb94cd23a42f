/** The footer of a Parquet file (format 2.x): its columns and where their pieces lie. Claims are checked against the file's size. */
import { StratumError } from '#common/errors.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import { type Leaf, readLeaves } from './schema.ts'
import { type ThriftStruct, listIn, numberIn, readThrift, structIn, textIn } from './thrift.ts'

/** The piece of one column in one row group. */
export interface ColumnPiece {
  readonly start: number
  readonly bytes: number
  /** Values with nulls; more than rows for lists. */
  readonly values: number
  /** Position in the format's list of codecs. */
  readonly codec: number
}

export interface RowGroup {
  /** Of the first row. */
  readonly start: number
  readonly rows: number
  /** By leaf; null where the piece is encrypted or lies in another file. */
  readonly pieces: readonly (ColumnPiece | null)[]
}

export interface Footer {
  readonly rows: number
  readonly leaves: readonly Leaf[]
  readonly groups: readonly RowGroup[]
  readonly createdBy: string
}

/** Footers are a few kB, those of ten thousand columns and groups tens of MB. */
const largestFooter = 256 << 20

const damaged = (path: string, message: string, byte: number, cause?: unknown): StratumError =>
  new StratumError('FILE_CORRUPT', message, 'Fetch the file again, or write it again with the program that made it.', { path, byte }, cause)

/** @throws FILE_TRUNCATED, FILE_CORRUPT, FORMAT_UNSUPPORTED (encrypted) */
export async function readFooter(file: RandomAccessFile): Promise<Footer> {
  const { path, size } = file
  const tail = await file.read(Math.max(0, size - 8), Math.min(8, size), 'the end of the Parquet file')
  const mark = new TextDecoder('latin1').decode(tail.subarray(-4))
  if (mark === 'PARE') throw encrypted(path)
  if (mark !== 'PAR1' || size < 12)
    throw new StratumError(
      'FILE_TRUNCATED',
      'The file does not end as a Parquet file does: its table of contents, which comes last, is missing.',
      'The copy or download was probably cut off, or the file is still being written: fetch it again.',
      { path, byte: size },
    )
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true)
  if (length > size - 12 || length > largestFooter)
    throw damaged(path, `The table of contents claims ${length} bytes, and the file has ${size}.`, size - 8)
  const bytes = await file.read(size - 8 - length, length, 'the table of contents')
  let meta: ThriftStruct
  try {
    meta = readThrift(bytes).value
  } catch (thrown) {
    throw damaged(path, `The table of contents is damaged: ${(thrown as Error).message}.`, size - 8 - length, thrown)
  }
  if (meta.has(8)) throw encrypted(path)
  const elements = listIn(meta, 2) as readonly ThriftStruct[]
  const leaves = readLeaves(elements, path)
  const groups = readGroups(listIn(meta, 4) as readonly ThriftStruct[], leaves, file)
  const rows = numberIn(meta, 3) ?? -1
  const inGroups = groups.reduce((sum, group) => sum + group.rows, 0)
  if (rows !== inGroups) throw damaged(path, `The file claims ${rows} rows, and its row groups ${inGroups}.`, size - 8 - length)
  return { rows, leaves, groups, createdBy: textIn(meta, 6) ?? '' }
}

const encrypted = (path: string): StratumError =>
  new StratumError('FORMAT_UNSUPPORTED', 'The Parquet file is encrypted.', 'Write it without encryption.', { path })

function readGroups(groups: readonly ThriftStruct[], leaves: readonly Leaf[], file: RandomAccessFile): RowGroup[] {
  let start = 0
  return groups.map((group, g) => {
    const rows = numberIn(group, 3) ?? -1
    const columns = listIn(group, 1) as readonly ThriftStruct[]
    if (!Number.isSafeInteger(start + rows) || rows < 0 || columns.length !== leaves.length)
      throw damaged(
        file.path,
        `Row group ${g + 1} claims ${rows} rows of ${columns.length} columns, and the schema has ${leaves.length}.`,
        file.size - 8,
      )
    const pieces = columns.map((column, i) => readPiece(column, leaves[i] as Leaf, rows, g, file))
    start += rows
    return { start: start - rows, rows, pieces }
  })
}

function readPiece(column: ThriftStruct, leaf: Leaf, rows: number, g: number, file: RandomAccessFile): ColumnPiece | null {
  const meta = structIn(column, 3)
  // Nothing outside this file is ever read.
  if (!meta || column.has(8) || (textIn(column, 1) ?? '') !== '') return null
  const dataAt = numberIn(meta, 9) ?? -1
  const dictionaryAt = numberIn(meta, 11) ?? 0
  const start = dictionaryAt > 0 && dictionaryAt < dataAt ? dictionaryAt : dataAt
  const bytes = numberIn(meta, 7) ?? -1
  const values = numberIn(meta, 5) ?? -1
  const codec = numberIn(meta, 4) ?? -1
  const place = `Column "${leaf.name}" of row group ${g + 1}`
  if (numberIn(meta, 1) !== leaf.physical) throw damaged(file.path, `${place} is of another type than the schema says.`, file.size - 8)
  if (start < 4 || bytes < 0 || !Number.isSafeInteger(start + bytes) || start + bytes > file.size)
    throw damaged(file.path, `${place} claims bytes ${start} to ${start + bytes} of a file of ${file.size}.`, file.size - 8)
  if (values < 0 || (leaf.maxRepetition === 0 && values !== rows))
    throw damaged(file.path, `${place} claims ${values} values for ${rows} rows.`, start)
  return { start, bytes, values, codec }
}
